// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GRDB
import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal

@Suite struct JournalSeriesTests {
    private func finish(
        _ given: Transfer, as imageID: String, in journal: Journal
    ) async throws {
        var transfer = given
        transfer.register()
        transfer.placement.imageID = imageID
        try await journal.commit(transfer)
        var done = Transfer(
            transfer.intent, state: .done,
            placement: Placement(imageID: imageID, contents: .ours), proof: transfer.proof)
        done.id = transfer.id
        try await journal.commit(done)
    }

    @Test func `A copied image is found by its name, however many came after it`() async throws {
        let journal = try Journal.inMemory()
        var other = Sample.item("b")
        other.intent.source.name = "name of a"
        for (item, image) in [(Sample.item("a"), "image-a"), (other, "image-b")] {
            let run = try await journal.takeOver([item])
            let transfer = try #require(try await journal.unfinished(run: run, limit: 1).first)
            try await finish(transfer, as: image, in: journal)
        }
        // One image that was never copied, and thousands of other names.
        let last = try await journal.takeOver([Sample.item("c")])
        try await journal.write { db in
            for sql in [
                """
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
                INSERT INTO image (id, source_key, name, is_of_series, body)
                    SELECT 100 + i, 'image:' || i, 'n' || i, FALSE, x'' FROM n
                """,
                """
                INSERT INTO transfer (id, target_key, version_id, lineage, run_id)
                    SELECT id, 'beta', 'v' || id, 1, \(last.id) FROM image WHERE id > 100
                """,
                """
                INSERT INTO work (transfer_id, run_id, position, state, image, source_index,
                    method, spools, is_copying, read_bytes, again_bytes, saved_bytes, reopenings,
                    restarts, updated_at, body)
                SELECT id, run_id, id, 'done', id, 0, 'upload', 0, 0, 0, 0, 0, 0, 0, 0, x''
                    FROM transfer WHERE id > 100
                """,
            ] { try db.execute(sql: sql) }
        }
        // If two images have the name, the one that was copied last counts.
        #expect(
            try await journal.copiedImages(named: ["name of a", "name of c", "none"])
                == ["name of a": CopiedImage(imageID: "b", runID: last.id - 1)])
    }

    @Test func `Versions follow each other as their runs did, whatever the clocks said`()
        async throws
    {
        let journal = try Journal.inMemory()
        let plan = try Plan(beside: journal)
        try await plan.begin()
        for version in 1...3 {
            var item = Sample.item("s\(version)")
            item.intent.origin = Origin(lineageID: "lineage", versionID: "v\(version)")
            let run = try await journal.takeOver([item])
            let transfer = try #require(try await journal.unfinished(run: run, limit: 1).first)
            try await finish(transfer, as: "image-\(version)", in: journal)
            try await journal.endRun(run, outcome: .done)
            try await plan.add([
                Sample.target(
                    "image-\(version)", marker: item.intent.origin.propertyValue)
            ])
        }
        // The clock of the second night was fast.
        let offset: Int64 = 40 * 86_400_000
        try await journal.write { db in
            try db.execute(
                sql: """
                    UPDATE work SET updated_at = updated_at + \(offset)
                    WHERE image_id = 'image-2'
                    """)
        }
        let versions = try await journal.seriesVersions(ofLineage: "lineage")
        #expect(versions.map(\.transfer.origin.versionID) == ["v3", "v2", "v1"])
        #expect(
            try await journal.versions(ofLineage: "lineage").map(\.versionID)
                == ["v3", "v2", "v1"])
        let copies = try await plan.copies(ofLineage: "lineage", at: "beta", in: journal)
        let runs = Dictionary(
            uniqueKeysWithValues: copies.map { ($0.image.id, $0.currentSinceRun) })
        #expect(runs == ["image-1": 1, "image-2": 2, "image-3": 3])
    }

    @Test func `What was done to a copy since it was shown counts, and what a run began`()
        async throws
    {
        let journal = try Journal.inMemory()
        func run(_ actions: [(Change.Action, Change.State)]) async throws {
            let run = try await journal.beginRun(
                pipelineName: "p", pipelineFile: "p.yaml", pipelineText: "")
            let changes = actions.map { action, state in
                Change(
                    action, Sample.target("image-1"),
                    origin: Origin(lineageID: "lineage", versionID: "v1"),
                    currentVersionID: "v2", record: Sample.record(), state: state,
                    reason: .isCurrent)
            }
            try await journal.takeOver(changes, run: run)
        }
        try await run([(.hide, .done)])
        try await run([(.restore, .done)])
        try await run([(.rename, .done), (.hide, .planned), (.restore, .planned)])
        let found = try await journal.read { db in
            try Journal.changes(db, of: "image-1", at: "beta")
        }
        #expect(found == [.hide, .rename, .restore, .hide])
        let retirements = try await journal.retirements(ofImage: "image-1", at: "beta")
        #expect(retirements.map(\.action) == [.rename] && retirements.map(\.runID) == [3])
    }

    @Test func `Changes are ready once their series has all its copies at their target`()
        async throws
    {
        let journal = try Journal.inMemory()
        func item(_ id: String, of lineage: String, to target: String = "beta") -> PlanItem {
            var item = Sample.item(id, to: target)
            item.intent.origin = Origin(lineageID: lineage, versionID: "\(id)-\(target)")
            return item
        }
        func hide(_ id: String, of lineage: String, at target: String = "beta") -> Change {
            Change(
                .hide, Sample.target(id, at: target),
                origin: Origin(lineageID: lineage, versionID: "before"), currentVersionID: "now",
                record: Sample.record(), reason: .isCurrent)
        }
        // Two sources of one series, and an item whose source is an image of another series.
        let run = try await journal.takeOver([
            item("a", of: "one"), item("b", of: "one"), item("a", of: "one", to: "gamma"),
            item("read", of: "three", to: "gamma"),
        ])
        try await journal.takeOver(
            [
                hide("old", of: "one"), hide("older", of: "one"),
                hide("old", of: "one", at: "gamma"), hide("read", of: "two"),
                hide("free", of: "four"),
            ], run: run)
        func ready() async throws -> [String] {
            var found: [String] = []
            for target in ["beta", "gamma", "delta"] {
                found += try await journal.readyChanges(of: run, at: target).map {
                    "\($0.image.id) \($0.targetKey)"
                }
            }
            return found
        }
        func finish(_ version: String, at target: String) async throws {
            let transfer = try await journal.transfer(
                versionID: "\(version)-\(target)", targetKey: target)
            try await self.finish(
                try #require(transfer), as: "\(version)-\(target)", in: journal)
        }
        #expect(try await ready() == ["free beta"])
        try await finish("a", at: "beta")
        #expect(try await ready() == ["free beta"])
        try await finish("a", at: "gamma")
        #expect(try await ready() == ["free beta", "old gamma"])
        try await finish("b", at: "beta")
        #expect(try await ready() == ["old beta", "older beta", "free beta", "old gamma"])
        try await finish("read", at: "gamma")
        #expect(
            try await ready()
                == ["old beta", "older beta", "read beta", "free beta", "old gamma"])
        // Finished changes stay in the list as long as any change of their series is planned.
        for change in try await journal.changes(of: run) where change.image.id != "older" {
            try await journal.commit(change.ended(.done))
        }
        #expect(try await ready() == ["old beta", "older beta"])
        // Another run has none of these changes.
        let next = try await journal.takeOver([])
        #expect(try await journal.readyChanges(of: next, at: "beta").isEmpty)
    }
}
