// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@Suite struct JournalUpstreamTests {
    private func run(
        _ journal: Journal, _ upstreams: [Upstream]
    ) async throws -> Run {
        let run = try await journal.beginRun(
            pipelineName: "p", pipelineFile: "p.yaml", pipelineText: "")
        let plan = try Plan(beside: journal)
        try await plan.begin()
        for upstream in upstreams { try await plan.add(upstream) }
        plan.finish()
        try await journal.takeOver(plan, run: run, order: .listed)
        return run
    }

    private func upstream(_ id: String, _ version: String) -> Upstream {
        Upstream(
            lineage: "series:\(id)", lineageID: id, version: version, fingerprint: "f", since: 5)
    }

    @Test func `A series is remembered as the last run with it found it`() async throws {
        let journal = try Journal.inMemory()
        #expect(try await journal.upstream(ofLineage: "a") == nil)
        let first = try await run(journal, [upstream("b", "1"), upstream("a", "1")])
        #expect(try await journal.upstreams(of: first).map(\.series) == ["a", "b"])
        let second = try await run(journal, [upstream("a", "2")])
        #expect(try await journal.upstream(ofLineage: "a") == upstream("a", "2"))
        #expect(try await journal.upstream(ofLineage: "b") == upstream("b", "1"))
        // Metrics show only what the last run found.
        #expect(try await journal.upstreams(of: second) == [upstream("a", "2")])
    }

    @Test func `Only versions that were copied count as copied`() async throws {
        let journal = try Journal.inMemory()
        var items: [PlanItem] = []
        for version in ["1", "2"] {
            var item = Sample.item(version)
            item.intent.source.version = version
            item.intent.origin.lineageID = "a"
            items.append(item)
        }
        let run = try await journal.takeOver(items)
        #expect(try await journal.copiedVersions(ofLineage: "a") == [])
        var transfer = try #require(
            try await journal.transfers(run: run, in: [.planned], limit: 9)
                .first { $0.source.version == "1" })
        for state in [TransferState.registered, .verifying, .publishing, .done] {
            transfer.move(to: state)
            try await journal.commit(transfer)
        }
        #expect(try await journal.copiedVersions(ofLineage: "a") == ["1"])
        #expect(try await journal.copiedVersions(ofLineage: "b") == [])
    }
}
