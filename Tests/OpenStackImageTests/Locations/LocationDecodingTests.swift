// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("Reading locations")
struct LocationDecodingTests {
    @Test("the store is taken from the metadata, and what has no URL is passed over")
    func list() throws {
        let list = try ImageLocation.list(
            [["url": "u", "metadata": ["store": "web", "x": 1]], ["metadata": [:]]], asked: "")
        #expect(list.map(\.url.revealed) == ["u"])
        #expect(list.first?.store == "web")
        #expect(list.first?.metadata["x"] == 1)
    }

    @Test("what is no list is no answer")
    func noList() {
        let error = #expect(throws: TranshipError.self) {
            try ImageLocation.list(["locations": []], asked: "GET /v2/images/i/locations")
        }
        #expect(error?.code == .invalidAnswer)
    }

    @Test("a record that shows its locations shows them")
    func record() throws {
        let image = try Image(json: ["id": "i", "locations": [["url": "u", "metadata": [:]]]])
        #expect(image.locations.map(\.url.revealed) == ["u"])
        #expect(try Image(json: ["id": "i"]).locations.isEmpty)
    }
}
