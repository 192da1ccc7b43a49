// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Digests
import Foundation
import HTTPTransport
import LabSupport
import MigrationJournal
import MigrationModel
import MigrationPipeline
import OpenStackImage
import PipelineFiles
import TestSupport
import Testing

@testable import TranshipKit

extension Fault.Way {
    /// The cloud to which the images go.
    var target: LabCloud {
        switch self {
        case .upload, .stage, .spool, .webDownload: .beta
        case .glanceDownload: .alphaTwo
        case .copyImage: .betaAdmin
        }
    }

    fileprivate var targetKeys: String {
        switch self {
        case .spool: "method: upload"
        case .copyImage: "method: upload\n    stores: all"
        default: "method: \(rawValue)"
        }
    }
}

/// The world of one fault in one way: unique names, a folder, a source, and a target that passes
/// requests on to the lab's.
struct FaultScene: Sendable {
    let fault: Fault
    let way: Fault.Way
    /// The names of the images, at source and target.
    let names: [String]
    let folder: TemporaryFolder
    let data: [UInt8]
    let source: FaultySource
    let target: FaultyTarget
    let pipelineFile: String
    let environment: [String: String]
    private let front: TLSFront?
    private let endings = Guarded<[@Sendable () async -> Void]>([])

    private static let data = noise(600_000, seed: 77)
    /// The time after which a transfer counts as stalled in these tests; the sources' pauses are
    /// shorter. A service needs longer to write large data.
    private var stallSeconds: Int { data.count == Self.data.count ? 2 : 20 }

    init(_ fault: Fault, _ way: Fault.Way) async throws {
        self.fault = fault
        self.way = way
        let name = "fault-\(UUID().uuidString.prefix(8).lowercased())"
        names = (0..<fault.images).map { $0 == 0 ? name : "\(name)-\($0)" }
        folder = try TemporaryFolder()
        data =
            fault.sizeBytes == Self.data.count ? Self.data : noise(fault.sizeBytes, seed: 78)
        var sourceFault = SourceFault.none
        var targetFaults: [TargetFault] = []
        switch fault.setting {
        case .source(let fault): sourceFault = fault
        case .target(let faults, let source):
            targetFaults = faults
            sourceFault = source ?? .none
        case .local(let fault):
            sourceFault = fault.source
            targetFaults = fault.target
        }
        source = try FaultySource(sourceFault, data: data)
        front = sourceFault.isTLS ? try await TLSFront(before: source.port) : nil
        let real = try await way.target.service.session.authenticate().imageEndpoint
        target = try FaultyTarget(
            before: real, targetFaults, folder: way.target.dataFolder,
            readings: { [source] in source.requests.count { !$0.isLook } })

        let lab = try String(contentsOfFile: Lab.cloudsFile, encoding: .utf8)
        let entry = try #require(Self.entry(way.target.name, of: lab))
        let clouds = """
            \(lab)
              faulty:
            \(entry)    image_endpoint_override: "\(target.url)"
            """
        environment = [
            "OS_CLIENT_CONFIG_FILE": try folder.write(Array(clouds.utf8), to: "clouds.yaml")
        ]
        var keys = sourceFault.keys.split(separator: "\n").map(String.init)
        if let front { keys.append("cacert: \(front.certificateFile)") }
        if !sourceFault.isUnpromised {
            // If the body passes through Tranship, the algorithm differs from the service's.
            let algorithm: Checksum.Algorithm = way == .webDownload ? .sha512 : .sha256
            keys.append("checksum: \(try digest(algorithm, of: data))")
        }
        let shownKeys = keys.map { "    \($0)\n" }.joined()
        let (url, keysOfImage) = (front.map { "\($0.url)/" } ?? "\(source.url)/", fault.imageKeys)
        let sources =
            way == .glanceDownload
            ? ["  - cloud: alpha\n    images: { name: \"\(name)*\" }\n"]
            : names.map { name in
                "  - url: \(url)\(name).img\n    image: { name: \"\(name)\", disk_format: raw, "
                    + "container_format: bare\(keysOfImage) }\n\(shownKeys)"
            }
        let text = """
            version: 1
            name: \(name)
            sources:
            \(sources.joined())targets:
              - cloud: faulty
                \(way.targetKeys)
            \(way == .spool ? "transfer: spool" : "transfer: auto")
            limits: { attempts: 3 }
            """
        pipelineFile = try folder.write(Array(text.utf8), to: "pipeline.yaml")
        if way == .glanceDownload {
            for name in names {
                try await LabCloud.alpha.add(name, data, ["visibility": "private"])
            }
        }
    }

