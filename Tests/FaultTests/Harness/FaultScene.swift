// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ByteStreams
import Digests
import Foundation
import HTTPTransport
import MigrationJournal
import MigrationModel
import MigrationPipeline
import OpenStackImage
import PipelineFiles
import TestSupport
import Testing

@testable import TranshipKit

/// The lab's second cloud, which every fault has as its target.
enum Beta {
    static let folder = ProcessInfo.processInfo.environment["TRANSHIP_LAB"] ?? ""
    static let cloudsFile = "\(folder)/clouds.yaml"
    static let isHere = FileManager.default.fileExists(atPath: cloudsFile)

    /// Where the service keeps what is staged.
    static let stagingFolders = ["\(folder)/beta/data/staging"]

    static let service = Result {
        ImageService(
            try CloudSession.named("beta", environment: ["OS_CLIENT_CONFIG_FILE": cloudsFile]))
    }

    /// Everything under that name.
    static func images(_ name: String) async throws -> [Image] {
        let service = try service.get()
        var found: [Image] = []
        for try await page in service.images(ImageQuery(name: .one(name))) { found += page }
        return found
    }
}

/// What one fault in one way works with: a name that nobody else uses, a
/// folder, a source, a target that passes on to the lab's.
struct FaultScene: Sendable {
    let name: String
    let folder: TemporaryFolder
    let source: FaultySource
    let target: FaultyTarget
    let pipelineFile: String
    let environment: [String: String]

    static let data = noise(600_000, seed: 77)
    private static let promise = Result { try digest(.sha256, of: data) }
    /// What a stall is in these tests; the sources' pauses are shorter.
    static let stallSeconds = 2

    init(_ fault: Fault, _ way: Fault.Way) async throws {
        name = "fault-\(UUID().uuidString.prefix(8).lowercased())"
        folder = try TemporaryFolder()
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
        source = try FaultySource(sourceFault, data: Self.data)
        let real = try await Beta.service.get().session.authenticate().imageEndpoint
        target = try FaultyTarget(before: real, targetFaults)

        let lab = try String(contentsOfFile: Beta.cloudsFile, encoding: .utf8)
        let beta = try #require(Self.entry("beta", of: lab))
        let clouds = """
            clouds:
              faulty:
            \(beta)    image_endpoint_override: "\(target.url)"
            """
        environment = [
            "OS_CLIENT_CONFIG_FILE": try folder.write(Array(clouds.utf8), to: "clouds.yaml")
        ]
        let promise = sourceFault.isUnpromised ? nil : try Self.promise.get()
        let keys = sourceFault.keys.split(separator: "\n").map { "    \($0)\n" }.joined()
        let image =
            #"{ name: "\#(name)", disk_format: raw, container_format: bare\#(fault.imageKeys) }"#
        let text = """
            version: 1
            name: \(name)
            sources:
              - url: \(source.url)
                image: \(image)
            \(promise.map { "    checksum: \($0)\n" } ?? "")\(keys)
            targets:
              - cloud: faulty
                method: \(way.rawValue)
            limits: { attempts: 3 }
            """
        pipelineFile = try folder.write(Array(text.utf8), to: "pipeline.yaml")
    }

    /// An entry of clouds.yaml without its name.
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

    /// One whole run in this process.
    ///
    /// - Parameters:
    ///   - wall: the machine's clock as it is set.
    ///   - stopping: ends the run after its first failed try.
    func run(
        wall: @escaping @Sendable () -> Int64 = Timestamp.now, stopping: Bool = false
    ) async throws -> Ended {
        let pipeline = try Pipeline.load(file: pipelineFile, environment: environment)
        let talk = Guarded<[String]>([])
        var tuning = RunTuning(
            transport: TransportConfiguration(
                stallSeconds: Self.stallSeconds, answerTimeoutSeconds: 15),
            backoffSecondsMax: 0.2)
        tuning.surroundings.now = SteadyClock(wall: wall).now
        let stop = Guarded<(@Sendable () -> Void)?>(nil)
        var ended = Ended(exit: .unclassified)
        do {
            let run = try await PipelineRun(
                pipeline, journalPath: journal, environment: environment, tuning: tuning,
                events: { event in
                    talk.withLock { $0.append("\(event.words)") }
                    if case .retrying = event { stop.withLock { $0 }?() }
                })
            if stopping { stop.withLock { $0 = { [weak run] in run?.stop(.abort) } } }
            do {
                let summary = try await run.run()
                ended.exit = summary.exitStatus
                ended.code = summary.failures.first?.code
                ended.failedTries = try await run.journal.attemptCount(run: summary.run)
                let known = try await run.journal.transfers(
                    run: nil, in: TransferState.allCases, limit: 2)
                ended.states = known.map(\.state)
                ended.message = summary.failures.first?.message ?? ""
            } catch {
                ended = Ended(MigrationError(wrapping: error))
                ended.states =
                    (try? await run.journal.transfers(
                        run: nil, in: TransferState.allCases, limit: 2
                    ).map(\.state)) ?? []
            }
        } catch {
            ended = Ended(MigrationError(wrapping: error))
        }
        ended.talk = talk.withLock { $0 }
        return ended
    }

    /// What stands at the target under the image's name.
    func left() async throws -> Fault.End.Left? {
        let images = try await Beta.images(name)
        guard let image = images.first else { return .nothing }
        guard images.count == 1 else { return nil }
        guard image.status == .active else { return .other(status: image.status.rawValue) }
        let expected = try digest(.sha512, of: Self.data).value
        return image.hashValue == expected ? .copy : .other(status: "active, with other bytes")
    }

    func cleanUp() async {
        do {
            for image in try await Beta.images(name) {
                try await Beta.service.get().delete(image.id, missingIsFine: true)
            }
        } catch {
            Issue.record("could not clean up: \(error)")
        }
    }
}

/// How a run ended, as far as the suite looks.
struct Ended: Sendable, CustomStringConvertible {
    var exit: MigrationModel.ExitStatus
    /// Of a process; 128 and the signal's number where a signal ended it.
    var status: Int32?
    var code: String?
    var states: [TransferState] = []
    var failedTries = 0
    var message = ""
    var talk: [String] = []

    init(exit: MigrationModel.ExitStatus) { self.exit = exit }

    init(_ error: MigrationError) {
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
        case .waiting(let transfer, _): "waits: \(transfer.note ?? "")"
        case .retrying(_, let error, let seconds): "retries in \(seconds) s: \(error.message)"
        case .ended(let transfer): "ended \(transfer.state.rawValue)"
        case .note(_, let text): "note: \(text)"
        case .notice(let text): "notice: \(text)"
        }
    }
}
