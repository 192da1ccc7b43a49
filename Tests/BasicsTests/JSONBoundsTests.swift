// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@Suite struct JSONBoundsTests {
    private func excess(_ text: String, valuesMax: Int = JSONBounds.valuesMax) -> String? {
        Array(text.utf8).withUnsafeBytes { JSONBounds.excess(of: $0, valuesMax: valuesMax) }
    }

    @Test func `So many values pass and no more`() {
        #expect(excess("[0,0,0]", valuesMax: 4) == nil)
        #expect(excess("[0,0,0,0]", valuesMax: 4) == "has more than 4 values")
        #expect(excess("[[],{},[]]", valuesMax: 5)?.contains("more than 5") == true)
        #expect(excess(#"{"a":{"b":1},"c":2}"#, valuesMax: 5) == nil)
    }

    @Test func `What a string holds does not count`() {
        #expect(excess(#"["[[[,,,{{{\",,[","\\"]"#, valuesMax: 3) == nil)
        #expect(excess(#"["\\",0,0]"#, valuesMax: 3) == "has more than 3 values")
    }

    @Test func `So deep and no deeper`() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(excess(nested(JSONBounds.depthMax)) == nil)
        #expect(excess(nested(JSONBounds.depthMax + 1))?.contains("deeper than 100") == true)
        #expect(excess("[" + String(repeating: "[],", count: 500) + "0]") == nil)
    }

    @Test(arguments: ["", "]]]]", #"""#, #"""\"#, "\u{0}", "{,", "nonsense"])
    func `Any bytes are looked at`(text: String) {
        #expect(excess(text) == nil)
    }
}
