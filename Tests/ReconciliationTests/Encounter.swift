// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ChecksumVerifiers
import Digests
import Dispatch
import GlanceServer
import ImageUploaders
import MigrationJournal
import MigrationModel
import MigrationPipeline
import OpenStackImage
import PipelineFiles
import Planning
import Publishing
import Synchronization
import TaskWaiters
import TestSupport

@testable import SourceReaders

/// One state of ours meets one state of the image at the target: a journal whose
/// run was cut off, a record, and the next run over both. Everything is real
/// but the two services and the clock, which jumps to whatever is waited for.
final class Encounter {
    /// What became of it.
    struct Ending {
        /// What the plan wanted.
        var action: PlanAction?
        var transfer: Transfer
        var waitedSeconds: Int64
        /// Method and path of every request that changes something.
        var changes: [String]
        /// The id of the record that was met.
        var firstID: String
        /// The bytes that stand under the id that the journal ends with.
        var data: [UInt8]?
        var bytes: [UInt8]

        var isRight: Bool { data == bytes }

        func asked(_ method: String, _ path: String) -> Bool {
            changes.contains("\(method) /v2/images\(path)")
        }

        var wasDiscarded: Bool { asked("DELETE", "/\(firstID)") }
        var wasSent: Bool {
            guard let id = transfer.imageID else { return false }
            return asked("PUT", "/\(id)/file") || asked("PUT", "/\(id)/stage")
        }
    }

    private let alpha: GlanceServer
    private let beta: GlanceServer
    private let journal: Journal
    private let pipeline: Pipeline
    private let clock = Clock()
    private let bytes = noise(1000)
    private static let sourceID = "5ce00000-0000-4000-8000-000000000001"

    /// - Parameter keepID: of the pipeline file.
    init(method: String, keepID: String = "false") throws {
        alpha = try GlanceServer()
        beta = try GlanceServer()
        journal = try Journal.inMemory()
        pipeline = try Pipeline.parse(
            text: """
                version: 1
                name: encounter
                sources: [{ cloud: alpha, images: { owner: any } }]
                targets: [{ cloud: beta, method: \(method), image: { visibility: community, keep_id: \(keepID) } }]
                limits: { attempts: 3 }
                """, file: "encounter.yaml", environment: [:])
        alpha.put(Self.sourceID, data: bytes, ["name": "original"])
        beta.endImports()
    }

    func play(_ ours: Ours, _ found: Found) async throws -> Ending {
        let (first, planned) = try await plan()
        guard var transfer = try await journal.unfinished(run: first, limit: 9).first,
            let item = planned
        else { throw TranshipError(.unexpectedState, "nothing was planned") }
        let id = item.firstImageID
        try ours.reach(&transfer, imageID: id, checksum: item.promise, now: clock.now)
        try await journal.commit(transfer)
        try await journal.endRun(first, outcome: .interrupted)
        try put(found, id, marker: item.origin.propertyValue)
        let asked = beta.changes.count
        let begin = clock.now

        let (run, replanned) = try await plan()
        let action = replanned?.action
        try await scheduler(run).work(run)
        let end = try await journal.transfer(
            sourceKey: item.source.key, targetKey: item.targetKey)
        guard let end else { throw TranshipError(.unexpectedState, "the row is gone") }
        return Ending(
            action: action, transfer: end, waitedSeconds: (clock.now - begin) / 1000,
            changes: Array(beta.changes.dropFirst(asked)), firstID: id,
            data: end.imageID.flatMap { beta.data($0) }, bytes: bytes)
    }

    private func put(_ found: Found, _ id: String, marker: String) throws {
        guard let status = found.status else {
            if found == .deleted { beta.burn(id) }
            return
        }
        var fields: [String: JSONValue] = [
            "status": .string(status), "name": "original", Origin.propertyName: .string(marker),
        ]
        switch found {
        case .right, .deactivated: beta.put(id, data: bytes, fields)
        case .wrong: beta.put(id, data: noise(1000, seed: 9), fields)
        case .unhashed:
            beta.put(id, data: bytes, fields)
            beta.put(id, ["checksum": nil, "os_hash_algo": nil, "os_hash_value": nil])
        case .spoiled:
            fields["checksum"] = "d41d8cd98f00b204e9800998ecf8427e"
            beta.put(id, fields)
        default: beta.put(id, fields)
        }
    }

    // MARK: The run

    private func plan() async throws -> (Run, PlanItem?) {
        let run = try await journal.beginRun(
            pipelineName: pipeline.name, pipelineFile: "", pipelineText: "")
        guard case .cloud(let entry)? = pipeline.targets.first else {
            throw TranshipError(.unexpectedState, "another pipeline")
        }
        let plan = try Plan(beside: journal)
        _ = try await Planner(
            journal: journal, plan: plan, sources: [try source()],
            targets: [PlanningTarget(target(), rules: entry.rules)],
            nowUnixSeconds: clock.now / 1000
        ).makePlan()
        try await journal.takeOver(plan, run: run, order: .listed)
        return (run, try await plan.items(after: 0, limit: 9).first?.item)
    }

    private func source() throws -> CloudImages {
        guard case .cloud(let source)? = pipeline.sources.first else {
            throw TranshipError(.unexpectedState, "another pipeline")
        }
        return CloudImages(
            selection: source, sourceIndex: 0,
            cloud: SignedInCloud(
                alpha.service.session, endpoint: "alpha", region: nil, projectID: nil))
    }

    private func target() -> OpenedTarget {
        let clock = clock
        let now: @Sendable () -> Int64 = { clock.now }
        return OpenedTarget(
            key: "beta", endpoint: "beta",
            uploader: CloudUploader(targetKey: "beta", service: beta.service, now: now),
            waiter: ImportWaiter(service: beta.service, now: now, jitter: { 0.5 }),
            publisher: CloudPublisher(service: beta.service))
    }

    private func scheduler(_ run: Run) throws -> Scheduler {
        let clock = clock
        let now: @Sendable () -> Int64 = { clock.now }
        var surroundings = Surroundings.machine
        surroundings.now = now
        surroundings.after = clock.after
        surroundings.chance = { 0 }
        return Scheduler(
            journal: journal,
            stages: Stages(
                sources: [try source()], verifier: DigestVerifier(), targets: [target()]),
            limits: .init(
                images: 1, retries: RetryPolicy(attemptsMax: pipeline.limits.attempts)),
            monitor: RunMonitor(),
            surroundings: surroundings)
    }
}

/// Time that passes only when somebody waits for it.
private final class Clock: Sendable {
    private let milliseconds = Mutex<Int64>(1_800_000_000_000)

    var now: Int64 { milliseconds.withLock { $0 } }

    /// Called with one transfer in hand at the most, so nothing else goes on.
    @Sendable func after(
        _ wait: Int, _ body: @escaping @Sendable () -> Void
    ) -> @Sendable () -> Void {
        milliseconds.withLock { $0 += Int64(wait) }
        DispatchQueue.global().async(execute: body)
        return {}
    }
}
