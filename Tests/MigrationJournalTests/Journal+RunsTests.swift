// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

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
