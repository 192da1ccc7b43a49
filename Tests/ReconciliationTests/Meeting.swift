// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ChecksumVerifiers
import GlanceServer
import MigrationJournal
import MigrationModel
import MigrationPipeline
import OpenStackImage
import PipelineFiles
import Planning
import TestSupport

@testable import SourceReaders

/// The common parts of every encounter, for any kind of target: a source with one image, a journal,
/// and runs with both.
struct Meeting {
    let bytes = noise(1000)
    let journal: Journal
    private let alpha: GlanceServer
    private let pipeline: Pipeline
    private static let sourceID = "5ce00000-0000-4000-8000-000000000001"

    /// - Parameter target: an entry of the pipeline file.
    init(target: String) throws {
        alpha = try GlanceServer()
        journal = try Journal.inMemory()
        pipeline = try Pipeline.parse(
            text: """
                version: 1
                name: encounter
                sources: [{ cloud: alpha, images: { owner: any } }]
                targets: [\(target)]
                limits: { attempts: 3 }
                """, file: "encounter.yaml", environment: [:])
        alpha.put(Self.sourceID, data: bytes, ["name": "original"])
    }

    /// The number of times that runs read the data of the source.
    var readings: Int {
        alpha.asked.count { $0 == "GET /v2/images/\(Self.sourceID)/file" }
    }

    /// Performs a run that begins, reaches the given state, and is cut off.
    ///
    /// - Returns: the planned item.
    func begin(
        _ ours: Ours, at target: OpenedTarget, now: Int64,
        checksum: (PlanItem) throws -> Checksum?
    ) async throws -> PlanItem {
        let (first, planned) = try await plan(target, now: now)
        guard var transfer = try await journal.unfinished(run: first, limit: 9).first,
            let item = planned
        else { throw TranshipError(.unexpectedState, "nothing was planned") }
        try ours.reach(
            &transfer, imageID: item.firstImageID, checksum: try checksum(item), now: now)
        try await journal.commit(transfer)
        try await journal.endRun(first, outcome: .interrupted)
        return item
    }

    /// Performs the next run completely.
    ///
    /// - Returns: the planned action, and the transfer at the end.
    func goOn(
        _ item: PlanItem, at target: OpenedTarget, now: Int64, _ surroundings: Surroundings
    ) async throws -> (action: PlanAction?, transfer: Transfer) {
        let (run, planned) = try await plan(target, now: now)
        try await scheduler(target, surroundings).work(run)
        let end = try await journal.transfer(
            sourceKey: item.source.key, targetKey: item.targetKey)
        guard let end else { throw TranshipError(.unexpectedState, "the row is gone") }
        return (planned?.action, end)
    }

    private func plan(_ target: OpenedTarget, now: Int64) async throws -> (Run, PlanItem?) {
        let run = try await journal.beginRun(
            pipelineName: pipeline.name, pipelineFile: "", pipelineText: "")
        let plan = try Plan(beside: journal)
        _ = try await Planner(
            journal: journal, plan: plan, sources: [try source()],
            targets: [PlanningTarget(target, rules: pipeline.targets[0].rules)],
            nowUnixSeconds: now / 1000
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

    private func scheduler(
        _ target: OpenedTarget, _ surroundings: Surroundings
    ) throws -> Scheduler {
        Scheduler(
            journal: journal,
            stages: Stages(
                sources: [try source()], verifier: DigestVerifier(), targets: [target]),
            limits: .init(
                images: 1, retries: RetryPolicy(attemptsMax: pipeline.limits.attempts)),
            monitor: RunMonitor(), surroundings: surroundings)
    }
}
