// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ChecksumVerifiers
import Digests
import Foundation
import GlanceServer
import ImageArchives
import ImageUploaders
import MigrationJournal
import MigrationModel
import MigrationPipeline
import OpenStackImage
import PipelineFiles
import Planning
import Publishing
import TaskWaiters
import TestSupport

@testable import SourceReaders

/// The same as ``Encounter``, with an archive as the target. Its folder is real.
final class ArchiveEncounter {
    /// What became of it.
    struct Ending {
        var action: PlanAction?
        var transfer: Transfer
        /// How many times the run read the data of the source.
        var readings: Int
        /// The ids of which the archive has a record or data.
        var ids: Set<String>
        var firstID: String
        var isRight: Bool
    }

    private let alpha: GlanceServer
    private let folder: TemporaryFolder
    private let archive: ArchiveFolder
    private let journal: Journal
    private let pipeline: Pipeline
    private let bytes = noise(1000)
    private static let sourceID = "5ce00000-0000-4000-8000-000000000001"
    private static let now: Int64 = 1_800_000_000_000

    init() throws {
        alpha = try GlanceServer()
        folder = try TemporaryFolder()
        archive = ArchiveFolder(folder.file("export"), as: .target)
        journal = try Journal.inMemory()
        pipeline = try Pipeline.parse(
            text: """
                version: 1
                name: encounter
                sources: [{ cloud: alpha, images: { owner: any } }]
                targets: [{ archive: \(folder.file("export")), image: { visibility: community } }]
                limits: { attempts: 3 }
                """, file: "encounter.yaml", environment: [:])
        alpha.put(Self.sourceID, data: bytes, ["name": "original"])
    }

    func play(_ ours: Ours, _ found: Archived) async throws -> Ending {
        let (first, planned) = try await plan()
        guard var transfer = try await journal.unfinished(run: first, limit: 9).first,
            let item = planned
        else { throw TranshipError(.unexpectedState, "nothing was planned") }
        let id = item.firstImageID
        try ours.reach(
            &transfer, imageID: id, checksum: try digest(.sha512, of: bytes), now: Self.now)
        try await journal.commit(transfer)
        try await journal.endRun(first, outcome: .interrupted)
        try put(found, id, marker: item.origin.propertyValue)
        let before = readings

        let (run, replanned) = try await plan()
        try await scheduler(run).work(run)
        let end = try await journal.transfer(
            sourceKey: item.source.key, targetKey: item.targetKey)
        guard let end else { throw TranshipError(.unexpectedState, "the row is gone") }
        let data = try? folder.bytes(of: "export/images/\(end.imageID ?? "?").data")
        return Ending(
            action: replanned?.action, transfer: end, readings: readings - before, ids: try ids(),
            firstID: id, isRight: data == bytes)
    }

    private var readings: Int {
        alpha.asked.count { $0 == "GET /v2/images/\(Self.sourceID)/file" }
    }

    private func ids() throws -> Set<String> {
        let names =
            (try? FileManager.default.contentsOfDirectory(atPath: folder.file("export/images")))
            ?? []
        return Set(names.compactMap { name in name.split(separator: ".").first.map(String.init) })
    }

    private func put(_ found: Archived, _ text: String, marker: String) throws {
        guard found != .absent, let id = ArchivedID(text) else { return }
        let data = found.hasOtherData ? noise(1000, seed: 9) : bytes
        let checksum = try digest(.sha512, of: data)
        let hasData = found != .prepared
        let record = ArchiveRecord(fields: [
            "id": .string(text), "name": "original", "status": hasData ? "active" : "queued",
            "visibility": found.isPublished ? "community" : "private", "protected": false,
            "os_hidden": false, "size": hasData ? .integer(1000) : .null,
            "os_hash_algo": hasData ? "sha512" : .null,
            "os_hash_value": hasData ? .string(checksum.value) : .null, "disk_format": "raw",
            "container_format": "bare", "min_disk": 0, "min_ram": 0, "tags": [],
            "created_at": "2026-11-21T00:00:00Z", "updated_at": "2026-11-21T00:00:00Z",
            Origin.propertyName: .string(marker),
        ])
        try archive.prepare(id, record)
        switch found {
        case .absent, .prepared, .missing: break
        case .short, .unpublishedShort:
            try folder.write(Array(data.prefix(10)), to: "export/images/\(text).data")
        default: try folder.write(data, to: "export/images/\(text).data")
        }
        if found.isPublished { try archive.publish(id, record) }
    }

    // MARK: The run

    private func plan() async throws -> (Run, PlanItem?) {
        let run = try await journal.beginRun(
            pipelineName: pipeline.name, pipelineFile: "", pipelineText: "")
        guard case .archive(let entry)? = pipeline.targets.first else {
            throw TranshipError(.unexpectedState, "another pipeline")
        }
        let plan = try Plan(beside: journal)
        _ = try await Planner(
            journal: journal, plan: plan, sources: [try source()],
            targets: [PlanningTarget(target(), rules: entry.rules)],
            nowUnixSeconds: Self.now / 1000
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
        let key = "archive:\(archive.path)"
        return OpenedTarget(
            key: key, endpoint: "archive", isAdmin: true, offer: ArchiveUploader.offer,
            uploader: ArchiveUploader(targetKey: key, archive: archive, now: { Self.now }),
            waiter: ArchiveWaiter(),
            publisher: ArchivePublisher(archive: archive, now: { Self.now }))
    }

    private func scheduler(_ run: Run) throws -> Scheduler {
        var surroundings = Surroundings.machine
        surroundings.now = { Self.now }
        surroundings.chance = { 0 }
        return Scheduler(
            journal: journal,
            stages: Stages(
                sources: [try source()], verifier: DigestVerifier(), targets: [target()]),
            limits: .init(
                images: 1, retries: RetryPolicy(attemptsMax: pipeline.limits.attempts)),
            monitor: RunMonitor(), surroundings: surroundings)
    }
}
