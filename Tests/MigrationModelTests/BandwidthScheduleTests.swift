// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel
import Testing

@Suite struct BandwidthScheduleTests {
    private static let day = BandwidthSchedule.Window(
        fromMinute: 480, toMinute: 1080, bytesPerSecond: 50 << 20)
    private static let night = BandwidthSchedule.Window(
        fromMinute: 1320, toMinute: 360, bytesPerSecond: nil)
    private let both = BandwidthSchedule(windows: [day, night], rest: 200 << 20)

    @Test(arguments: [
        (0, nil, "no limit until 06:00, then 200.0 MiB/s"),
        (359, nil, "no limit until 06:00, then 200.0 MiB/s"),
        (360, 200, "200.0 MiB/s until 08:00, then 50.0 MiB/s"),
        (480, 50, "50.0 MiB/s until 18:00, then 200.0 MiB/s"),
        (1079, 50, "50.0 MiB/s until 18:00, then 200.0 MiB/s"),
        (1080, 200, "200.0 MiB/s until 22:00, then no limit"),
        (1439, nil, "no limit until 06:00, then 200.0 MiB/s"),
    ])
    func `Each minute of the day has its rate, and a time at which it changes`(
        minute: Int, mebibytes: Int64?, words: String
    ) {
        #expect(both.bytesPerSecond(atMinute: minute) == mebibytes.map { $0 << 20 })
        #expect(both.words(atMinute: minute) == words)
    }

    @Test func `One rate never changes`() {
        let one = BandwidthSchedule(rest: 1 << 20)
        #expect(one.words(atMinute: 7) == "1.0 MiB/s")
        #expect(one.change(afterMinute: 7) == nil)
        #expect(!one.isUnlimited)
        #expect(BandwidthSchedule().isUnlimited)
        #expect(BandwidthSchedule().words(atMinute: 7) == "no limit")
        #expect(BandwidthSchedule(windows: [Self.night]).isUnlimited)
    }

    @Test func `A window with the rate of the rest changes nothing`() {
        let same = BandwidthSchedule(windows: [Self.day], rest: 50 << 20)
        #expect(same.change(afterMinute: 500) == nil)
        let whole = BandwidthSchedule(
            windows: [.init(fromMinute: 60, toMinute: 60, bytesPerSecond: 5)], rest: 6)
        #expect((0..<1440).allSatisfy { whole.bytesPerSecond(atMinute: $0) == 5 })
    }

    @Test(arguments: [
        (0, 480, false), (0, 481, true), (1080, 0, false), (1079, 1200, true), (600, 700, true),
        (1300, 500, true), (100, 100, true),
    ])
    func `Windows overlap if they share a minute`(from: Int, to: Int, overlaps: Bool) {
        let other = BandwidthSchedule.Window(fromMinute: from, toMinute: to, bytesPerSecond: 1)
        #expect(Self.day.overlaps(other) == overlaps)
        #expect(other.overlaps(Self.day) == overlaps)
    }
}
