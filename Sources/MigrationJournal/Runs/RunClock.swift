// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import GRDB

/// The correction of times in the journal that were written under a wrong clock.
///
/// Runs follow each other, so their times rise. If they do not, the clock was wrong during some
/// run. `RunClock` trusts the largest choice of runs whose times rise. A time that is not between
/// those of its trusted neighbours becomes the time of the next one. Of two choices of the same
/// size the one with the later times is trusted: a version that was replaced later is deleted
/// later.
public struct RunClock: Sendable {
    /// A run and the time at which it began, in milliseconds since 1970.
    public struct Start: Sendable, Hashable {
        public var runID: Int64
        public var at: Int64

        public init(runID: Int64, at: Int64) {
            self.runID = runID
            self.at = at
        }
    }

    /// 2026-01-01, the earliest time that can be right: Tranship is not older. A machine without a
    /// clock battery starts in 1970.
    private static let earliest: Int64 = 1_767_225_600_000

    /// The trusted starts, in the order of runs, with times that rise.
    private let believed: [Start]

    /// Trusts every time.
    public init() { believed = [] }

    /// - Parameter starts: the starts in the order of runs.
    public init(_ starts: [Start]) {
        believed = Self.rising(starts.filter { $0.at >= Self.earliest })
    }

    /// Returns the corrected time of an event in a run.
    ///
    /// - Parameters:
    ///   - at: milliseconds since 1970.
    ///   - runID: the run; nil if it is unknown, and then the time is trusted.
    public func time(_ at: Int64, ofRun runID: Int64?) -> Int64 {
        guard let runID else { return at }
        // Find the first trusted start that is not before the run.
        var (low, high) = (0, believed.count)
        while low < high {
            let middle = (low + high) / 2
            if believed[middle].runID < runID { low = middle + 1 } else { high = middle }
        }
        let earliest = low > 0 ? max(at, believed[low - 1].at) : at
        if low < believed.count, believed[low].runID == runID { low += 1 }
        guard low < believed.count else { return earliest }
        return earliest == at ? min(at, believed[low].at) : believed[low].at
    }

    /// Returns the longest choice of starts whose times rise; of several, the one with the latest
    /// times.
    private static func rising(_ starts: [Start]) -> [Start] {
        let times = Set(starts.map(\.at)).sorted()
        let ranks = Dictionary(uniqueKeysWithValues: zip(times, 1...))
        /// A choice of starts: its length, the sum of its times, and the index of its last start.
        typealias Choice = (length: Int, sum: Int64, end: Int)
        func isBetter(_ one: Choice, than other: Choice) -> Bool {
            (one.length, one.sum) > (other.length, other.sum)
        }
        // A Fenwick tree, which has the best choice for all times up to a rank.
        var best = [Choice](repeating: (0, 0, -1), count: times.count + 1)
        var before = [Int](repeating: -1, count: starts.count)
        var longest: Choice = (0, 0, -1)
        for (index, start) in starts.enumerated() {
            let own = ranks[start.at] ?? 1
            var found: Choice = (0, 0, -1)
            var rank = own
            while rank > 0 {
                if isBetter(best[rank], than: found) { found = best[rank] }
                rank -= rank & -rank
            }
            before[index] = found.end
            found = (found.length + 1, found.sum.clampedSum(start.at), index)
            if isBetter(found, than: longest) { longest = found }
            rank = own
            while rank <= times.count {
                if isBetter(found, than: best[rank]) { best[rank] = found }
                rank += rank & -rank
            }
        }
        var chosen: [Start] = []
        var index = longest.end
        while index >= 0 {
            chosen.append(starts[index])
            index = before[index]
        }
        return chosen.reversed()
    }
}

extension Journal {
    /// The maximum number of runs for the clock: more than 27 years with one run each night.
    private static let clockRunsMax = 10_000

    /// Returns the clock for the runs that the journal has.
    ///
    /// - Parameter now: the present time by the clock, in milliseconds since 1970.
    public func runClock(now: Int64) async throws(TranshipError) -> RunClock {
        let starts: [RunClock.Start] = try await read { db in
            try db.rows(
                cached: "SELECT id, started_at FROM run ORDER BY id DESC LIMIT ?",
                arguments: [Self.clockRunsMax]
            ).map { row in try RunClock.Start(runID: row["id"], at: row["started_at"]) }
        }
        return RunClock(starts.reversed() + [RunClock.Start(runID: .max, at: now)])
    }
}
