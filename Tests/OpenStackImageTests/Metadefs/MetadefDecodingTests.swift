// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("Reading metadata definitions")
struct MetadefDecodingTests {
    @Test("a namespace is read with all that is in it, and what is unknown is kept")
    func namespace() throws {
        let namespace = try MetadefNamespace(json: [
            "namespace": "n", "protected": true, "owner": "o", "future": 1,
            "resource_type_associations": [["name": "T", "prefix": "p_"], [:]],
            "properties": [
                "b": ["title": "B", "type": "string", "readonly": true, "enum": ["x"]],
                "a": ["title": "A", "type": "integer", "default": 3],
            ],
            "objects": [["name": "obj", "properties": ["c": ["title": "C"]]]],
            "tags": [["name": "t"]],
        ])
        #expect(namespace.isProtected && namespace.ownerID == "o")
        #expect(namespace.resourceTypes.map(\.resourceType) == ["T"])
        #expect(namespace.properties.map(\.name) == ["a", "b"])
        #expect(namespace.properties.map(\.isReadOnly) == [false, true])
        #expect(namespace.properties.first?.defaultValue == 3)
        #expect(namespace.properties.last?.allowedValues == ["x"])
        #expect(namespace.objects.first?.properties.map(\.title) == ["C"])
        #expect(namespace.tags == ["t"])
        #expect(namespace.record["future"] == 1)
    }

    @Test("what has no name is no answer")
    func nameless() {
        for read in [
            { _ = try MetadefNamespace(json: ["display_name": "n"]) },
            { _ = try MetadefProperty(json: ["title": "t"]) },
            { _ = try MetadefNamespace.page([:], asked: "GET /") },
        ] as [() throws -> Void] {
            let error = #expect(throws: TranshipError.self) { try read() }
            #expect(error?.code == .invalidAnswer)
        }
    }

    @Test("the name that a service repeats in a schema is not part of it")
    func schema() throws {
        let property = try MetadefProperty(json: ["name": "p", "title": "P", "type": "string"])
        #expect(property == MetadefProperty("p", title: "P", type: "string"))
        #expect(property.json == ["name": "p", "title": "P", "type": "string"])
    }
}
