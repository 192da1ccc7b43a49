// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GRDB
import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal

@Suite struct JournalRunsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `A run that was killed, or interrupted, may be taken up again`() async throws {
        let journal = try await Journal.open(path: folder.file("journal.sqlite"))
        #expect(try await journal.lastRun() == nil)
        let run = try await journal.beginRun(
            pipelineName: "p", pipelineFile: "p.yaml", pipelineText: "name: ${SECRET}")
        #expect(run.isInterrupted)
        #expect(run.plannedAt == nil && run.endedAt == nil)
        try await journal.takeOver(try Plan.finished(beside: journal), run: run, order: .listed)
        #expect(try await journal.lastRun()?.plannedAt != nil)

        try await journal.endRun(run, outcome: .interrupted)
        let ended = try #require(try await journal.lastRun())
        #expect(ended.isInterrupted && ended.endedAt != nil)

        try await journal.reopen(run)
        #expect(try await journal.lastRun()?.endedAt == nil)
        for outcome in [Run.Outcome.done, .failed] {
            try await journal.endRun(run, outcome: outcome)
            #expect(try await journal.lastRun()?.isInterrupted == false)
        }
    }

    @Test func `A journal whose last run has the greatest number takes no other run`()
        async throws
    {
        let journal = try await Journal.open(path: folder.file("journal.sqlite"))
        #expect(try await journal.nextRunNumber() == 1)
        let run = try await journal.beginRun(
            pipelineName: "p", pipelineFile: "p.yaml", pipelineText: "t")
        #expect(try await journal.nextRunNumber() == run.id + 1)
        try await journal.write { db in
            try db.execute(sql: "UPDATE run SET id = ?", arguments: [Int64.max])
        }
        let plan = try Plan.finished(beside: journal)
        for work in [
            { _ = try await journal.nextRunNumber() },
            {
                _ = try await journal.beginRun(
                    pipelineName: "p", pipelineFile: "p.yaml", pipelineText: "t")
            },
            {
                try await journal.recordAdoption(
                    plan, pipelineName: "p", pipelineFile: "p.yaml", pipelineText: "t")
            },
            {
                try await journal.recordEndedRun(
                    pipelineName: "p", pipelineFile: "p.yaml", pipelineText: "t", startedAt: 1,
                    outcome: .failed, RunEnd(exitStatus: .fatal))
            },
        ] as [@Sendable () async throws -> Void] {
            let error = await failure(work)
            #expect(error?.code == .journalFailed)
            #expect(error?.message.contains("no run can follow run \(Int64.max)") == true)
        }
        #expect(try await journal.lastRun()?.id == .max)
    }

    @Test func `The latest run is the last one begun`() async throws {
        let journal = try await Journal.open(path: folder.file("journal.sqlite"))
        var last: Run?
        for name in ["a", "b", "c"] {
            last = try await journal.beginRun(
                pipelineName: name, pipelineFile: "f", pipelineText: "t")
        }
        #expect(try await journal.lastRun() == last)
        #expect(last?.pipelineName == "c")
    }
}
