// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OpenStackImage

@Suite("Keystone's times")
struct KeystoneTimeTests {
    @Test(
        "UTC times are seconds since 1970, leap years included",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-21T03:04:05.000000Z", 1_795_230_245),
            ("2024-02-29T23:59:59Z", 1_709_251_199), ("2000-03-01T00:00:00", 951_868_800),
        ])
    func seconds(_ text: String, _ expected: Int64) {
        #expect(KeystoneTime.seconds(text) == expected)
    }

    @Test(
        "what is no time is nil",
        arguments: ["", "yesterday", "2026-13-01T00:00:00Z", "2026-11-2xT00:00:00Z"])
    func refused(_ text: String) {
        #expect(KeystoneTime.seconds(text) == nil)
    }
}
