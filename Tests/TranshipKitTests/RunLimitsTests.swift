// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import Synchronization
import Testing

@testable import TranshipKit

@Suite struct RunLimitsTests {
    /// Milliseconds since 1970 at which the local clock shows this minute of the day.
    private static func time(_ minute: Int) throws -> Int64 {
        let noon: Int64 = 1_767_225_600_000
        let times = (0..<2880).map { noon + Int64($0) * 60_000 }
        return try #require(times.first { LocalTime.minuteOfDay($0) == minute })
    }

    @Test func `The rate changes with the time of day, with one line each`() throws {
        let lines = Mutex<[String]>([])
        let clock = Mutex(try Self.time(7 * 60))
        let limits = RunLimits(
            BandwidthSchedule(
                windows: [.init(fromMinute: 480, toMinute: 1080, bytesPerSecond: 50 << 20)]),
            now: { clock.withLock { $0 } }, notice: { line in lines.withLock { $0.append(line) } })
        #expect(limits.limiter.bytesPerSecond == nil)
        limits.look()
        #expect(lines.withLock { $0 }.isEmpty)
        for minute in [480, 481, 1079, 1080] {
            clock.withLock { $0 = (try? Self.time(minute)) ?? 0 }
            limits.look()
            #expect(limits.limiter.bytesPerSecond == (minute < 1080 ? 50 << 20 : nil))
        }
        #expect(
            lines.withLock { $0 } == [
                "bandwidth: 50.0 MiB/s until 18:00, then no limit",
                "bandwidth: no limit until 08:00, then 50.0 MiB/s",
            ])
    }
}
