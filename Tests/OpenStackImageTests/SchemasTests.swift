// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Reading schemas")
struct SchemaTests {
    @Test("null is not an allowed value, and a key without a list allows anything")
    func allowedValues() {
        let schema = Schema(
            name: "image",
            record: ["properties": ["disk_format": ["enum": [nil, "raw", "qcow2"]], "name": [:]]])
        #expect(schema.allowedValues(of: "disk_format") == ["raw", "qcow2"])
        #expect(schema.allowedValues(of: "name").isEmpty)
        #expect(schema.allowedValues(of: "nothing").isEmpty)
    }
}

@Suite("Schemas at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceSchemasTests {
    @Test(
        "each record has a schema",
        .proves(
            "sdk get_images_schema", "sdk get_image_schema", "sdk get_members_schema",
            "sdk get_member_schema", "sdk get_tasks_schema", "sdk get_task_schema"),
        arguments: ["image", "images", "member", "members", "task", "tasks"])
    func published(_ name: String) async throws {
        let schema = try await Lab.service().schema(name)
        #expect(!schema.properties.isEmpty)
    }

    @Test(
        "each part of the metadata definitions has a schema",
        .proves(
            "sdk get_metadef_namespace_schema", "sdk get_metadef_namespaces_schema",
            "sdk get_metadef_resource_type_schema", "sdk get_metadef_resource_types_schema",
            "sdk get_metadef_object_schema", "sdk get_metadef_objects_schema",
            "sdk get_metadef_property_schema", "sdk get_metadef_properties_schema",
            "sdk get_metadef_tag_schema", "sdk get_metadef_tags_schema"),
        arguments: [
            "namespace", "namespaces", "resource_type", "resource_types", "object", "objects",
            "property", "properties", "tag", "tags",
        ])
    func metadefs(_ name: String) async throws {
        let schema = try await Lab.service().metadefSchema(name)
        #expect(schema.name == name)
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
