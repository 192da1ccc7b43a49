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
}
