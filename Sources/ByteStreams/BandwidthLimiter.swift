// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Synchronization

/// A budget of bytes per second that any number of rings share, and that may change at any time.
///
/// A token bucket that counts in bytes: every writer reserves the next bytes of one long stream,
/// and waits until the budget has reached the first of them. So writers get bandwidth in the order
/// in which they asked, none starves, and a change of the rate also applies to writers that already
/// wait.
///
/// No second gets more than 1.1 times the rate: a burst is at most the bytes of a twentieth of a
/// second, and a piece those of a fortieth.
public final class BandwidthLimiter: Sendable {
    private struct Budget {
        /// The number of bytes reserved so far.
        var reserved = 0.0
        /// The number of reserved bytes that may be used by the time `atNanoseconds`.
        var free = 0.0
        var atNanoseconds: UInt64 = 0
    }

    private static let burstSeconds = 0.05
    private static let pieceSeconds = 0.025
    /// A long write must not hold up the other transfers for seconds.
    private static let pieceBytesMax = 64 << 10

    /// The rate in bytes per second; 0 means unlimited.
    private let rate: Atomic<Int64>
    private let budget = Guarded(Budget())

    /// - Parameter bytesPerSecond: above 0; nil means unlimited.
    public init(bytesPerSecond: Int64?) {
        rate = Atomic(max(0, bytesPerSecond ?? 0))
    }

    /// The rate; nil means unlimited.
    public var bytesPerSecond: Int64? {
        let rate = rate.load(ordering: .relaxed)
        return rate > 0 ? rate : nil
    }

    /// Changes the rate for everything that is written from now on. Waiting writers notice the
    /// change within a quarter of a second.
    public func change(bytesPerSecond: Int64?) {
        change(bytesPerSecond: bytesPerSecond, nowNanoseconds: nowNanoseconds())
    }

    package func change(bytesPerSecond: Int64?, nowNanoseconds now: UInt64) {
        budget.withLock { budget in
            advance(&budget, to: now)
            rate.store(max(0, bytesPerSecond ?? 0), ordering: .relaxed)
            advance(&budget, to: now)
        }
    }

    /// The number of bytes that one write may reserve at a time; nil if the bandwidth is unlimited.
    package var pieceBytes: Int? {
        bytesPerSecond.map {
            min(
                Self.pieceBytesMax,
                max(1, Int(clamping: Int64(clamping: Double($0) * Self.pieceSeconds))))
        }
    }

    /// Reserves the next bytes of the budget.
    ///
    /// - Returns: the position of the first reserved byte, for
    ///   ``waitNanoseconds(for:nowNanoseconds:)``.
    package func reserve(_ bytes: Int, nowNanoseconds now: UInt64) -> Double {
        budget.withLock { budget in
            advance(&budget, to: now)
            defer { budget.reserved += Double(bytes) }
            return budget.reserved
        }
    }

    /// Returns the time that a writer must wait for its reserved bytes if the rate stays the same;
    /// 0 if it need not wait.
    package func waitNanoseconds(for position: Double, nowNanoseconds now: UInt64) -> UInt64 {
        budget.withLock { budget in
            advance(&budget, to: now)
            guard let rate = bytesPerSecond, position > budget.free else { return 0 }
            let nanoseconds = ((position - budget.free) / Double(rate) * 1e9).rounded(.up)
            return UInt64(clamping: Int64(clamping: nanoseconds))
        }
    }

    private func advance(_ budget: inout Budget, to now: UInt64) {
        let seconds = Double(now - min(now, budget.atNanoseconds)) / 1e9
        budget.atNanoseconds = max(now, budget.atNanoseconds)
        guard let rate = bytesPerSecond else {
            budget.free = budget.reserved
            return
        }
        let burst = Double(rate) * Self.burstSeconds
        budget.free = min(budget.free + Double(rate) * seconds, budget.reserved + burst)
    }
}