    /// Returns an entry of clouds.yaml without its name.
    private static func entry(_ name: String, of text: String) -> String? {
        var lines: [Substring] = []
        var isIn = false
        for line in text.split(separator: "\n") {
            if line.hasPrefix("  "), !line.hasPrefix("   ") {
                isIn = line == "  \(name):"
            } else if isIn {
                lines.append(line)
            }
        }
        return lines.isEmpty ? nil : lines.map { "\($0)\n" }.joined()
    }

    var journal: String { folder.file("journal.sqlite") }

    /// The folder of the pipeline's spool.
    var spool: String { folder.file("journal.spool") }
    var spooled: [String] {
        let names = try? FileManager.default.contentsOfDirectory(atPath: spool)
        return (names ?? []).map { "\(spool)/\($0)" }
    }

    /// Performs one complete run in this process.
    ///
    /// - Parameters:
    ///   - wall: the machine's clock, as it is set.
    ///   - stopping: true to end the run after its first failed try.
    ///   - paceMax: the limit of the pace: with a fast clock, a service that is only busy seems to
    ///     hang.
    ///   - disk: the disk of the spool.
    func run(
        wall: @escaping @Sendable () -> Int64 = Timestamp.now, stopping: Bool = false,
        paceMax: Double = .infinity, disk: SpoolDisk = .real
    ) async throws -> Ended {
        let pipeline = try Pipeline.load(file: pipelineFile, environment: environment)
        let talk = Guarded<[String]>([])
        var tuning = RunTuning()
        tuning.transport = TransportConfiguration(
            stallSeconds: stallSeconds, answerTimeoutSeconds: 15)
        // Short, but long enough for a service to notice that a body broke off.
        tuning.retries = { $0.backoffSecondsMax = 1.5 }
        tuning.surroundings = .fast(min(fault.pace, paceMax), wall: wall)
        tuning.surroundings.disk = disk
        let stop = Guarded<(@Sendable () -> Void)?>(nil)
        var ended = Ended(exit: .unclassified)
        do {
            let run = PipelineRun(
                pipeline, journal: try await .open(path: journal), environment: environment,
                tuning: tuning,
                events: { event in
                    talk.withLock { $0.append("\(event.words)") }
                    if case .retrying = event { stop.withLock { $0 }?() }
                })
            if stopping { stop.withLock { $0 = { [weak run] in run?.stop(drains: false) } } }
            do {
                let summary = try await run.carryOut(try await run.plan())
                ended.exit = summary.exitStatus
                ended.code = summary.failures.first?.code.rawValue
                ended.failedTries = try await run.journal.attemptCount(run: summary.status.run)
                let known = try await run.journal.transfers(
                    run: nil, in: TransferState.allCases, limit: 3)
                ended.states = known.map(\.state)
                ended.message = summary.failures.first?.message ?? ""
            } catch {
                ended = Ended(TranshipError(wrapping: error))
                ended.states =
                    (try? await run.journal.transfers(
                        run: nil, in: TransferState.allCases, limit: 3
                    ).map(\.state)) ?? []
            }
        } catch {
            ended = Ended(TranshipError(wrapping: error))
        }
        ended.talk = talk.withLock { $0 }
        return ended
    }

