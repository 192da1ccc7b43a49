// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@Suite struct CutTextTests {
    @Test func `Only longer text is cut`() {
        #expect("abc".cut(to: 3) == "abc")
        #expect("abcd".cut(to: 3) == "abc…")
        #expect("".cut(to: 0) == "")
        #expect("大大大".cut(to: 2) == "大大…")
    }

    @Test func `A character of any number of scalars is cut as well`() {
        let one = "a" + String(repeating: "\u{301}", count: 100_000)
        #expect(one.count == 1)
        #expect(one.cut(to: 10).unicodeScalars.count == 11)
    }
}
