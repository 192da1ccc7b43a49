// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import Testing

@Suite struct JSONValueTests {
    private func decoded(_ text: String) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    }

    @Test func `What a service sent can be sent back as it came`() throws {
        let text = #"{"a":[1,-2.5,true,null,"x"],"big":9007199254740993,"o":{}}"#
        let value = try decoded(text)
        #expect(
            value == [
                "a": [1, .number(-2.5), true, nil, "x"], "big": 9_007_199_254_740_993, "o": [:],
            ])
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(String(decoding: try encoder.encode(value), as: UTF8.self) == text)
    }

    @Test func `Each accessor gives its own kind and nothing else`() throws {
        let value = try decoded(#"{"s":"1","i":1,"n":2.0,"f":2.5,"b":true,"l":[],"z":null}"#)
        #expect(value["s"]?.string == "1" && value["s"]?.integer == nil)
        #expect(value["i"]?.integer == 1 && value["i"]?.bool == nil)
        #expect(value["n"]?.integer == 2 && value["f"]?.integer == nil)
        #expect(value["b"]?.bool == true && value["b"]?.string == nil)
        #expect(value["l"]?.array == [] && value["l"]?.object == nil)
        #expect(value["z"] == .null && value["none"] == nil)
        #expect(value["l"]?["x"] == nil)
    }
}
