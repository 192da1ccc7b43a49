// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Synchronization

/// A budget of bytes per second that any number of rings share, and that may change at any time.
///
/// A token bucket that counts in bytes: every writer reserves the next bytes of one long stream, and
/// waits until the budget has reached the first of them. So writers queue in the order in which they
/// asked, none starves, and a change of the rate counts for those that wait already.
///
/// No second has more than 1.1 times the rate: a burst is at most a twentieth of a second, and a
/// piece a fortieth.
public final class BandwidthLimiter: Sendable {
    private struct Budget {
        /// Bytes that were ever reserved.
        var reserved = 0.0
        /// How many of those may be used, by the time `atNanoseconds`.
        var free = 0.0
        var atNanoseconds: UInt64 = 0
    }

    private static let burstSeconds = 0.05
    private static let pieceSeconds = 0.025
    /// A long write must not hold up the other transfers for seconds.
    private static let pieceBytesMax = 64 << 10

    /// Bytes a second; 0 means unlimited.
    private let rate: Atomic<Int64>
    private let budget = Guarded(Budget())

    /// - Parameter bytesPerSecond: above 0; nil means unlimited.
    public init(bytesPerSecond: Int64?) {
        rate = Atomic(max(0, bytesPerSecond ?? 0))
    }

    /// Nil means unlimited.
    public var bytesPerSecond: Int64? {
        let rate = rate.load(ordering: .relaxed)
        return rate > 0 ? rate : nil
    }

    /// Changes the rate for all that is written from now on. Writers that wait notice it within a
    /// quarter of a second.
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

    /// How many bytes one write may reserve at a time; nil if there is no limit to ask for.
    package var pieceBytes: Int? {
        bytesPerSecond.map {
            min(
                Self.pieceBytesMax,
                max(1, Int(clamping: Int64(clamping: Double($0) * Self.pieceSeconds))))
        }
    }

    /// Reserves the next bytes of the budget.
    ///
    /// - Returns: where they begin, for ``waitNanoseconds(for:nowNanoseconds:)``.
    package func reserve(_ bytes: Int, nowNanoseconds now: UInt64) -> Double {
        budget.withLock { budget in
            advance(&budget, to: now)
            defer { budget.reserved += Double(bytes) }
            return budget.reserved
        }
    }

    /// How long a writer has to wait for reserved bytes if the rate stays as it is; 0: no longer.
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
