// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import Testing

@Suite struct LocalTimeTests {
    @Test func `Times of day are read and written`() {
        for (text, minute) in [("00:00", 0), ("08:00", 480), ("23:59", 1439)] {
            #expect(LocalTime.parse(text) == minute)
            #expect(LocalTime.text(minuteOfDay: minute) == text)
        }
        #expect(LocalTime.parse("8:05") == 485)
        #expect(LocalTime.parse("24:00") == 1440)
    }

    @Test(arguments: [
        "", "8", "0800", "24:01", "25:00", "08:60", "08:0", "-1:00", "+8:00", "08:00:00", "008:00",
        "noon", "08:00 ",
    ])
    func `No other text is a time of day`(text: String) {
        #expect(LocalTime.parse(text) == nil)
    }

    @Test func `The minute of the day is that of the local calendar`() throws {
        for seconds in [0, 1_767_225_599, 1_774_745_999, 1_774_746_000] {
            let parts = Calendar.current.dateComponents(
                [.hour, .minute], from: Date(timeIntervalSince1970: Double(seconds)))
            let minute = try #require(parts.hour) * 60 + (try #require(parts.minute))
            #expect(LocalTime.minuteOfDay(Int64(seconds) * 1000 + 999) == minute)
        }
    }
}
