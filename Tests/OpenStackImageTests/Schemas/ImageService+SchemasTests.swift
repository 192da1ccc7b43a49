// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel
import Testing

@testable import OpenStackImage

@Suite("Schemas at a real Glance", .enabled(if: Lab.isUp))
struct ImageServiceSchemasTests {
    @Test(
        "each record has a schema",
        arguments: ["image", "images", "member", "members", "task", "tasks"])
    func published(_ name: String) async throws {
        let schema = try await Lab.service().schema(name)
        #expect(!schema.properties.isEmpty)
    }

    @Test("the image schema says which formats this cloud takes")
    func formats() async throws {
        let schema = try await Lab.service().schema("image")
        #expect(schema.allowedValues(of: "disk_format").contains("qcow2"))
        #expect(schema.allowedValues(of: "container_format").contains("bare"))
        #expect(schema.allowedValues(of: "name").isEmpty)
    }
}
