// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import GRDB
import Testing

@testable import MigrationJournal

@Suite struct RunClockTests {
    private static let day: Int64 = 86_400_000
    /// 2026-11-01.
    private static let first: Int64 = 1_793_491_200_000

    /// Returns the corrected days. Each run began on one of the given days, the last one is now,
    /// and each moment is a minute later.
    private func corrected(_ days: [Double]) -> [Double] {
        let starts = days.enumerated().map { index, day in
            RunClock.Start(
                runID: index + 1 == days.count ? .max : Int64(index + 1),
                at: Self.first + Int64(day * Double(Self.day)))
        }
        let clock = RunClock(starts)
        return starts.dropLast().map { start in
            let time = clock.time(start.at + 60_000, ofRun: start.runID) - Self.first
            return (Double(time) / Double(Self.day) * 10).rounded() / 10
        }
    }

    @Test(
        arguments: [
            ([1, 2, 3, 4], [1, 2, 3]), ([1, 1, 1, 1], [1, 1, 1]),
            // A night with the clock ahead counts as the night after it.
            ([1, 30, 2, 6, 10], [1, 2, 2, 6]), ([1, 400, 401, 4, 5, 6], [1, 4, 4, 4, 5]),
            // The same after its date has come.
            ([1, 30, 2, 6, 10, 33], [1, 2, 2, 6, 10]), ([30, 2, 3, 4], [2, 2, 3]),
            // A night with the clock behind makes no other night older.
            ([1, 2, -300, 4], [1, 2, 4]), ([1, -200, 3], [1, 3]), ([5, 2, 7], [5, 7]),
            ([1, 2, -20_000, -20_000, -20_000, 4], [1, 2, 4, 4, 4]),
            // Nothing shows which of two is wrong: no time becomes older.
            ([1, 30, 2], [1, 30]), ([10, -300], [10]), ([], []),
        ] as [([Double], [Double])])
    func `The time of a night with a wrong clock counts as that of the next right one`(
        days: [Double], expected: [Double]
    ) {
        #expect(corrected(days) == expected)
    }

    @Test func `A moment without a run, or without any other run, is believed`() async throws {
        let clock = RunClock([.init(runID: 1, at: Self.first)])
        #expect(clock.time(5, ofRun: nil) == 5)
        #expect(RunClock().time(7, ofRun: 3) == 7)
        let journal = try Journal.inMemory()
        #expect(try await journal.runClock(now: Self.first).time(9, ofRun: nil) == 9)
    }

    @Test func `The journal's own runs are compared with the time now`() async throws {
        let journal = try Journal.inMemory()
        for _ in 1...4 {
            _ = try await journal.beginRun(
                pipelineName: "p", pipelineFile: "p.yaml", pipelineText: "")
        }
        try await journal.write { db in
            for (id, day) in [(1, 1), (2, 30), (3, 2), (4, 6)] as [(Int64, Int64)] {
                try db.execute(
                    cached: "UPDATE run SET started_at = ? WHERE id = ?",
                    arguments: [Self.first + day * Self.day, id])
            }
        }
        let clock = try await journal.runClock(now: Self.first + 10 * Self.day)
        #expect(
            clock.time(Self.first + 30 * Self.day, ofRun: 2) == Self.first + 2 * Self.day)
    }
}
