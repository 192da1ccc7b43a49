// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

/// Checks that the results of an earlier run stay available after later runs.
@Suite(.timeLimit(.minutes(5))) struct JournalHistoryTests {
    private let folder: TemporaryFolder
    private let journal: Journal

    init() async throws {
        folder = try TemporaryFolder()
        journal = try await Journal.open(path: folder.file("journal.sqlite"))
    }

    /// Fails the run's transfer, after the given number of bytes in all was read.
    private func fail(_ run: Run, readBytes: Int64) async throws -> Transfer {
        var transfer = try #require(try await journal.unfinished(run: run, limit: 1).first)
        var reading = transfer.reading ?? SourceReading()
        reading.add(from: 0, countBytes: readBytes)
        transfer.reading = reading
        let error = TranshipError(.connectionLost, "reset after \(readBytes)", isTransient: true)
        try await journal.recordAttempt(transfer, run: run, error: error)
        transfer.fail(error)
        try await journal.commit(transfer)
        return transfer
    }

    private func again(_ transfer: Transfer) async throws -> Run {
        var item = Sample.item("a")
        item.action = .create
        item.start = transfer.retried()
        return try await journal.takeOver([item])
    }

    @Test func `Every run keeps its states, its bytes, its failures and its plan`() async throws {
        var refused = Sample.item("r")
        refused.action = .refuse
        refused.refusal = .init(TranshipError(.refused, "cannot be copied", hint: "leave it"))
        var conflict = Sample.item("c")
        conflict.action = .conflict
        conflict.reason = .nameTaken(imageID: "other", .fail)
        let first = try await journal.takeOver([Sample.item("a"), refused, conflict])
        let failed = try await fail(first, readBytes: 100)
        let second = try await again(failed)
        let failedAgain = try await fail(second, readBytes: 30)
        let third = try await again(failedAgain)

        #expect(try await journal.transfers(run: first, in: [.failed], limit: 9) == [failed])
        #expect(
            try await journal.transfers(run: second, in: [.failed], limit: 9) == [failedAgain])
        #expect(try await journal.tally(run: first).map(\.kind) == [.failed])
        #expect(try await journal.tally(run: third).map(\.kind) == [.planned])
        #expect(try await journal.tally(run: nil).map(\.kind) == [.planned])
        #expect(try await journal.readingTally(run: first).readBytes == 100)
        #expect(try await journal.readingTally(run: second).readBytes == 30)
        #expect(try await journal.readingTally(run: third).readBytes == 0)
        #expect(try await journal.readingTally(run: nil).readBytes == 130)

        let plan = try await journal.plan(of: first)
        #expect(plan.tallies.map(\.kind) == [.conflict, .create, .refuse])
        #expect(plan.refused.map(\.action) == [.refuse, .conflict])
        #expect(plan.refused.map(\.name) == [refused, conflict].map(\.source.displayName))
        #expect(plan.refused.map(\.failure.code) == [.refused, .targetConflict])
        #expect(plan.refusals.map(\.message) == ["cannot be copied"])
        #expect(plan.refusals.first?.hint == "leave it")
        // The refusals belong to the targets of the first run. The second run had none.
        let targets = try await journal.targetTallies(run: first)
        #expect(targets.map { $0.key } == [refused.targetKey])
        #expect(targets.first?.refusals.map(\.kind) == [.conflict, .refuse])
        #expect(targets.first?.refusals.map(\.images) == [1, 1])
        #expect(try await journal.targetTallies(run: second).flatMap { $0.refusals }.isEmpty)
        #expect(try await journal.plan(of: second).refusals.isEmpty)

        let tries = try await journal.attempts(of: [failed.id], run: second)
        #expect(tries[failed.id]?.map(\.message) == ["reset after 30"])
        #expect(try await journal.attempts(of: [failed.id])[failed.id]?.count == 2)
        #expect(try await journal.run(first.id)?.id == first.id)
        #expect(try await journal.run(99) == nil)
    }

    @Test func `A commit changes the last run's row and no earlier one`() async throws {
        let first = try await journal.takeOver([Sample.item("a")])
        let failed = try await fail(first, readBytes: 1)
        let second = try await again(failed)
        let now = try #require(try await journal.unfinished(run: second, limit: 1).first)
        try await journal.commit(now.moved(to: .reading))
        #expect(try await journal.tally(run: first).map(\.kind) == [.failed])
        #expect(try await journal.tally(run: second).map(\.kind) == [.reading])
    }

    @Test func `A lineage knows its versions at all targets, the newest first`() async throws {
        _ = try await journal.takeOver(["beta", "gamma"].map { Sample.item("a", to: $0) })
        var next = Sample.item("a")
        next.intent.origin.versionID = "version-2"
        let run = try await journal.takeOver([next])
        var transfer = try #require(try await journal.unfinished(run: run, limit: 1).first)
        transfer.register()
        transfer.placement.imageID = "i"
        try await journal.commit(transfer)
        let versions = try await journal.versions(ofLineage: next.origin.lineageID)
        #expect(versions.first?.versionID == "version-2")
        #expect(versions.first?.imageID == "i" && versions.first?.state == .registered)
        #expect(versions.first?.runID == run.id)
        #expect(Set(versions.map(\.targetKey)) == ["beta", "gamma"] && versions.count == 3)
        #expect(try await journal.versions(ofLineage: "another").isEmpty)
    }

    /// `sum()` of SQLite fails beyond 2^63, and then every `status` failed.
    @Test func `Sums of sizes that no disk has do not fail`() async throws {
        let items = (1...3).map {
            Sample.item("\($0)", source: Sample.source("\($0)", sizeBytes: .max - 1))
        }
        let run = try await journal.takeOver(items)
        let most = Int64.max - 1023
        #expect(try await journal.tally(run: run).map(\.sizeBytes) == [most])
        #expect(try await journal.plan(of: run).tallies.map(\.sizeBytes) == [most])
        for (index, item) in items.enumerated() {
            var transfer = Sample.transfer(
                "\(index + 1)", source: item.source, method: .glanceDirect, state: .importing)
            transfer.id = Int64(index + 1)
            var reading = SourceReading()
            reading.readBytes = .max - 1
            transfer.reading = reading
            try await journal.commit(transfer)
        }
        #expect(try await journal.readingTally(run: run).readBytes == most)
        #expect(try await journal.load(run: run, targetKey: "beta").stagedBytes == most)
    }

    @Test func `A row with a number that no step of ours writes is an error`() async throws {
        let run = try await journal.takeOver([Sample.item("a")])
        var transfer = try #require(try await journal.unfinished(run: run, limit: 1).first)
        transfer.proof.sizeBytes = -5
        try await journal.commit(transfer)
        let error = await failure { _ = try await journal.unfinished(run: run, limit: 1) }
        #expect(error?.code == .journalFailed)
        var entry = SpoolEntry(sourceKey: "k", fingerprint: "f", path: "/p", reservedBytes: 5)
        entry.offsetBytes = .min
        try await journal.keep(entry)
        let other = await failure { _ = try await journal.spoolEntries(run: nil) }
        #expect(other?.code == .journalFailed)
        #expect(other?.message.contains("spool") == true)
    }
}
