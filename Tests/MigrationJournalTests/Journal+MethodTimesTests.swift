// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GRDB
import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal

@Suite(.timeLimit(.minutes(5))) struct JournalMethodTimesTests {
    private let folder: TemporaryFolder
    private let journal: Journal
    private static let now: Int64 = 1_800_000_000_000

    init() async throws {
        folder = try TemporaryFolder()
        journal = try await Journal.open(path: folder.file("journal.sqlite"))
    }

    /// The special properties of a transfer.
    private struct Shape {
        var method = UploadMethod.upload
        var target = "beta"
        var sizeBytes: Int64 = 1 << 30
        var readBytes: Int64?
        var states: [TransferState] = [.reading, .registered, .sending, .verifying, .publishing]
        /// The time from the first byte to the last.
        var seconds: Double = 9
        var sourceIndex = 0
    }

    /// Makes one finished transfer of a run: the states that it passed through, with their times.
    @discardableResult
    private func finish(
        _ run: Run, _ shape: Shape = Shape(), state: TransferState = .done, spools: Bool = false
    ) async throws -> Transfer {
        guard let planned = try await journal.unfinished(run: run, limit: 1).first else {
            throw TranshipError(.unclassified, "no transfer")
        }
        var intent = planned.intent
        intent.method = shape.method
        intent.spools = spools
        var transfer = Transfer(
            intent, state: state, placement: planned.placement,
            proof: Proof(sizeBytes: shape.sizeBytes))
        transfer.id = planned.id
        if let read = shape.method.isServerSide
            ? shape.readBytes : shape.readBytes ?? shape.sizeBytes
        {
            transfer.reading = SourceReading()
            transfer.reading?.readBytes = read
        }
        try await journal.commit(transfer)
        // Corrects the times, which `commit` wrote at the end.
        let (id, states) = (transfer.id, shape.states)
        let began = states.firstIndex { [.sending, .importing].contains($0) } ?? 0
        let steps = (states.firstIndex(of: .verifying) ?? 1) - began
        let step = Int64(shape.seconds * 1000) / Int64(max(1, steps))
        try await journal.write { db in
            try db.execute(sql: "DELETE FROM state_time WHERE transfer_id = ?", arguments: [id])
            for (index, state) in states.enumerated() {
                try db.execute(
                    sql: """
                        INSERT INTO state_time (run_id, transfer_id, state, at) VALUES (?, ?, ?, ?)
                        """,
                    arguments: [run.id, id, state.rawValue, 100_000 + Int64(index) * step])
            }
        }
        return transfer
    }

    private func run(_ shapes: [Shape]) async throws -> Run {
        try await journal.takeOver(
            shapes.enumerated().map { number, shape in
                var source = Sample.source("\(number)", sizeBytes: shape.sizeBytes)
                source.sourceIndex = shape.sourceIndex
                return Sample.item("\(number)", to: shape.target, source: source)
            })
    }

    private func learn(
        _ run: Run, bandwidth: Int64? = nil, now: Int64 = now
    ) async throws {
        try await journal.learnMethodTimes(
            of: run, sources: ["alpha", "host"],
            targets: ["beta": "https://beta", "gamma": "https://gamma"], bandwidth: bandwidth,
            now: now)
    }

    private func times(now: Int64 = now) async throws -> [MethodTime] {
        try await journal.methodTimes(now: now)
    }

    @Test func `An image that came in one go is measured, by both endpoints`() async throws {
        var half = Shape(seconds: 9)
        half.sizeBytes = 1 << 29
        let run = try await run([half])
        try await finish(run, half)
        try await learn(run, bandwidth: 5)
        let expected = MethodTime(
            source: "alpha", target: "https://beta", method: .upload, millisecondsPerGiB: 18_000,
            runID: run.id, bandwidthBytesPerSecond: 5)
        #expect(try await times() == [expected])
        // An interrupted run that continues is measured once more.
        try await learn(run, bandwidth: 5)
        #expect(try await times().count == 1)
    }

    @Test func `What the service fetches is measured without our limit`() async throws {
        var shape = Shape(
            method: .webDownload, target: "gamma",
            states: [.registered, .importing, .verifying, .publishing], seconds: 20)
        shape.sourceIndex = 1
        let run = try await run([shape])
        try await finish(run, shape)
        try await learn(run, bandwidth: 5)
        let expected = MethodTime(
            source: "host", target: "https://gamma", method: .webDownload,
            millisecondsPerGiB: 20_000, runID: run.id)
        #expect(try await times() == [expected])
    }

    /// Transfers that must not be measured, with the reason.
    private static let others: [(String, Shape, TransferState, Bool)] = [
        ("small", Shape(sizeBytes: MethodTime.sizeBytesMin - 1), .done, false),
        ("spooled", Shape(), .done, true), ("failed", Shape(), .failed, false),
        ("decompressed", Shape(readBytes: 1 << 28), .done, false),
        ("of an unknown target", Shape(target: "delta"), .done, false),
        ("of an unknown source", Shape(sourceIndex: 2), .done, false),
        ("found there", Shape(states: [.verifying, .publishing]), .done, false),
        (
            "sent twice",
            Shape(states: [.reading, .registered, .sending, .registered, .sending, .verifying]),
            .done, false
        ),
        (
            "copied into another store",
            Shape(states: [.reading, .registered, .sending, .verifying, .importing, .verifying]),
            .done, false
        ),
        ("faster than the clock", Shape(seconds: 0), .done, false),
        ("measured by a clock that went back", Shape(seconds: -5), .done, false),
    ]

    @Test(arguments: others)
    private func `An image is not measured if it is`(
        _ what: String, shape: Shape, state: TransferState, spools: Bool
    ) async throws {
        let run = try await run([shape, Shape()])
        try await finish(run, shape, state: state, spools: spools)
        try await finish(run)
        try await learn(run)
        #expect(try await times().map(\.millisecondsPerGiB) == [9000], "\(what)")
    }

    @Test func `Neither is one with a failed try, or during an outage`() async throws {
        let tried = try await run([Shape()])
        let transfer = try await finish(tried)
        try await journal.recordAttempt(
            transfer, run: tried, error: TranshipError(.timedOut, "too slow"))
        try await learn(tried)
        #expect(try await times().isEmpty)
        let down = try await run([Shape(), Shape()].map { $0 })
        try await finish(down)
        try await journal.write {
            try $0.execute(
                sql: """
                    INSERT INTO outage (run_id, endpoint, began_at, ended_at, code, message)
                    VALUES (?, 'e', 0, NULL, 'timed-out', 'm')
                    """, arguments: [down.id])
        }
        try await learn(down)
        #expect(try await times().isEmpty)
        // The outage ended before the image began.
        try await journal.write { try $0.execute(sql: "UPDATE outage SET ended_at = 1") }
        try await learn(down)
        #expect(try await times().count == 1)
    }

    @Test func `The newest ones stay, of each method and limit, and pruning keeps them`()
        async throws
    {
        let shapes = (0..<MethodTime.countMax + 5).map { Shape(seconds: 9 + Double($0)) }
        let first = try await run(shapes)
        for shape in shapes { try await finish(first, shape) }
        try await learn(first)
        let slowest = Int64(9 + MethodTime.countMax + 4) * 1000
        #expect(try await times().count == MethodTime.countMax)
        #expect(try await times().map(\.millisecondsPerGiB).max() ?? 0 > slowest - 10)
        let second = try await run([Shape(seconds: 90)])
        try await finish(second, Shape(seconds: 90))
        try await learn(second, now: Self.now + 1)
        #expect(try await times().count == MethodTime.countMax)
        #expect(try await times().first?.millisecondsPerGiB == 90_000)
        let limited = try await run([Shape(seconds: 60)])
        try await finish(limited, Shape(seconds: 60))
        try await learn(limited, bandwidth: 7, now: Self.now + 2)
        #expect(try await times().count == MethodTime.countMax + 1)
        try await journal.prune(before: .max)
        #expect(try await times().count == MethodTime.countMax + 1)
    }

    @Test func `An old time counts no more`() async throws {
        let run = try await run([Shape()])
        try await finish(run)
        try await learn(run)
        let age = MethodTime.ageMillisecondsMax
        #expect(try await times(now: Self.now + age).count == 1)
        #expect(try await times(now: Self.now + age + 1).isEmpty)
    }

    @Test func `Damaged rows are not used`() async throws {
        try await journal.write {
            try $0.execute(
                sql: """
                    INSERT INTO method_time VALUES (1, 'a', 'b', 'upload', 0, NULL, 1, 1, ?1),
                        (2, 'a', 'b', 'upload', -5, NULL, 1, 2, ?1),
                        (3, 'a', 'b', 'pigeon', 5, NULL, 1, 3, ?1),
                        (4, 'a', 'b', 'upload', 9223372036854775807, NULL, 1, 4, ?1),
                        (5, 'a', 'b', 'upload', 5, NULL, 1, 5, ?1)
                    """, arguments: [Self.now])
        }
        #expect(try await times().map(\.millisecondsPerGiB) == [5])
    }
}
