// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct JournalReportsTests {
    private let folder: TemporaryFolder
    private let journal: Journal

    init() async throws {
        folder = try TemporaryFolder()
        journal = try await Journal.open(path: folder.file("journal.sqlite"))
    }

    /// Performs one transfer of a run, from its record to its end, under one request id.
    private func work(_ run: Run, as id: String, imageID: String = "i") async throws -> Transfer {
        var transfer = try #require(try await journal.unfinished(run: run, limit: 1).first)
        if transfer.state == .planned { transfer.register() }
        transfer.placement.imageID = imageID
        let registered = transfer
        try await RequestID.$current.withValue(id) { try await journal.commit(registered) }
        var ended = registered
        ended.fail(TranshipError(.timedOut, "too slow"))
        let failed = ended
        try await journal.recordAttempt(
            failed, run: run, error: TranshipError(.timedOut, "too slow"))
        try await RequestID.$current.withValue(id) { try await journal.commit(failed) }
        return failed
    }

    @Test func `Each run keeps when its transfers came into each state, and their request ids`()
        async throws
    {
        let first = try await journal.takeOver([Sample.item("a")])
        let failed = try await work(first, as: "req-1")
        var item = Sample.item("a")
        item.action = .create
        item.start = failed.retried()
        let second = try await journal.takeOver([item])
        _ = try await work(second, as: "req-2")

        let before = try #require(
            try await journal.histories(of: [failed.id], run: first)[failed.id])
        #expect(before.steps.map(\.state) == [.registered, .failed])
        #expect(before.requestIDs == ["req-1"])
        #expect(before.failedTries == 1)
        #expect(before.startedAt != nil)
        let after = try #require(
            try await journal.histories(of: [failed.id], run: second)[failed.id])
        // The image was registered before the second run began.
        #expect(after.steps.map(\.state) == [.failed])
        #expect(after.requestIDs == ["req-2"])
    }

    @Test func `A run keeps who started it, and with which file`() async throws {
        let facts = RunFacts(
            who: "ops@host", pipelineDigest: "sha256:1",
            outsideTexts: ["projects.a \"b\"": "c", "name (expanded)": ""])
        let run = try await journal.beginRun(
            pipelineName: "p", pipelineFile: "p.yaml", pipelineText: "", facts: facts)
        #expect(try await journal.facts(of: run) == facts)
        let other = try await journal.beginRun(
            pipelineName: "p", pipelineFile: "p.yaml", pipelineText: "")
        #expect(try await journal.facts(of: other) == nil)
        var planned = RunFacts(
            who: "ops@host", pipelineDigest: "sha256:1", planDigest: "sha256:2",
            planFile: "/plans/p 1.json")
        let third = try await journal.beginRun(
            pipelineName: "p", pipelineFile: "/p.yaml", pipelineText: "", facts: planned)
        #expect(try await journal.facts(of: third) == planned)
        #expect(third.command(planned) == "tranship run /p.yaml --plan '/plans/p 1.json'")
        planned.planFile = nil
        #expect(third.command(planned) == "tranship run /p.yaml --plan PLAN")
        #expect(third.command(facts) == "tranship run /p.yaml")
    }

    @Test func `What a run made is what no earlier run had done`() async throws {
        let first = try await journal.takeOver([Sample.item("a")])
        let failed = try await work(first, as: "req-1")
        #expect(try await journal.made(by: first, limit: 9, after: 0).map(\.id) == [failed.id])
        #expect(try await journal.made(by: first, limit: 9, after: failed.id).isEmpty)
        // The first run did not finish the record, so the second run made the image.
        var item = Sample.item("a")
        item.action = .create
        item.start = failed.retried()
        let second = try await journal.takeOver([item])
        let transfer = try #require(try await journal.unfinished(run: second, limit: 1).first)
        #expect(try await journal.made(by: second, limit: 9, after: 0).map(\.id) == [failed.id])
        var finished = Transfer(
            transfer.intent, state: .done,
            placement: Placement(imageID: transfer.imageID, contents: .ours), proof: transfer.proof)
        finished.id = transfer.id
        try await journal.commit(finished)
        // The third run only publishes the image again.
        let done = try #require(
            try await journal.transfers(run: second, in: [.done], limit: 1).first)
        item.action = .update
        item.start = done.republished(as: done.record)
        let third = try await journal.takeOver([item])
        #expect(try await journal.made(by: third, limit: 9, after: 0).isEmpty)
    }

    @Test func `What old runs kept for reports is forgotten with them`() async throws {
        let facts = RunFacts(who: "ops@host", pipelineDigest: "sha256:1")
        let idle = try await journal.beginRun(
            pipelineName: "p", pipelineFile: "p.yaml", pipelineText: "", facts: facts)
        let old = try await journal.takeOver([Sample.item("a")])
        let failed = try await work(old, as: "req-1")
        _ = try await journal.takeOver([Sample.item("b")])
        try await journal.prune(before: .max)
        #expect(try await journal.facts(of: idle) == nil)
        let history = try await journal.histories(of: [failed.id], run: old)[failed.id]
        #expect(history?.steps.isEmpty != false && history?.requestIDs.isEmpty != false)
    }
}
