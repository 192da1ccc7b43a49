// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal

@Suite(.timeLimit(.minutes(5))) struct JournalQueueTests {
    private let folder: TemporaryFolder
    private let journal: Journal

    init() async throws {
        folder = try TemporaryFolder()
        journal = try await Journal.open(path: folder.file("journal.sqlite"))
    }

    private func names(_ transfers: [Transfer]) -> [String] {
        transfers.map { String($0.source.key.dropFirst("image:".count)) }
    }

    private func due(
        _ run: Run, at now: Int64 = 1000, movesData: Bool = true, busy: Set<Int64> = [],
        limit: Int = 100
    ) async throws -> [String] {
        names(
            try await journal.due(
                run: run, at: now, movesData: movesData, excluding: busy, limit: limit))
    }

    /// Takes a transfer to a state through the given states.
    private func set(
        _ id: String, _ run: Run, to states: TransferState..., dueAt: Int64? = nil
    ) async throws {
        var transfer = try await find(id, run)
        for state in states { transfer.move(to: state) }
        transfer.wait.dueAt = dueAt
        try await journal.commit(transfer)
    }

    private func find(_ id: String, _ run: Run) async throws -> Transfer {
        let all = try await journal.transfers(run: run, in: TransferState.allCases, limit: 100)
        return try #require(all.first { $0.source.key == "image:\(id)" })
    }

    // MARK: What is due

    @Test func `Work is handed out in the plan's order, no more than asked for`() async throws {
        let run = try await journal.takeOver(["c", "a", "b"].map { Sample.item($0) })
        #expect(try await due(run) == ["c", "a", "b"])
        #expect(try await due(run, limit: 2) == ["c", "a"])
    }

    @Test func `Small ones first, large ones first, and unknown sizes last`() async throws {
        let sizes: [(String, Int64?)] = [("m", 20), ("u", nil), ("l", 30), ("s", 10)]
        let items = sizes.map { Sample.item($0.0, source: Sample.source($0.0, sizeBytes: $0.1)) }
        #expect(
            try await due(try await journal.takeOver(items, order: .smallFirst)) == [
                "s", "m", "l", "u",
            ])
        #expect(
            try await due(try await journal.takeOver(items, order: .largeFirst)) == [
                "l", "m", "s", "u",
            ])
        #expect(
            try await due(try await journal.takeOver(items, order: .listed)) == [
                "m", "u", "l", "s",
            ])
    }

    @Test func `What is being worked on is not handed out again`() async throws {
        let run = try await journal.takeOver(["a", "b"].map { Sample.item($0) })
        #expect(try await due(run, busy: [try await find("a", run).id]) == ["b"])
    }

    @Test func `What waits is handed out when its time has come`() async throws {
        let run = try await journal.takeOver(["a", "b"].map { Sample.item($0) })
        try await set("a", run, to: .reading, dueAt: 2000)
        #expect(try await due(run, at: 1999) == ["b"])
        #expect(try await due(run, at: 2000) == ["a", "b"])
    }

    @Test func `Moving data and looking at the target are two lanes`() async throws {
        let run = try await journal.takeOver(["a", "b", "c", "d", "e"].map { Sample.item($0) })
        try await set("b", run, to: .registered, .sending)
        try await set("c", run, to: .registered, .sending, .importing)
        try await set("d", run, to: .registered, .verifying)
        try await set("e", run, to: .registered, .verifying, .publishing)
        #expect(try await due(run) == ["a", "b"])
        #expect(try await due(run, movesData: false) == ["c", "d", "e"])
    }

    @Test(arguments: [TransferState.failed, .skipped])
    func `What has ended is not handed out`(state: TransferState) async throws {
        let run = try await journal.takeOver(["a"].map { Sample.item($0) })
        try await set("a", run, to: state)
        #expect(try await due(run).isEmpty)
        #expect(try await due(run, movesData: false).isEmpty)
        #expect(try await journal.unfinished(run: run, limit: 9).isEmpty)
    }

    @Test func `An image waits until those that it names have ended`() async throws {
        var record = Sample.record()
        record.references = ["kernel_id": "image:kernel", "ramdisk_id": "image:ramdisk"]
        let run = try await journal.takeOver([
            Sample.item("ami", record: record), Sample.item("kernel"), Sample.item("ramdisk"),
        ])
        #expect(try await due(run) == ["kernel", "ramdisk"])
        try await set("kernel", run, to: .registered, .verifying, .publishing, .done)
        #expect(try await due(run) == ["ramdisk"])
        // A failed kernel or ramdisk also counts: the image then fails with that reason.
        try await set("ramdisk", run, to: .failed)
        #expect(try await due(run) == ["ami"])
    }

    @Test func `An image at another target waits for no other image`() async throws {
        var record = Sample.record()
        record.references = ["kernel_id": "image:kernel"]
        let run = try await journal.takeOver([
            Sample.item("ami", to: "gamma", record: record), Sample.item("kernel", to: "beta"),
        ])
        #expect(try await due(run) == ["ami", "kernel"])
    }

    @Test func `An image waits for one at the target that its record names for it`() async throws {
        var record = Sample.record()
        record.references = ["kernel_id": "image:kernel"]
        record.referenceTargets = ["image:kernel": "beta"]
        let run = try await journal.takeOver([
            Sample.item("ami", to: "gamma", record: record), Sample.item("kernel", to: "beta"),
        ])
        #expect(try await due(run) == ["kernel"])
        try await set("kernel", run, to: .failed)
        #expect(try await due(run) == ["ami"])
    }

    @Test func `Another run's transfers are not this run's work`() async throws {
        let first = try await journal.takeOver([Sample.item("a"), Sample.item("b")])
        let second = try await journal.takeOver([Sample.item("b")])
        #expect(try await due(first) == ["a"])
        #expect(try await due(second) == ["b"])
    }

    // MARK: When to look again

    @Test func `The next time is the earliest that has not come yet`() async throws {
        let run = try await journal.takeOver(["a", "b", "c"].map { Sample.item($0) })
        #expect(try await journal.nextDueAt(run: run, after: 0, excluding: []) == nil)
        try await set("a", run, to: .reading, dueAt: 500)
        try await set("b", run, to: .reading, dueAt: 3000)
        try await set("c", run, to: .reading, dueAt: 2000)
        #expect(try await journal.nextDueAt(run: run, after: 1000, excluding: []) == 2000)
        let c = try await find("c", run).id
        #expect(try await journal.nextDueAt(run: run, after: 1000, excluding: [c]) == 3000)
        #expect(try await journal.nextDueAt(run: run, after: 3000, excluding: []) == nil)
    }

    // MARK: Looking things up

    @Test func `Commits replace the row and keep its id`() async throws {
        let run = try await journal.takeOver([Sample.item("a")])
        var transfer = try await find("a", run)
        transfer.move(to: .failed)
        transfer.tries.failure = .init(TranshipError(.quotaExceeded, "full"))
        transfer.proof.sizeBytes = 77
        try await journal.commit(transfer)
        #expect(try await find("a", run) == transfer)
        #expect(
            try await journal.tally(run: run)
                == [Tally(TransferState.failed, images: 1, sizeBytes: 77)])
    }

    @Test func `An image is found by source and target`() async throws {
        let run = try await journal.takeOver([Sample.item("a"), Sample.item("a", to: "gamma")])
        let found = try await journal.transfer(sourceKey: "image:a", targetKey: "gamma")
        #expect(found?.targetKey == "gamma")
        #expect(found?.id == (try await journal.unfinished(run: run, limit: 9).last?.id))
        #expect(try await journal.transfer(sourceKey: "image:b", targetKey: "gamma") == nil)
    }

    @Test func `A tally counts images and bytes by state`() async throws {
        let run = try await journal.takeOver(["a", "b", "c"].map { Sample.item($0) })
        try await set("b", run, to: .failed)
        let tally = Set(try await journal.tally(run: run))
        #expect(
            tally == [
                Tally(TransferState.planned, images: 2, sizeBytes: 20),
                Tally(TransferState.failed, images: 1, sizeBytes: 10),
            ])
    }

    @Test func `Transfers are read page by page`() async throws {
        let run = try await journal.takeOver((0..<25).map { Sample.item("i\($0)") })
        var seen: [String] = []
        while true {
            let page = try await journal.transfers(
                run: run, in: [.planned], limit: 10, offset: seen.count)
            if page.isEmpty { break }
            seen += names(page)
        }
        #expect(seen == (0..<25).map { "i\($0)" })
    }

    @Test func `Failed tries are counted for their run`() async throws {
        let run = try await journal.takeOver([Sample.item("a")])
        let transfer = try await find("a", run)
        for _ in 0..<3 {
            try await journal.recordAttempt(
                transfer, run: run, error: TranshipError(.timedOut, "slow"))
        }
        #expect(try await journal.attemptCount(run: run) == 3)
        let other = try await journal.takeOver([])
        #expect(try await journal.attemptCount(run: other) == 0)
    }
}
