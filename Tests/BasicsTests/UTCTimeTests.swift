// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@Suite("UTCTime")
struct UTCTimeTests {
    @Test(
        "a moment is read to the second",
        arguments: [
            ("1970-01-01", 0), ("1970-01-01T00:00:00Z", 0), ("2026-01-01T00:00:00Z", 1_767_225_600),
            ("2026-01-01T02:00:00+02:00", 1_767_225_600),
            ("2025-12-31T19:30:00-04:30", 1_767_225_600),
            ("2026-01-01T00:00:00.999999", 1_767_225_600), ("2024-02-29", 1_709_164_800),
            ("2000-02-29T23:59:59z", 951_868_799), ("1969-12-31T23:59:59Z", -1),
        ] as [(String, Int64)])
    func reading(text: String, seconds: Int64) {
        #expect(UTCTime.unixSeconds(text) == seconds)
    }

    @Test(
        "text that is not a time is refused",
        arguments: [
            "", "2026", "2026-1-1", "2026-13-01", "2026-02-29", "1900-02-29", "2026-01-00",
            "2026-01-01T", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00Z",
            "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00+2",
            "yesterday", "2026-01-01x",
        ])
    func refusing(text: String) {
        #expect(UTCTime.unixSeconds(text) == nil)
    }

    @Test("writing a moment and reading it again gives it back, over four centuries")
    func roundTrip() {
        // A prime near the length of a day, so that all hours and all days of the year occur.
        for moment in stride(from: Int64(-5_000_000_000), to: 8_000_000_000, by: 8_640_013) {
            #expect(UTCTime.unixSeconds(UTCTime.text(unixSeconds: moment)) == moment)
        }
        #expect(UTCTime.text(unixSeconds: 1_767_225_600) == "2026-01-01T00:00:00Z")
    }

    @Test(
        "the time of an HTTP header is read to the second",
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Thursday, 01-Jan-70 00:00:00 GMT", 0),
            ("Thursday, 29-Feb-24 23:59:59 GMT", 1_709_251_199),
            ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Thu Feb 29 23:59:59 2024", 1_709_251_199),
        ] as [(String, Int64)])
    func readingHTTPDate(text: String, seconds: Int64) {
        #expect(UTCTime.unixSecondsOfHTTPDate(text) == seconds)
    }

    @Test(
        "what is not an HTTP date is refused",
        arguments: [
            "", "Sunday, 06-Nov-1994 08:49:37 GMT", "Sunday, 06-Nov 08:49:37 GMT",
            "Sun Nov 31 08:49:37 1994", "Sun Nov  6 08:49:37 94", "yesterday", "a b c d e",
            "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
        ])
    func refusingHTTPDate(text: String) {
        #expect(UTCTime.unixSecondsOfHTTPDate(text) == nil)
    }
}
