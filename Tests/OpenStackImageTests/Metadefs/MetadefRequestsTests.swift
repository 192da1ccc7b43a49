// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import Testing

@testable import OpenStackImage

@Suite("Metadata definition requests")
struct MetadefRequestsTests {
    private func text(_ request: ServiceRequest) -> String {
        String(decoding: request.body ?? [], as: UTF8.self)
    }

    @Test("names are one segment of the path, whatever they hold")
    func paths() {
        #expect(
            MetadefRequests.show(.properties, of: "OS::X", named: "a/b").asked
                == "GET /v2/metadefs/namespaces/OS%3A%3AX/properties/a%2Fb")
        #expect(
            MetadefRequests.deleteAll(.tags, of: "n").asked
                == "DELETE /v2/metadefs/namespaces/n/tags")
        #expect(
            MetadefRequests.delete(.resourceTypes, of: "n", named: "OS::Y").asked
                == "DELETE /v2/metadefs/namespaces/n/resource_types/OS%3A%3AY")
    }

    @Test("every part of a query reaches the URL")
    func query() {
        let query = MetadefQuery(
            visibility: .public, resourceTypes: ["A::B", "C"], sortKey: "namespace",
            ascending: false, pageLimit: 5, marker: "m")
        #expect(
            MetadefRequests.namespaces(query).url(root: "r") == """
                r/v2/metadefs/namespaces?limit=5&visibility=public&resource_types=A%3A%3AB%2CC\
                &sort_key=namespace&sort_dir=desc&marker=m
                """)
        #expect(
            MetadefRequests.namespace("n", resourceType: "A::B").url(root: "r")
                == "r/v2/metadefs/namespaces/n?resource_type=A%3A%3AB")
    }

    @Test("a new namespace brings all of it along, a changed one only itself")
    func bodies() {
        let namespace = NewMetadefNamespace(
            "n", displayName: "N", isProtected: false,
            resourceTypes: [.init("T", prefix: "p_")],
            properties: [.init("x", title: "X", type: "string", schema: ["enum": ["a"]])],
            objects: [.init("o", required: ["x"])], tags: ["t"])
        #expect(
            text(MetadefRequests.create(namespace)) == """
                {"display_name":"N","namespace":"n","objects":[{"name":"o","required":["x"]}],\
                "properties":{"x":{"enum":["a"],"title":"X","type":"string"}},"protected":false,\
                "resource_type_associations":[{"name":"T","prefix":"p_"}],"tags":[{"name":"t"}]}
                """)
        #expect(
            text(MetadefRequests.update("old", namespace)) == """
                {"display_name":"N","namespace":"n","protected":false}
                """)
    }

    @Test("whether tags are added or replace the others is said each time")
    func tags() {
        let added = MetadefRequests.setTags(["a"], of: "n", appending: true)
        #expect(added.headers["x-openstack-append"] == "True")
        #expect(text(added) == #"{"tags":[{"name":"a"}]}"#)
        #expect(
            MetadefRequests.setTags([], of: "n", appending: false).headers["x-openstack-append"]
                == "False")
    }
}

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
