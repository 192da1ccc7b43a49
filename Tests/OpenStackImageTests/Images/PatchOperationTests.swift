// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("The patch between two records")
struct PatchOperationChangesTests {
    private func image(_ record: [String: JSONValue]) throws -> Image {
        try Image(json: .object(record.merging(["id": "i"]) { $1 }))
    }

    @Test("equal records need none, and the order of tags does not matter")
    func none() throws {
        let old = try image(["tags": ["a", "b"], "name": "n", "status": "queued"])
        var new = try image(["tags": ["b", "a"], "name": "n", "status": "active", "size": 5])
        #expect(PatchOperation.changes(from: old, to: new).isEmpty)
        new.tags = ["a", "b", "a"]
        #expect(PatchOperation.changes(from: old, to: new).isEmpty)
    }

    @Test("what the service knows is replaced, what it does not know yet is added")
    func addOrReplace() throws {
        let old = try image(["name": nil, "p": "1", "q": nil])
        var new = old
        new.name = "n"
        new.isHidden = true
        new.properties = ["p": "2", "q": nil, "r": "3"]
        #expect(
            PatchOperation.changes(from: old, to: new) == [
                .replace("name", "n"), .add("os_hidden", true), .replace("p", "2"), .add("r", "3"),
            ])
        #expect(PatchOperation.changes(from: new, to: old).contains(.remove("r")))
    }
}
