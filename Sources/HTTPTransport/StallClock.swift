// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Notices that a connection has not moved for too long.
///
/// The LOW_SPEED options of curl do not work here: their clock goes on while a callback waits for
/// our ring, so a transfer with a slow other side would be aborted.
struct StallClock {
    private var movedBytes: Int64 = -1
    private var movedNanoseconds = StallClock.nowNanoseconds()

    /// Starts over: something moved, or the wait was ours.
    mutating func restart() { movedNanoseconds = Self.nowNanoseconds() }

    /// True if the count has not changed for longer than the limit.
    mutating func isStalled(at bytes: Int64, limitSeconds: Int) -> Bool {
        if bytes != movedBytes {
            movedBytes = bytes
            restart()
            return false
        }
        return Self.nowNanoseconds() - movedNanoseconds >= UInt64(limitSeconds) * 1_000_000_000
    }

    private static func nowNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
