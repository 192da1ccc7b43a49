// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@Suite struct ByteCountTests {
    @Test(
        arguments: [
            ("0", 0), ("17", 17), ("17B", 17), ("1kB", 1000), ("1KiB", 1024), ("50GiB", 50 << 30),
            ("200 MB", 200_000_000), ("1.5MiB", 3 << 19), ("2TB", 2_000_000_000_000),
            ("1TiB", 1 << 40), ("9223372036854775807", .max),
        ] as [(String, Int64)])
    func `Bytes are read with decimal and binary units`(text: String, bytes: Int64) {
        #expect(ByteCount.parse(text) == bytes)
    }

    @Test(arguments: [
        "", "B", "MiB", "-1", "+1", "1e3", "1,5GiB", "0x10", "1KB", "1mib", "1 G", "1.2.3MiB",
        ".5MiB",
        "9223372036854775808", "9007199254740993TiB", "10000000.5TiB", "nan", "inf",
    ])
    func `Text that is not a number of bytes is refused`(text: String) {
        #expect(ByteCount.parse(text) == nil)
    }

    @Test(
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_500_000, "1.4 MiB"),
            ((1 << 30) - 1, "1024.0 MiB"), (5 << 40, "5.0 TiB"), (-5, "-5 B"),
        ] as [(Int64, String)])
    func `Bytes are shown in the largest binary unit`(bytes: Int64, text: String) {
        #expect(ByteCount.format(bytes) == text)
    }

    @Test(
        arguments: [("0s", 0), ("30s", 30), ("15m", 900), ("24h", 86_400), ("7d", 604_800)]
            as [(String, Int64)])
    func `Spans of time are read`(text: String, seconds: Int64) {
        #expect(TimeSpan.parse(text) == seconds)
    }

    @Test(arguments: ["", "s", "7", "-1d", "1.5h", "1w", "1 d", "106751991167301d"])
    func `Text that is not a span is refused`(text: String) {
        #expect(TimeSpan.parse(text) == nil)
    }

    @Test(
        arguments: [
            (9, "9s"), (60, "1m 00s"), (250, "4m 10s"), (3900, "1h 05m"), (90_000, "1d 01h"),
        ] as [(Int64, String)])
    func `Spans are shown in their two largest units`(seconds: Int64, text: String) {
        #expect(TimeSpan.format(seconds) == text)
    }
}
