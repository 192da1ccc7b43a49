// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("JSON of the services")
struct JSONCodingTests {
    @Test("what is read is what is sent, large integers and text of any script included")
    func roundTrip() throws {
        let text = #"{"a":9223372036854775807,"b":["ü","大","\"\\\n"],"c":null,"d":true,"e":1.5}"#
        let value = try JSONValue(body: Array(text.utf8), asked: "GET /")
        #expect(value["a"] == .integer(.max))
        #expect(value["d"] == true)
        #expect(String(decoding: value.body, as: UTF8.self) == text)
    }

    @Test("an answer that is not JSON names the request")
    func notJSON() {
        let error = #expect(throws: TranshipError.self) {
            try JSONValue(body: Array("<html>".utf8), asked: "GET /v2/images")
        }
        #expect(error?.code == .invalidAnswer)
        #expect(error?.message == "the answer to GET /v2/images is not JSON (6 bytes)")
    }

    @Test(
        "a text or a number that has no value is told with its place",
        arguments: [
            (#"[{"name": "x\ud800"}]"#, 11), (#"[{"\udc00": 1}]"#, 3), ("[0, 1e999999999]", 4),
        ])
    func unreadable(text: String, byte: Int) {
        let error = #expect(throws: TranshipError.self) {
            try JSONValue(body: Array(text.utf8), asked: "GET /v2/images")
        }
        #expect(error?.code == .invalidAnswer)
        #expect(
            error?.message == "the answer to GET /v2/images has a text or a number that cannot be "
                + "read at byte \(byte)")
        #expect(error?.hint == "ask the operator of the service which record has it")
    }

    /// 8 MiB of `0,` once took 253 MiB and 6 seconds.
    @Test("an answer of too many values, or nested too deep, is refused before it is read")
    func tooMany() throws {
        let list = "[" + String(repeating: "0,", count: 4 << 20) + "0]"
        let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
        for (text, words) in [(list, "more than 1000000 values"), (deep, "deeper than 100")] {
            let error = #expect(throws: TranshipError.self) {
                try JSONValue(body: Array(text.utf8), asked: "GET /v2/images")
            }
            #expect(error?.code == .invalidAnswer)
            #expect(error?.message.contains(words) == true)
            #expect(error?.message.contains("GET /v2/images") == true)
        }
    }

    @Test("no number of JSON is beyond all numbers", arguments: ["1e999", "-1e999", "NaN"])
    func notFinite(text: String) {
        #expect(throws: TranshipError.self) {
            try JSONValue(body: Array("[\(text)]".utf8), asked: "GET /")
        }
    }
}
