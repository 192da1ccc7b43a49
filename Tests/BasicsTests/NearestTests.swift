// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@Suite("Nearest")
struct NearestTests {
    private let words = ["disk_format", "container_format", "name", "min_disk", "url", "keep_id"]

    @Test(
        "a mistyped word finds the one that was meant, and nonsense finds none",
        arguments: [
            ("diskformat", "disk_format"), ("disk-format", "disk_format"), ("nmae", "name"),
            ("names", "name"), ("Name", "name"), ("ur", "url"), ("keepid", "keep_id"),
            ("min_dsk", "min_disk"), ("zzz", nil), ("", nil), ("checksum", nil),
        ] as [(String, String?)])
    func nearest(word: String, expected: String?) {
        #expect(Nearest.to(word, in: words) == expected)
    }

    @Test("an empty name is near to nothing")
    func empty() {
        #expect(Nearest.to("[", in: ["", "beta"]) == nil)
    }

    @Test("a very long word has no suggestion")
    func long() {
        #expect(Nearest.to(String(repeating: "n", count: 100_000), in: words) == nil)
    }
}
