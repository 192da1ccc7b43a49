// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceModel
import Testing

@Suite struct JSONTextTests {
    private func decoded(_ text: [UInt8]) -> JSONValue? {
        try? JSONDecoder().decode(JSONValue.self, from: Data(text))
    }

    @Test(arguments: [
        #" { "a" : [ 1 , -2.5e3 , true , false , null , "x" ] , "o" : { } , "l" : [ ] } "#,
        #"{"name":"ü 大 🚢","max":9223372036854775807,"min":-9223372036854775808}"#,
        #""\"\\\/\b\f\n\r\tA\u00fcüé\ud83d\udea2\u0000""#, "0", "-0", "1.0", "1e2", "0.1",
        "18446744073709551616", "[[[[]]]]", #"{"a":{"b":{"c":1}}}"#, "\u{FEFF}1",
    ])
    func `It reads what a decoder reads`(text: String) throws {
        let bytes = Array(text.utf8)
        let value = try #require(JSONValue(text: bytes))
        #expect(value == decoded(bytes))
        #expect(JSONValue(text: value.text) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "truex", "tru", "[1,]", "[1 2]", "[", "{", #"{"a"}"#, #"{"a":}"#,
        #"{"a":1,}"#, "{1:2}", #"{"a":1 "b":2}"#, "1 2", "01", "-", "1.", ".5", "1e", "+1", "0x1",
        #"""#, #""a"#, #""\x""#, #""\u12"#, #""\u12g4""#, #""\ud83d""#, #""\ud83dx""#,
        #""\ud83dA""#, #""\udea2""#, "\"a\nb\"", "'a'", "NaN", "1e999", "<html>",
        "[1]garbage",
    ])
    func `It refuses text that is not JSON`(text: String) {
        #expect(JSONValue(text: Array(text.utf8)) == nil)
    }

    @Test func `Bytes that are not UTF-8 are not JSON`() {
        #expect(JSONValue(text: [0x22, 0xFF, 0x22]) == nil)
        #expect(JSONValue(text: [0x22, 0x5C, 0x6E, 0xC3, 0x22]) == nil)
    }

    /// Input from outside must not exhaust the stack.
    @Test func `Depth has a limit`() {
        func nested(_ count: Int) -> [UInt8] {
            Array(repeating: UInt8(ascii: "["), count: count)
                + Array(repeating: UInt8(ascii: "]"), count: count)
        }
        #expect(JSONValue(text: nested(512)) != nil)
        #expect(JSONValue(text: nested(513)) == nil)
        #expect(JSONValue(text: Array(repeating: UInt8(ascii: "["), count: 1_000_000)) == nil)
    }

    /// With one byte changed, a text gives the same result as a decoder. The exception is a comma
    /// before the end of an object, which the decoder accepts.
    @Test func `A damaged text is judged as by a decoder`() throws {
        let text = Array(#"{"a":[1,-2.5,true,null,"x\ny\u00fc"],"b":{"c":"d"},"n":10}"#.utf8)
        for index in text.indices {
            for byte in [UInt8(ascii: "\""), 0x5C, 0x2C, 0x5D, 0x7D, 0x30, 0x20, 0x2D, 0x65, 0x80] {
                var damaged = text
                damaged[index] = byte
                let words = String(decoding: damaged, as: UTF8.self)
                let expected = words.contains(",}") ? nil : decoded(damaged)
                #expect(JSONValue(text: damaged) == expected, "\(words)")
            }
        }
    }

    @Test func `Equal values are equal bytes`() {
        let value: JSONValue = [
            "b": ["ü", "\"\\\n\t\r\u{1}\u{1F}/"], "a": 1, "c": nil, "d": [:], "e": .number(1.5),
            "f": .number(2), "g": [true, false],
        ]
        #expect(
            String(decoding: value.text, as: UTF8.self)
                == #"{"a":1,"b":["ü","\"\\\n\t\r\u0001\u001f/"],"c":null,"d":{},"e":1.5,"f":2,"#
                + #""g":[true,false]}"#)
    }
}
