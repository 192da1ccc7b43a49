// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import MigrationJournal
import MigrationModel
import MigrationPipeline
import TestSupport
import Testing

/// A journal with a run, a world, and a scheduler between them.
final class Fixture: Sendable {
    let folder: TemporaryFolder
    let world = FakeWorld()

    init() throws { folder = try TemporaryFolder() }

    var path: String { folder.file("journal.sqlite") }

    /// Opens the journal. A journal that was released may take a moment to close: a timer or a
    /// callback on another thread holds the last reference while it runs.
    func journal() async throws -> Journal {
        let path = path
        _ = await eventually { Journal.holder(path: path) == nil }
        return try await Journal.open(path: path)
    }

    /// Returns an item with a source of `count` bytes, promised by its SHA-256.
    func item(
        _ id: String, count: Int = 1000, method: UploadMethod = .upload,
        naming other: String? = nil, isPromised: Bool = true
    ) -> PlanItem {
        let bytes = noise(count, seed: UInt64(id.utf8.reduce(7) { $0 &* 31 &+ Int($1) }))
        let source = Sample.source(
            id, sizeBytes: Int64(count), checksums: isPromised ? [sha256(bytes)] : [])
        world.state.withLock { $0.sources[source.key] = bytes }
        var record = Sample.record()
        if let other { record.references["kernel_id"] = "image:\(other)" }
        var item = Sample.item(id, source: source, record: record)
        item.intent.method = method
        return item
    }

    func scheduler(
        _ journal: Journal, images: Int = 4, attempts: Int = 3, spool: Spool? = nil,
        events: @escaping @Sendable (RunEvent) -> Void = { _ in },
        retries change: (inout RetryPolicy) -> Void = { _ in }
    ) -> Scheduler {
        var retries = RetryPolicy(attemptsMax: attempts, backoffSecondsMax: 0.01)
        change(&retries)
        return Scheduler(
            journal: journal, stages: world.stages(),
            limits: .init(images: images, retries: retries),
            monitor: RunMonitor(sink: events), spool: spool)
    }

    /// Runs all items, and returns the end of each image, by id.
    @discardableResult
    func run(
        _ items: [PlanItem], images: Int = 4, attempts: Int = 3
    ) async throws -> [String: Transfer] {
        let journal = try await journal()
        let run = try await journal.takeOver(items)
        try await scheduler(journal, images: images, attempts: attempts).work(run)
        return try await ends(journal, run)
    }

    func ends(_ journal: Journal, _ run: Run) async throws -> [String: Transfer] {
        let all = try await journal.transfers(run: run, in: TransferState.allCases, limit: 1000)
        return Dictionary(
            uniqueKeysWithValues: all.map { (String($0.source.key.dropFirst(6)), $0) })
    }
}