    /// Returns the images at the target under each image's name.
    func left() async throws -> [Fault.End.Left?] {
        var left: [Fault.End.Left?] = []
        for name in names { left.append(try await self.left(name)) }
        return left
    }

    private func left(_ name: String) async throws -> Fault.End.Left? {
        let images = try await way.target.named(name)
        guard let image = images.first else { return .nothing }
        guard images.count == 1 else { return nil }
        let status = image.text("status")
        guard status == "active" else { return .other(status: status) }
        let expected = try digest(.sha512, of: data).value
        guard image.text("os_hash_value") == expected else {
            return .other(status: "active, with other bytes")
        }
        let stores = image.text("stores").split(separator: ",").map(String.init)
        if way == .copyImage, stores.sorted() != ["fast", "slow"] {
            return .partly(stores: stores)
        }
        return .copy
    }

    /// Moves the data of the images at alpha from the store's own name for it to another one, or
    /// back.
    func moveSource(from old: String = "", to new: String = "") async throws {
        for name in names {
            for image in try await LabCloud.alpha.named(name) {
                let file = "\(LabCloud.alpha.dataFolder)/fast/\(image.id)"
                try FileManager.default.moveItem(atPath: file + old, toPath: file + new)
            }
        }
    }

    /// Registers a closure that is called when the test is over, however it ends.
    func atEnd(_ body: @escaping @Sendable () async -> Void) {
        endings.withLock { $0.append(body) }
    }

    func cleanUp() async {
        target.heal()
        for end in endings.withLock({ $0 }) { await end() }
        do {
            for name in names {
                try await way.target.remove(name)
                if way == .glanceDownload { try await LabCloud.alpha.remove(name) }
            }
        } catch {
            Issue.record("could not clean up: \(error)")
        }
    }
}

extension Surroundings {
    /// Returns this machine's surroundings with a clock that is faster by the given factor.
    fileprivate static func fast(
        _ pace: Double, wall: @escaping @Sendable () -> Int64
    ) -> Surroundings {
        var surroundings = Surroundings.machine
        let start = ContinuousClock.now
        let real = surroundings.after
        surroundings.now = SteadyClock(wall: wall, elapsed: { start.duration(to: .now) * pace }).now
        surroundings.after = { milliseconds, body in
            real(max(1, Int(Double(milliseconds) / pace)), body)
        }
        return surroundings
    }
}

/// The end of a run, with the facts that the suite checks.
struct Ended: Sendable, CustomStringConvertible {
    var exit: MigrationModel.ExitStatus
    /// The status of a process; 128 and the signal's number if a signal ended it.
    var status: Int32?
    var code: String?
    var states: [TransferState] = []
    var failedTries = 0
    var message = ""
    var talk: [String] = []

    init(exit: MigrationModel.ExitStatus) { self.exit = exit }

    init(_ error: TranshipError) {
        exit = MigrationModel.ExitStatus(error.code)
        code = error.code.rawValue
        message = error.message
    }

    var description: String {
        "exit \(status ?? exit.rawValue), \(states.map(\.rawValue)), \(failedTries) failed tries, "
            + "\(code ?? "no code"): \(message)\n\(talk.joined(separator: "\n"))"
    }
}

extension RunEvent {
    fileprivate var words: String {
        switch self {
        case .started(let transfer): "started in \(transfer.state.rawValue)"
        case .moved(let transfer): "moved to \(transfer.state.rawValue)"
        case .waiting(let transfer, _): "waits: \(transfer.wait.reason ?? "")"
        case .retrying(_, let error, let seconds): "retries in \(seconds) s: \(error.message)"
        case .ended(let transfer): "ended \(transfer.state.rawValue)"
        case .note(_, let notice), .waitsForEndpoint(_, let notice): "note: \(notice.words)"
        case .changed(let change): "changed \(change.label): \(change.state.rawValue)"
        case .notice(let notice): "notice: \(notice.words)"
        }
    }
}
