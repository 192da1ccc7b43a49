// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ByteStreams

/// A clock that notices if a connection has not moved for too long, or too slowly.
///
/// The LOW_SPEED options of curl do not work here: their clock goes on while a callback waits for
/// our ring, so curl would abort a transfer whose other side is slow.
struct StallClock {
    private var movedBytes: Int64 = -1
    private var movedNanoseconds = nowNanoseconds()

    /// The beginning of the period whose average counts, as a number of bytes and as a time. Each
    /// wait of our own moves that time by the length of the wait.
    private var periodBytes: Int64 = 0
    private var periodNanoseconds = nowNanoseconds()
    private var ownWaitNanoseconds: UInt64?

    /// Starts over, because something moved or because the wait was our own.
    mutating func restart() { movedNanoseconds = nowNanoseconds() }

    /// Notes that from now on the connection waits for our ring, not the other way round.
    mutating func beginOwnWait() { ownWaitNanoseconds = nowNanoseconds() }

    mutating func endOwnWait() {
        restart()
        if let began = ownWaitNanoseconds { periodNanoseconds += movedNanoseconds - began }
        ownWaitNanoseconds = nil
    }

    /// True if the count has not changed for longer than the limit.
    mutating func isStalled(at bytes: Int64, limitSeconds: Int) -> Bool {
        if bytes != movedBytes {
            movedBytes = bytes
            restart()
            return false
        }
        return nowNanoseconds() - movedNanoseconds >= Self.nanoseconds(limitSeconds)
    }

    /// True at the end of a period in which fewer bytes moved on average. Then begins the next
    /// period.
    mutating func isTooSlow(
        at bytes: Int64, leastBytesPerSecond: Int, periodSeconds: Int
    ) -> Bool {
        let now = nowNanoseconds()
        guard now - periodNanoseconds >= Self.nanoseconds(periodSeconds) else { return false }
        let seconds = Double(now - periodNanoseconds) / 1e9
        let rate = Double(bytes - periodBytes) / seconds
        periodBytes = bytes
        periodNanoseconds = now
        return rate < Double(leastBytesPerSecond)
    }

    private static func nanoseconds(_ seconds: Int) -> UInt64 {
        UInt64(max(0, seconds)) * 1_000_000_000
    }
}
