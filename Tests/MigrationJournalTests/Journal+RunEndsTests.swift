// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GRDB
import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal

@Suite struct JournalRunEndsTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("journal.sqlite") }

    private let end = RunEnd(
        TranshipError(
            .unreachable, "cannot connect", hint: "look at it", isTransient: true
        ).at(place: "/p.yaml:5:5"))

    init() throws { folder = try TemporaryFolder() }

    /// Records a run that failed before it was planned.
    private func fail(_ journal: Journal, startedAt: Int64 = 1000) async throws {
        try await journal.recordEndedRun(
            pipelineName: "p", pipelineFile: "p.yaml", pipelineText: "version: 1",
            startedAt: startedAt, outcome: .failed, end,
            facts: RunFacts(who: "me", pipelineDigest: "d"))
    }

    @Test func `A run that never began to plan has its times, its code and its cause`()
        async throws
    {
        let journal = try await Journal.open(path: path)
        try await fail(journal)
        let run = try #require(try await journal.lastRun())
        #expect(run.outcome == .failed && run.startedAt == 1000 && run.plannedAt == nil)
        #expect(try #require(run.endedAt) > 1000)
        #expect(run.isFailedBeforeItsPlan && !run.isInterrupted)
        let found = try #require(try await journal.end(of: run))
        #expect(found == end)
        #expect(found.exitStatus == .fatal && found.unsaidPlace == "/p.yaml:5:5")
        #expect(try await journal.facts(of: run)?.who == "me")
    }

    @Test func `An interrupted run before it can still go on, and the last success stays`()
        async throws
    {
        let journal = try await Journal.open(path: path)
        let good = try await journal.takeOver([])
        try await journal.endRun(good, outcome: .done, RunEnd(exitStatus: .done))
        let interrupted = try await journal.takeOver([Sample.item("a")])
        try await fail(journal)
        try await fail(journal)
        #expect(try await journal.lastRun()?.id == interrupted.id + 2)
        #expect(try await journal.lastRunWithWork()?.id == interrupted.id)
        #expect(try await journal.lastSuccess()?.id == good.id)
        #expect(try await journal.end(of: good) == RunEnd(exitStatus: .done))
        // The end is removed when the run continues.
        try await journal.note(end, of: interrupted)
        #expect(try await journal.end(of: interrupted)?.cause?.hint == "look at it")
        try await journal.reopen(interrupted)
        #expect(try await journal.end(of: interrupted) == nil)
    }

    @Test func `A run that goes on after failed ones is the last run, until another one begins`()
        async throws
    {
        let journal = try await Journal.open(path: path)
        let interrupted = try await journal.takeOver([Sample.item("a")])
        try await fail(journal)
        try await journal.reopen(interrupted)
        #expect(try await journal.lastRun()?.id == interrupted.id)
        #expect(try await journal.nextRunNumber() == interrupted.id + 2)
        try await fail(journal)
        #expect(try await journal.lastRun()?.id == interrupted.id + 2)
        // Users ask about the run that could not continue.
        try await journal.note(end, of: interrupted)
        #expect(try await journal.lastRun()?.id == interrupted.id)
        #expect(try await journal.lastRunWithWork()?.id == interrupted.id)
        let next = try await journal.takeOver([])
        #expect(try await journal.lastRun()?.id == next.id)
    }

    @Test func `Pruning forgets failed runs, and not the one that resume goes on with`()
        async throws
    {
        let journal = try await Journal.open(path: path)
        try await fail(journal)
        let interrupted = try await journal.takeOver([Sample.item("a")])
        let missed = [
            MissedWords("no image x\nin two lines", wayOut: nil),
            MissedWords("no image y", wayOut: "write its name"),
        ]
        try await journal.remember(missed: missed, in: interrupted)
        for _ in 1...3 { try await fail(journal) }
        try await journal.prune(before: Timestamp.now() + 1000)
        #expect(try await journal.run(1) == nil)
        let left = try #require(try await journal.lastRunWithWork())
        #expect(left.id == interrupted.id && left.pipelineText == "version: 1")
        #expect(try await journal.missed(in: left) == missed)
        #expect(try await journal.unfinished(run: left, limit: 9).count == 1)
        let last = try #require(try await journal.lastRun())
        #expect(last.id == interrupted.id + 3)
        #expect(try await journal.end(of: last) == end)
        let ends = try await journal.read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM run_end") ?? 0
        }
        #expect(ends == 1)
    }

    @Test func `A journal that holds nothing leaves no file`() async throws {
        let journal = try await Journal.open(path: path)
        #expect(FileManager.default.fileExists(atPath: path))
        await journal.removeIfEmpty()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        // The old journal still exists, and does not matter.
        let next = try await Journal.open(path: path)
        try await fail(next)
        await next.removeIfEmpty()
        #expect(try await next.lastRun() != nil)
        #expect(FileManager.default.fileExists(atPath: path + ".lock"))
        withExtendedLifetime(journal) {}
    }
}
