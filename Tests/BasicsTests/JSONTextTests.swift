// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import Testing

/// Compares with Foundation's decoder.
@Suite struct JSONTextTests {
    private func value(_ text: String) -> JSONValue? { value(Array(text.utf8)) }

    private func value(_ bytes: [UInt8]) -> JSONValue? {
        JSONText(bytes).flatMap { JSONValue($0) }
    }

    @Test(arguments: [
        "null", " true ", "false", "0", "-0", "-17", "9007199254740993", "9223372036854775807",
        "-9223372036854775808", "9223372036854775808", "2.0", "2.5", "-1.25e2", "1E3", "1e-7",
        #""""#, #""x""#, #""\"\\\/\b\f\n\r\t""#, #""\u0041\u00e9\ud83d\ude00""#, "\"é😀\"",
        "[]", "[1]", "[1,[2,[]],{}]", "{}", #"{"a":1}"#, #" { "a" : [ 1 , { "b" : null } ] } "#,
        #"{"a":1,"\u0061":2,"b":{"a":3}}"#, "\u{feff}[1]", "[\t1,\r\n2]",
    ])
    func `What is JSON has the same value`(text: String) throws {
        #expect(value(text) == (try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))))
    }

    @Test(arguments: [
        "", " ", "nul", "truex", "nulll", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "0x1",
        "1e999", "NaN", "\"", "\"x", #""\"#, #""\x""#, #""\u12""#, #""\u12g4""#, #""\ud83d""#,
        #""\ud83dx""#, #""\ude00""#, "\"\n\"", "[", "]", "[1", "[1,", "[,1]", "[1 2]",
        "{", "}", "{1:2}", #"{"a"}"#, #"{"a":}"#, #"{"a":1"#, #"{"a":1]"#, "[1}",
        "[] []", "1 2", "{},", "'x'",
    ])
    func `What is not JSON has no value`(text: String) {
        #expect(value(text) == nil)
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        }
    }

    @Test(arguments: ["[1,]", #"{"a":1,}"#])
    func `A comma is followed by a value, as RFC 8259 has it`(text: String) {
        #expect(value(text) == nil)
    }

    @Test func `Bytes that are not text have no value`() {
        #expect(value([0x22, 0xFF, 0x22]) == nil)
        #expect(value([0x22, 0xC3, 0x22]) == nil)
        #expect(value(Array(#"{"a":""#.utf8) + [0xED, 0xA0, 0x80] + Array("\"}".utf8)) == nil)
    }

    @Test func `So deep and no deeper`() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(value(nested(JSONBounds.depthMax)) != nil)
        #expect(value(nested(JSONBounds.depthMax + 1)) == nil)
        #expect(value(String(repeating: "[", count: 1_000_000)) == nil)
    }

    @Test func `Every part of a text that ends too early is not JSON`() {
        let text = Array(#"{"a":[1,"x\u0041",true,null],"b":{"c":[]}}"#.utf8)
        #expect(value(text) != nil)
        for end in text.indices { #expect(value(Array(text[..<end])) == nil) }
    }
}
