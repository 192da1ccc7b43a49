// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import Testing

@testable import OpenStackImage

@Suite("Metadata definition requests")
struct MetadefEntriesTests {
    private func text(_ request: ServiceRequest) -> String {
        String(decoding: request.body ?? [], as: UTF8.self)
    }

    @Test("names are one segment of the path, whatever they hold")
    func paths() {
        #expect(
            MetadefNamespace.path("OS::X", MetadefProperty.part, "a/b")
                == "/v2/metadefs/namespaces/OS%3A%3AX/properties/a%2Fb")
        #expect(
            MetadefNamespace.path("n", MetadefTag.part) == "/v2/metadefs/namespaces/n/tags")
        #expect(
            MetadefNamespace.path("n", MetadefAssociation.part, "OS::Y")
                == "/v2/metadefs/namespaces/n/resource_types/OS%3A%3AY")
    }

    @Test("every part of a query reaches the URL")
    func query() {
        let query = MetadefQuery(
            visibility: .public, resourceTypes: ["A::B", "C"], sortKey: "namespace",
            ascending: false, pageLimit: 5, marker: "m")
        #expect(
            query.request.url(root: "r") == """
                r/v2/metadefs/namespaces?limit=5&visibility=public&resource_types=A%3A%3AB%2CC\
                &sort_key=namespace&sort_dir=desc&marker=m
                """)
        #expect(
            MetadefNamespace.prefixed("A::B") == [.init("resource_type", "A::B")])
        #expect(MetadefNamespace.prefixed(nil).isEmpty)
    }

    @Test("a new namespace brings all of it along, a changed one only itself")
    func bodies() throws {
        let namespace = MetadefNamespace(
            "n", displayName: "N", isProtected: false,
            resourceTypes: [.init("T", prefix: "p_")],
            properties: [.init("x", title: "X", type: "string", schema: ["enum": ["a"]])],
            objects: [.init("o", required: ["x"])], tags: ["t"])
        #expect(
            text(try namespace.creation()) == """
                {"display_name":"N","namespace":"n","objects":[{"name":"o","required":["x"]}],\
                "properties":{"x":{"enum":["a"],"title":"X","type":"string"}},"protected":false,\
                "resource_type_associations":[{"name":"T","prefix":"p_"}],"tags":[{"name":"t"}]}
                """)
        #expect(
            text(try namespace.change(of: "old")) == """
                {"display_name":"N","namespace":"n","protected":false}
                """)
    }

    @Test("of a record, only what the service takes is sent")
    func written() throws {
        let shown = MetadefObject(record: [
            "name": "o", "description": "d", "created_at": "2026-11-21T03:04:05Z", "self": "/v2",
        ])
        #expect(try shown.written() == ["name": "o", "description": "d"])
        let tag = try MetadefTag("t").creation(in: "n")
        #expect(tag.asked == "POST /v2/metadefs/namespaces/n/tags/t" && tag.body == nil)
        let namespace = MetadefNamespace(record: [
            "namespace": "n", "schema": "/v2", "tags": [["name": "t", "created_at": "x"]],
        ])
        #expect(
            text(try namespace.creation()) == #"{"namespace":"n","tags":[{"name":"t"}]}"#)
    }

    @Test("a record that lacks what the service needs is not sent")
    func lacking() {
        for send in [
            { _ = try MetadefProperty(record: ["name": "p", "title": "P"]).written() },
            { _ = try MetadefTag(record: [:]).creation(in: "n") },
            { _ = try MetadefNamespace(record: ["tags": []]).change(of: "n") },
            { _ = try MetadefNamespace(record: ["namespace": "n", "objects": [[:]]]).creation() },
        ] as [() throws -> Void] {
            let error = #expect(throws: TranshipError.self) { try send() }
            #expect(error?.code == .usage)
        }
    }

    @Test("whether tags are added or replace the others is said each time")
    func tags() {
        let added = MetadefTag.setting(["a"], of: "n", appending: true)
        #expect(added.headers["x-openstack-append"] == "True")
        #expect(text(added) == #"{"tags":[{"name":"a"}]}"#)
        #expect(
            MetadefTag.setting([], of: "n", appending: false).headers["x-openstack-append"]
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
        #expect(namespace.resourceTypes.map(\.name) == ["T"])
        #expect(namespace.properties.map(\.name) == ["a", "b"])
        #expect(namespace.properties.map(\.isReadOnly) == [false, true])
        #expect(namespace.properties.first?.defaultValue == 3)
        #expect(namespace.properties.last?.allowedValues == ["x"])
        #expect(namespace.objects.first?.properties.map(\.title) == ["C"])
        #expect(namespace.tags == ["t"])
        #expect(namespace.record["future"] == 1)
    }

    @Test("an entry without a name is not an answer")
    func nameless() {
        for read in [
            { _ = try MetadefNamespace(json: ["display_name": "n"]) },
            { _ = try MetadefProperty(json: ["title": "t"]) },
            { _ = try RecordPage<MetadefNamespace>(json: [:], key: "namespaces", asked: "GET /") },
        ] as [() throws -> Void] {
            let error = #expect(throws: TranshipError.self) { try read() }
            #expect(error?.code == .invalidAnswer)
        }
    }

    @Test("the name that a service repeats in a schema is not part of it")
    func schema() throws {
        let property = try MetadefProperty(json: ["name": "p", "title": "P", "type": "string"])
        #expect(property == MetadefProperty("p", title: "P", type: "string"))
        #expect(try property.written() == ["name": "p", "title": "P", "type": "string"])
    }
}
