// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal

@Suite(.timeLimit(.minutes(5))) struct JournalPlanTests {
    private let folder: TemporaryFolder
    private let journal: Journal

    init() async throws {
        folder = try TemporaryFolder()
        journal = try await Journal.open(path: folder.file("journal.sqlite"))
        try await journal.beginPlan()
    }

    private func onlyComparison() async throws -> PlanComparison {
        let page = try await journal.comparisons(after: 0, limit: 10)
        #expect(page.count == 1)
        return try #require(page.first)
    }

    // MARK: What an item is compared with

    @Test func `A copy of ours is found by its derived id, by its marker and by the journal's id`()
        async throws
    {
        let item = Sample.item("a")
        let run = try await journal.adopt([item])
        var known = try #require(try await journal.unfinished(run: run, limit: 1).first)
        known.move(to: .registered)
        known.imageID = "from-the-journal"
        try await journal.commit(known)
        try await journal.beginPlan()
        try await journal.add([item])
        try await journal.add([
            Sample.target("a-0", name: nil),
            Sample.target("from-the-journal", name: nil),
            Sample.target("marked", name: nil, marker: item.origin.propertyValue),
            Sample.target("stranger", name: nil, marker: "l/v"),
            Sample.target("a-0", at: "gamma"),
        ])
        let comparison = try await onlyComparison()
        #expect(Set(comparison.ours.map(\.id)) == ["a-0", "from-the-journal", "marked"])
        #expect(comparison.ours.allSatisfy { $0.targetKey == "beta" })
        #expect(comparison.transfer == known)
    }

    @Test func `Namesakes are others with the same name at the same target`() async throws {
        try await journal.add([Sample.item("a")])
        try await journal.add([
            Sample.target("a-0"), Sample.target("n1"), Sample.target("n2"),
            Sample.target("n3", name: "Sample"), Sample.target("n4", at: "gamma"),
        ])
        let comparison = try await onlyComparison()
        #expect(comparison.ours.map(\.id) == ["a-0"])
        #expect(comparison.namesakes.map(\.id) == ["n1", "n2"])
    }

    @Test func `An image without a name has no namesakes`() async throws {
        var record = Sample.record()
        record.name = nil
        try await journal.add([Sample.item("a", record: record)])
        try await journal.add([Sample.target("n1", name: nil), Sample.target("n2")])
        #expect(try await onlyComparison().namesakes.isEmpty)
    }

    @Test func `Names are data and never SQL`() async throws {
        var record = Sample.record()
        record.name = "x'); DROP TABLE plan_item; --"
        try await journal.add([Sample.item("a", record: record)])
        try await journal.add([Sample.target("n1", name: record.name)])
        #expect(try await onlyComparison().namesakes.map(\.id) == ["n1"])
    }

    @Test func `An image that two sources select is taken once, from the first`() async throws {
        var second = Sample.item("a")
        second.source.sourceIndex = 1
        try await journal.add([Sample.item("a")])
        try await journal.add([second, Sample.item("a", to: "gamma")])
        let page = try await journal.comparisons(after: 0, limit: 10)
        #expect(page.map(\.item.targetKey) == ["beta", "gamma"])
        #expect(page.map(\.item.source.sourceIndex) == [0, 0])
    }

    @Test func `A new plan starts from nothing`() async throws {
        try await journal.add([Sample.item("a")])
        try await journal.add([Sample.target("n1")])
        try await journal.beginPlan()
        #expect(try await journal.comparisons(after: 0, limit: 10).isEmpty)
        try await journal.add([Sample.item("b")])
        let comparison = try await onlyComparison()
        #expect(comparison.position == 1)
        #expect(comparison.namesakes.isEmpty)
    }

    @Test func `Ten thousand items stream in pages`() async throws {
        for start in stride(from: 0, to: 10_000, by: 1000) {
            try await journal.add((start..<start + 1000).map { Sample.item("i\($0)") })
        }
        var position: Int64 = 0
        var seen = 0
        while true {
            let page = try await journal.comparisons(after: position, limit: 500)
            guard let last = page.last else { break }
            #expect(page.count == 500)
            #expect(page.first?.item.source.key == "image:i\(seen)")
            seen += page.count
            position = last.position
            try await journal.decide(
                page.map { comparison in
                    var item = comparison.item
                    item.action = comparison.position % 2 == 0 ? .create : .skip
                    return (comparison.position, item)
                })
        }
        #expect(seen == 10_000)
        let tally = Set(try await journal.planTally())
        #expect(
            tally == [
                PlanTally(action: .create, images: 5000, sizeBytes: 50_000),
                PlanTally(action: .skip, images: 5000, sizeBytes: 50_000),
            ])
        let creates = try await journal.planItems(after: 9990, limit: 500, actions: [.create])
        #expect(creates.map(\.position) == [9992, 9994, 9996, 9998, 10_000])
    }

    // MARK: Making it the run's work

    @Test func `Creates, updates and skips become transfers, conflicts and refusals do not`()
        async throws
    {
        var items: [PlanItem] = []
        for action in PlanAction.allCases {
            var item = Sample.item(action.rawValue)
            item.action = action
            item.start = Sample.transfer(action.rawValue)
            items.append(item)
        }
        var silent = Sample.item("skip-unknown")
        silent.action = .skip
        let run = try await journal.adopt(items + [silent])
        let keys = try await journal.unfinished(run: run, limit: 99).map(\.source.key)
        #expect(keys == ["image:create", "image:update", "image:skip"])
        #expect(try await journal.lastRun()?.plannedAt != nil)
    }

    /// Rows are named by id in attempts and dependencies, and by the process
    /// that was killed in the middle.
    @Test func `Planning again keeps the row of a transfer and its id`() async throws {
        let first = try await journal.adopt([Sample.item("a"), Sample.item("b")])
        let before = try await journal.unfinished(run: first, limit: 9)
        let second = try await journal.adopt([Sample.item("b"), Sample.item("a")])
        let after = try await journal.unfinished(run: second, limit: 9)
        #expect(after.map(\.source.key) == ["image:b", "image:a"])
        #expect(Set(after.map(\.id)) == Set(before.map(\.id)))
        #expect(try await journal.unfinished(run: first, limit: 9).isEmpty)
    }

    @Test func `Another version of an image is another transfer`() async throws {
        _ = try await journal.adopt([Sample.item("a")])
        var next = Sample.item("a")
        next.origin.versionID = "version-2"
        let run = try await journal.adopt([next])
        let newest = try await journal.transfer(sourceKey: "image:a", targetKey: "beta")
        #expect(newest?.origin.versionID == "version-2")
        #expect(try await journal.unfinished(run: run, limit: 9).count == 1)
    }

    @Test func `Dependencies are those of the latest plan`() async throws {
        var record = Sample.record()
        record.references = ["kernel_id": "image:k"]
        _ = try await journal.adopt([Sample.item("a", record: record), Sample.item("k")])
        let run = try await journal.adopt([Sample.item("a"), Sample.item("k")])
        let due = try await journal.due(
            run: run, at: 0, movesData: true, excluding: [], limit: 9)
        #expect(due.map(\.source.key) == ["image:a", "image:k"])
    }

    @Test func `An item of the plan is found by source and target`() async throws {
        try await journal.add([Sample.item("a")])
        let found = try await journal.planItem(sourceKey: "image:a", targetKey: "beta")
        #expect(found == Sample.item("a"))
        #expect(try await journal.planItem(sourceKey: "image:a", targetKey: "gamma") == nil)
    }
}
