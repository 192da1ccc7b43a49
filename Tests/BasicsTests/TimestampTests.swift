// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@Suite struct TimestampTests {
    @Test func `A point in time is shown in UTC to the second`() {
        #expect(Timestamp.text(0) == "1970-01-01T00:00:00Z")
        #expect(Timestamp.text(1_795_233_600_999) == "2026-11-21T04:00:00Z")
    }

    @Test func `Now lies in this century`() {
        #expect(Timestamp.now() > 1_700_000_000_000)
        #expect(Timestamp.now() < 4_102_444_800_000)
    }
}
