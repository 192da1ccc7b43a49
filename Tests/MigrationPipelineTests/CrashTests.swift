// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import GRDB
import MigrationJournal
import MigrationModel
import MigrationPipeline
import TestSupport
import Testing

/// A run that dies at any moment continues to the same end: no image is incomplete or doubled.
/// There are two kinds of death, each tested at every possible point: before a commit reaches the
/// journal, and before a stage performs its request.
@Suite(.timeLimit(.minutes(5))) struct CrashTests {
    private func items(_ fixture: Fixture) -> [PlanItem] {
        fixture.world.state.withLock { $0.looks["image:import"] = 1 }
        return [
            fixture.item("ami", count: 200_000, naming: "kernel"), fixture.item("kernel"),
            fixture.item("import", count: 70_000, method: .glanceDirect),
            fixture.item("empty", count: 0), fixture.item("fetched", method: .webDownload),
        ]
    }

    /// Checks that every image is at the target once, complete and published.
    private func check(_ fixture: Fixture, _ run: Run, _ point: String) async throws {
        let journal = try await fixture.journal()
        let ends = try await fixture.ends(journal, run)
        #expect(ends.count == 5)
        let (records, sources) = fixture.world.state.withLock { ($0.records, $0.sources) }
        #expect(records.count == 5, "\(point): \(records.keys.sorted())")
        for (id, transfer) in ends {
            #expect(transfer.state == .done, "\(point): \(id)")
            let record = records[transfer.imageID ?? ""]
            #expect(record?.isPublished == true && record?.status == "active", "\(point): \(id)")
            #expect(record?.data == sources[transfer.source.key], "\(point): \(id)")
        }
    }

    private func finish(_ fixture: Fixture, _ run: Run) async throws {
        fixture.world.recover()
        try await work(fixture, run)
    }

    private func plan(_ fixture: Fixture) async throws -> Run {
        try await fixture.journal().takeOver(items(fixture))
    }

    /// Works like a separate process: opens the journal and closes it.
    private func work(_ fixture: Fixture, _ run: Run) async throws {
        let journal = try await fixture.journal()
        try await fixture.scheduler(journal, images: 2).work(run)
    }

    @Test func `A run that dies before any commit continues to the same end`() async throws {
        var commits = 0
        while true {
            try Task.checkCancellation()
            let fixture = try Fixture()
            let run = try await plan(fixture)
            let database = try DatabaseQueue(path: fixture.path)
            try await database.write { [commits] db in
                try db.execute(
                    sql: """
                        CREATE TABLE crash (done INTEGER, allowed INTEGER);
                        INSERT INTO crash VALUES (0, \(commits));
                        CREATE TRIGGER crash BEFORE UPDATE ON work BEGIN
                            UPDATE crash SET done = done + 1;
                            SELECT RAISE(ABORT, 'the plug') FROM crash WHERE done > allowed;
                        END
                        """)
            }
            let error = await failure { try await work(fixture, run) }
            try await database.write {
                try $0.execute(sql: "DROP TRIGGER crash; DROP TABLE crash")
            }
            guard let error else { break }
            #expect(error.code == .journalFailed)
            try await finish(fixture, run)
            try await check(fixture, run, "after \(commits) commits")
            commits += 1
        }
        // Five images of at least five states each.
        #expect(commits >= 25)
    }

    @Test func `A run that dies in any call of a stage continues to the same end`() async throws {
        var calls = 0
        while true {
            try Task.checkCancellation()
            let fixture = try Fixture()
            let run = try await plan(fixture)
            guard try await isCrashed(fixture, run, afterCalls: calls) else { break }
            try await finish(fixture, run)
            try await check(fixture, run, "after \(calls) calls")
            calls += 1
        }
        #expect(calls >= 20)
    }

    private func isCrashed(
        _ fixture: Fixture, _ run: Run, afterCalls calls: Int
    ) async throws -> Bool {
        let journal = try await fixture.journal()
        let scheduler = fixture.scheduler(journal, images: 2)
        fixture.world.crash(afterCalls: calls) { [weak scheduler] in scheduler?.stop(.abort) }
        try await scheduler.work(run)
        return try await !journal.unfinished(run: run, limit: 1).isEmpty
    }
}
