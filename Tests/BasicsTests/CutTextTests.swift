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

    @Test func `Two long values are cut around their difference`() {
        let common = String(repeating: "x", count: 1000)
        let cut = CutDifference(common + "a" + common, common + "b", to: 80)
        #expect(cut.old.contains("xa") && cut.new.hasSuffix("xb"))
        #expect(cut.old.hasPrefix("…") && cut.old.hasSuffix("…") && cut.old.count == 82)
        #expect(cut.old != cut.new)
        let shorter = CutDifference(common, common + "b", to: 80)
        #expect(shorter.old != shorter.new && shorter.old.hasSuffix("x"))
        let early = CutDifference("a" + common, "b" + common, to: 80)
        #expect(early.old.hasPrefix("ax") && early.new.hasPrefix("bx"))
        let short = CutDifference("same a", "same b", to: 80)
        #expect(short.old == "same a" && short.new == "same b")
    }
}
