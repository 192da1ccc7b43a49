// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// One budget of bytes a second that any number of rings share.
///
/// A token bucket (the budget of a tenth of a second may be used at once), kept
/// as the time at which the next byte is free, so that writers queue in the
/// order in which they asked and none of them starves.
public final class BandwidthLimiter: Sendable {
    private let bytesPerSecond: Int64
    private let nextFreeNanoseconds = Guarded<UInt64>(0)
    private static let burstNanoseconds: UInt64 = 100_000_000

    public init(bytesPerSecond: Int64) {
        precondition(bytesPerSecond > 0, "a limit of no bytes would stop every transfer for ever")
        self.bytesPerSecond = bytesPerSecond
    }

    /// Sets that many bytes of the budget aside.
    ///
    /// - Returns: when the monotonic clock lets the caller use them.
    func reserve(_ bytes: Int, nowNanoseconds now: UInt64) -> UInt64 {
        let cost = UInt64(Double(bytes) / Double(bytesPerSecond) * 1e9)
        return nextFreeNanoseconds.withLock { next in
            let start = max(next, now &- min(now, Self.burstNanoseconds))
            next = start + cost
            return start
        }
    }
}
