// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal

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
        var known = [upstream("a", "2"), upstream("b", "1")]
        (known[0].sinceRunID, known[1].sinceRunID) = (second.id, first.id)
        #expect(try await journal.upstream(ofLineage: "a") == known[0])
        #expect(try await journal.upstream(ofLineage: "b") == known[1])
        // Metrics show only the series that the last run found.
        #expect(try await journal.upstreams(of: second) == [known[0]])
        _ = try await run(journal, [upstream("a", "2")])
        #expect(try await journal.upstream(ofLineage: "a")?.sinceRunID == second.id)
    }

    @Test
    func `Each of several sources has a memory, and that of the one source counts for its place`()
        async throws
    {
        let journal = try Journal.inMemory()
        // At that time, the series had one source.
        var image = Sample.source("a")
        image.key = "url:h/x/1"
        image.version = "1"
        var old = upstream("a", "1")
        old.signers = ["K"]
        old.look = .init(
            settings: "s", image: image, eTag: nil, lastModified: nil, host: nil, notes: [],
            list: nil)
        _ = try await run(journal, [old])
        let (x, y) = ("url:h/x/{version}", "url:h/y/{version}")
        let ofX = try #require(try await journal.upstream(ofLineage: "a", at: x))
        #expect(ofX.version == "1" && ofX.look != nil && ofX.place == x)
        let ofY = try #require(try await journal.upstream(ofLineage: "a", at: y))
        #expect(ofY.version == nil && ofY.look == nil && ofY.signers == ["K"] && ofY.place == y)

        var found = [upstream("a", "7"), upstream("a", "8")]
        (found[0].place, found[1].place) = (x, y)
        let second = try await run(journal, found)
        #expect(try await journal.upstream(ofLineage: "a", at: x)?.version == "7")
        #expect(try await journal.upstream(ofLineage: "a", at: y)?.version == "8")
        #expect(
            try await journal.upstreams(of: second).map(\.placeWords) == [
                "h/x/{version}", "h/y/{version}",
            ])
    }

    @Test func `The products of an index are found by what its entry selected`() async throws {
        let journal = try Journal.inMemory()
        // The text of one field must not count as two fields.
        var found = [upstream("a", "1"), upstream("a b", "1"), upstream("b", "1")]
        (found[0].selector, found[1].selector) = ("index x", "index")
        (found[0].place, found[2].selector) = ("url:h/{version}", "index x")
        _ = try await run(journal, found)
        #expect(try await journal.upstreams(ofSelector: "index x").map(\.lineageID) == ["a", "b"])
        #expect(try await journal.upstreams(ofSelector: "index").map(\.lineageID) == ["a b"])
        #expect(try await journal.upstreams(ofSelector: "x").isEmpty)
        let ofA = try await journal.read { db in try Journal.upstreams(db, ofLineage: "a") }
        #expect(ofA.map(\.place) == ["url:h/{version}"])
        #expect(try await journal.upstream(ofLineage: "a") == nil)
    }

    @Test func `Only versions that were copied count as copied`() async throws {
        let journal = try Journal.inMemory()
        var items: [PlanItem] = []
        for version in ["1", "2"] {
            var item = Sample.item(version)
            item.intent.source.version = version
            item.intent.source.key = "url:http://1.h/disk-\(version)"
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
        // The place does not hide that the host also contains a digit of the version.
        for (place, copied) in [("http://1.h", ["1"]), ("http://2.h", [])]
            as [(String, Set<String>)]
        {
            #expect(
                try await journal.copiedVersions(
                    ofLineage: "a", at: "url:\(place)/disk-{version}") == copied)
        }
    }
}
