// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal

@Suite(.timeLimit(.minutes(5))) struct PlanTests {
    private let folder: TemporaryFolder
    private let journal: Journal
    private let plan: Plan

    init() async throws {
        folder = try TemporaryFolder()
        journal = try await Journal.open(path: folder.file("journal.sqlite"))
        plan = try Plan(beside: journal)
    }

    private func onlyComparison() async throws -> PlanComparison {
        let page = try await plan.comparisons(after: 0, limit: 10, in: journal)
        #expect(page.count == 1)
        return try #require(page.first)
    }

    // MARK: What an item is compared with

    @Test func `A copy of ours is found by its derived id, by its marker and by the journal's id`()
        async throws
    {
        let item = Sample.item("a")
        let run = try await journal.takeOver([item], in: plan)
        var known = try #require(try await journal.unfinished(run: run, limit: 1).first)
        known.move(to: .registered)
        known.placement.imageID = "from-the-journal"
        try await journal.commit(known)
        try await plan.begin()
        try await plan.add([item])
        try await plan.add([
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
        try await plan.add([Sample.item("a")])
        try await plan.add([
            Sample.target("a-0"), Sample.target("n1"), Sample.target("n2"),
            Sample.target("n3", name: "Sample"), Sample.target("n4", at: "gamma"),
        ])
        let comparison = try await onlyComparison()
        #expect(comparison.ours.map(\.id) == ["a-0"])
        #expect(comparison.namesakes.map(\.id) == ["n1", "n2"])
    }

    /// An administrator's listing has the images of all projects.
    @Test func `Namesakes of a copy with an owner are images of that owner`() async throws {
        var item = Sample.item("a")
        item.intent.record.ownerID = "team"
        try await plan.add([item])
        func image(_ id: String, of owner: String) -> TargetImage {
            var image = Sample.target(id)
            image.ownerID = owner
            return image
        }
        try await plan.add((100..<150).map { image("other-\($0)", of: "project-\($0)") })
        try await plan.add([image("own", of: "team")])
        #expect(try await onlyComparison().namesakes.map(\.id) == ["own"])
    }

    @Test func `An image without a name has no namesakes`() async throws {
        var record = Sample.record()
        record.name = nil
        try await plan.add([Sample.item("a", record: record)])
        try await plan.add([Sample.target("n1", name: nil), Sample.target("n2")])
        #expect(try await onlyComparison().namesakes.isEmpty)
    }

    @Test func `Names are data and never SQL`() async throws {
        var record = Sample.record()
        record.name = "x'); DROP TABLE plan_item; --"
        try await plan.add([Sample.item("a", record: record)])
        try await plan.add([Sample.target("n1", name: record.name)])
        #expect(try await onlyComparison().namesakes.map(\.id) == ["n1"])
    }

    @Test func `An image that two sources select is taken once, from the first`() async throws {
        var second = Sample.item("a")
        second.intent.source.sourceIndex = 1
        try await plan.add([Sample.item("a")])
        try await plan.add([second, Sample.item("a", to: "gamma")])
        let page = try await plan.comparisons(after: 0, limit: 10, in: journal)
        #expect(page.map(\.item.targetKey) == ["beta", "gamma"])
        #expect(page.map(\.item.source.sourceIndex) == [0, 0])
    }

    @Test func `Only items that the plan lacks are compared before they are added, each once`()
        async throws
    {
        try await plan.add([Sample.target("a-0"), Sample.target("b-0")])
        try await plan.add([Sample.item("a")])
        let new = try await plan.newComparisons(
            of: [
                Sample.item("a"), Sample.item("b"), Sample.item("b"), Sample.item("b", to: "gamma"),
            ], in: journal)
        #expect(new.map(\.item.source.key) == ["image:b", "image:b"])
        #expect(new.map(\.item.targetKey) == ["beta", "gamma"])
        #expect(new.map(\.ours.first?.id) == ["b-0", nil])
    }

    @Test func `An item that is decided already is not decided again`() async throws {
        var decided = Sample.item("a")
        decided.action = .skip
        try await plan.add([decided, Sample.item("b")])
        let open = try await plan.comparisons(
            after: 0, limit: 9, undecidedOnly: true, in: journal)
        #expect(open.map(\.item.source.key) == ["image:b"])
        #expect(try await plan.items(after: 0, limit: 9).map(\.item) == [decided])
        #expect(try await plan.tally().map(\.images) == [1])
    }

    @Test func `A transfer comes back as it was decided, from nothing or not`() async throws {
        var fresh = Sample.item("a")
        fresh.action = .create
        fresh.start = .fresh(fresh.intent, promised: fresh.promise)
        fresh.start?.intent.spools = true
        fresh.start?.intent.wayReason = .sourceBreaks
        var again = Sample.item("b")
        again.action = .create
        again.start = .fresh(again.intent, promised: again.promise, generation: 1)
        var adopted = Sample.item("c")
        adopted.action = .update
        adopted.start = .adopted(
            adopted.intent, promised: nil, imageID: "c-0", generation: 0, sizeBytes: 1)
        try await plan.add([fresh, again])
        try await plan.add([Sample.item("c")])
        try await plan.decide([(position: 3, item: adopted)])
        #expect(
            try await plan.items(after: 0, limit: 9).map(\.item) == [fresh, again, adopted])
    }

    @Test func `Images with an id at their source are not versions of a series`() async throws {
        var version = Sample.item("v")
        version.intent.source.imageID = nil
        version.action = .create
        var image = Sample.item("a")
        image.action = .create
        try await plan.add([image, version])
        #expect(
            try await plan.items(after: 0, limit: 9, ofSeries: true).map(\.item) == [version])
    }

    @Test func `A new plan starts from nothing`() async throws {
        try await plan.add([Sample.item("a")])
        try await plan.add([Sample.target("n1")])
        try await plan.begin()
        #expect(try await plan.comparisons(after: 0, limit: 10, in: journal).isEmpty)
        try await plan.add([Sample.item("b")])
        let comparison = try await onlyComparison()
        #expect(comparison.position == 1)
        #expect(comparison.namesakes.isEmpty)
    }

    @Test func `Ten thousand items stream in pages`() async throws {
        for start in stride(from: 0, to: 10_000, by: 1000) {
            try await plan.add((start..<start + 1000).map { Sample.item("i\($0)") })
        }
        var position: Int64 = 0
        var seen = 0
        while true {
            let page = try await plan.comparisons(after: position, limit: 500, in: journal)
            guard let last = page.last else { break }
            #expect(page.count == 500)
            #expect(page.first?.item.source.key == "image:i\(seen)")
            seen += page.count
            position = last.position
            try await plan.decide(
                page.map { comparison in
                    var item = comparison.item
                    item.action = comparison.position % 2 == 0 ? .create : .skip
                    return (comparison.position, item)
                })
        }
        #expect(seen == 10_000)
        let tally = Set(try await plan.tally())
        #expect(
            tally == [
                Tally(PlanAction.create, images: 5000, sizeBytes: 50_000),
                Tally(PlanAction.skip, images: 5000, sizeBytes: 50_000),
            ])
        let creates = try await plan.items(after: 9990, limit: 500, actions: [.create])
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
        let run = try await journal.takeOver(items + [silent], in: plan)
        let keys = try await journal.unfinished(run: run, limit: 99).map(\.source.key)
        #expect(keys == ["image:create", "image:update", "image:skip"])
        #expect(try await journal.lastRun()?.plannedAt != nil)
    }

    /// Attempts and dependencies name rows by id, and so does the process that was killed.
    @Test func `Planning again keeps the row of a transfer and its id`() async throws {
        let first = try await journal.takeOver([Sample.item("a"), Sample.item("b")], in: plan)
        let before = try await journal.unfinished(run: first, limit: 9)
        let second = try await journal.takeOver([Sample.item("b"), Sample.item("a")], in: plan)
        let after = try await journal.unfinished(run: second, limit: 9)
        #expect(after.map(\.source.key) == ["image:b", "image:a"])
        #expect(Set(after.map(\.id)) == Set(before.map(\.id)))
        #expect(try await journal.unfinished(run: first, limit: 9).isEmpty)
    }

    @Test func `Another version of an image is another transfer`() async throws {
        _ = try await journal.takeOver([Sample.item("a")], in: plan)
        var next = Sample.item("a")
        next.intent.origin.versionID = "version-2"
        let run = try await journal.takeOver([next], in: plan)
        let newest = try await journal.transfer(sourceKey: "image:a", targetKey: "beta")
        #expect(newest?.origin.versionID == "version-2")
        #expect(try await journal.unfinished(run: run, limit: 9).count == 1)
    }

    @Test func `Dependencies are those of the latest plan`() async throws {
        var record = Sample.record()
        record.references = ["kernel_id": "image:k"]
        _ = try await journal.takeOver(
            [Sample.item("a", record: record), Sample.item("k")], in: plan)
        let run = try await journal.takeOver([Sample.item("a"), Sample.item("k")], in: plan)
        let due = try await journal.due(
            run: run, at: 0, movesData: true, excluding: [], limit: 9)
        #expect(due.map(\.source.key) == ["image:a", "image:k"])
    }

    @Test func `An item of the plan is found by source and target`() async throws {
        try await plan.add([Sample.item("a")])
        let found = try await plan.item(sourceKey: "image:a", targetKey: "beta")
        #expect(found == Sample.item("a"))
        #expect(try await plan.item(sourceKey: "image:a", targetKey: "gamma") == nil)
    }

    // MARK: The file

    @Test func `A plan is made while another process has the journal`() async throws {
        _ = try await journal.takeOver([Sample.item("a")], in: plan)
        let run = try #require(try await journal.lastRun())
        try await plan.begin()
        try await plan.add([Sample.item("a"), Sample.item("b")])
        let reader = try Journal.openForReading(path: journal.path)
        let page = try await plan.comparisons(after: 0, limit: 10, in: reader)
        #expect(page.map { $0.transfer?.source.key } == ["image:a", nil])
        // The run continues meanwhile.
        let transfer = try #require(try await journal.unfinished(run: run, limit: 1).first)
        try await journal.commit(transfer.moved(to: .reading))
    }

    @Test func `One process plans at a time, and what it planned goes with it`() async throws {
        let path = folder.file("journal.sqlite-preview")
        #expect(FileManager.default.fileExists(atPath: path))
        let error = #expect(throws: TranshipError.self) { _ = try Plan(beside: journal) }
        #expect(error?.code == .journalInUse)
        let other = try await Journal.open(path: folder.file("other.sqlite"))
        do { _ = try Plan(beside: other) }
        #expect(!FileManager.default.fileExists(atPath: folder.file("other.sqlite-preview")))
    }

    /// Opening a named pipe would wait for a process that writes to it.
    @Test(arguments: Plan.Purpose.allCases)
    func `A thing of another kind in its place stays, and is refused at once`(
        purpose: Plan.Purpose
    ) async throws {
        let other = try await Journal.open(path: folder.file("other.sqlite"))
        let path = Plan.path(beside: other.path, for: purpose)
        for (make, kind) in [
            ({ mkfifo(path, 0o600) }, "a named pipe"), ({ mkdir(path, 0o700) }, "a directory"),
            ({ symlink("none", path) }, "a symbolic link"),
        ] as [(() -> Int32, String)] {
            #expect(make() == 0)
            let error = #expect(throws: TranshipError.self) {
                _ = try Plan(beside: other, for: purpose)
            }
            #expect(error?.code == .journalFailed)
            #expect(error?.message == "\(path) is \(kind), not a regular file")
            #expect(remove(path) == 0)
        }
    }

    @Test func `What a killed process had planned counts for nothing`() async throws {
        let other = try await Journal.open(path: folder.file("other.sqlite"))
        for header in [[], Array(repeating: 0, count: 4096)] as [[UInt8]] {
            try folder.write(header, to: "other.sqlite-preview")
            #expect(try await Plan(beside: other).tally().isEmpty)
        }
        let killed = try await Journal.open(path: folder.file("killed.sqlite"))
        do {
            let plan = try Plan(beside: killed)
            try await plan.add([Sample.item("a")])
            try folder.write(folder.bytes(of: "killed.sqlite-preview"), to: "other.sqlite-preview")
        }
        #expect(try await Plan(beside: other).tally().isEmpty)
    }

    @Test func `A file of someone else in the place of a plan stays`() async throws {
        let other = try await Journal.open(path: folder.file("other.sqlite"))
        for bytes in try [Array("notes of mine".utf8), folder.bytes(of: "other.sqlite")] {
            for purpose in Plan.Purpose.allCases {
                let name = "other.sqlite-\(purpose.rawValue)"
                try folder.write(bytes, to: name)
                let error = #expect(throws: TranshipError.self) {
                    _ = try Plan(beside: other, for: purpose)
                }
                #expect(error?.code == .journalFailed)
                #expect(error?.message.contains("did not write it") == true)
                #expect(try folder.bytes(of: name) == bytes)
            }
        }
    }

    @Test func `No plan lies where another pipeline has its journal`() {
        for purpose in Plan.Purpose.allCases {
            #expect(!Plan.path(beside: "/j/x.sqlite", for: purpose).hasSuffix(".sqlite"))
        }
    }

    @Test func `A half-made plan is never adopted`() async throws {
        let run = try await journal.beginRun(
            pipelineName: "p", pipelineFile: "p", pipelineText: "")
        try await plan.begin()
        var item = Sample.item("a")
        item.action = .create
        item.start = Sample.transfer("a")
        try await plan.add([item])
        try await plan.decide([(1, item)])
        let error = await failure { try await journal.takeOver(plan, run: run, order: .listed) }
        #expect(error?.code == .interrupted)
        #expect(try await journal.lastRun()?.plannedAt == nil)
        #expect(try await journal.tally(run: run).isEmpty)
    }

    @Test func `Sizes that pass 64 bits make the largest sum, and no failure`() async throws {
        let items = ["a", "b", "c"].map {
            Sample.item($0, source: Sample.source($0, sizeBytes: .max))
        }
        let run = try await journal.takeOver(items, in: plan)
        let most: Int64 = 9_223_372_036_854_774_784
        #expect(try await journal.tally(run: run).map(\.sizeBytes) == [most])
        #expect(try await journal.plan(of: run).tallies.map(\.sizeBytes) == [most])
        #expect(try await plan.additions(targetKey: "beta").sizeBytes == most)
    }
}
