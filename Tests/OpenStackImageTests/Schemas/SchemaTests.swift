// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("Reading schemas")
struct SchemaTests {
    @Test("null is no allowed value, and a key without a list allows anything")
    func allowedValues() {
        let schema = Schema(
            name: "image",
            json: ["properties": ["disk_format": ["enum": [nil, "raw", "qcow2"]], "name": [:]]])
        #expect(schema.allowedValues(of: "disk_format") == ["raw", "qcow2"])
        #expect(schema.allowedValues(of: "name").isEmpty)
        #expect(schema.allowedValues(of: "nothing").isEmpty)
    }
}
