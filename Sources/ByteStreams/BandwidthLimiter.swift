// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A budget of bytes per second that any number of rings share.
///
/// A token bucket that allows a burst of a tenth of a second. It stores the time at which the next
/// byte is free, so writers queue in the order in which they asked and none starves.
public final class BandwidthLimiter: Sendable {
    private let bytesPerSecond: Int64
    private let nextFreeNanoseconds = Guarded<UInt64>(0)
    private static let burstNanoseconds: UInt64 = 100_000_000

    public init(bytesPerSecond: Int64) {
        precondition(bytesPerSecond > 0, "a limit of 0 bytes per second would stop every transfer")
        self.bytesPerSecond = bytesPerSecond
    }

    /// Reserves so many bytes of the budget.
    ///
    /// - Returns: the time of the monotonic clock from which the caller may use them.
    func reserve(_ bytes: Int, nowNanoseconds now: UInt64) -> UInt64 {
        let cost = UInt64(Double(bytes) / Double(bytesPerSecond) * 1e9)
        return nextFreeNanoseconds.withLock { next in
            let start = max(next, now &- min(now, Self.burstNanoseconds))
            next = start + cost
            return start
        }
    }
}
