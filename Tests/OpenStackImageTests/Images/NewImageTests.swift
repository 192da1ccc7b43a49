// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("Values of a new image")
struct NewImageValuesTests {
    private func image(_ values: [String: JSONValue]) throws -> NewImage {
        var image = NewImage()
        try image.set(values)
        return image
    }

    @Test("sizes stay numbers, flags and tags what they are, the rest becomes text")
    func types() throws {
        let image = try image([
            "min_disk": "3", "min_ram": 512, "size": "10", "virtual_size": 20,
            "is_protected": true, "tags": ["a", 1], "hw_x": 4, "hw_y": false,
            "hw_z": .number(1.5), "list": ["a"], "gone": nil, "disk_format": "raw",
            "visibility": "shared",
        ])
        #expect(
            image.record == [
                "min_disk": 3, "min_ram": 512, "size": 10, "virtual_size": 20, "protected": true,
                "tags": ["a", "1"], "hw_x": "4", "hw_y": "false", "hw_z": "1.5",
                "list": "[\"a\"]", "gone": nil, "disk_format": "raw", "visibility": "shared",
            ])
    }

    @Test("untyped members win over everything and keep their types")
    func untyped() {
        let image = NewImage(
            minDiskGiB: 1, properties: ["p": "typed"],
            untyped: ["min_disk": 9, "p": ["not": "text"], "q": 1])
        #expect(image.record == ["min_disk": 9, "p": ["not": "text"], "q": 1])
    }

    @Test(
        "a value that cannot be what its key asks for is a mistake",
        arguments: [
            ("min_disk", "many"), ("min_ram", JSONValue.bool(true)), ("protected", "perhaps"),
            ("tags", "a"),
        ])
    func wrong(_ key: String, _ value: JSONValue) {
        let error = #expect(throws: TranshipError.self) { try image([key: value]) }
        #expect(error?.code == .usage)
        #expect(error?.message.hasPrefix("\(key) must be") == true)
    }
}
