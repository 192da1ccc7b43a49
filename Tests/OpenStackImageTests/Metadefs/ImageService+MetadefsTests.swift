// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Metadata definitions at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceMetadefsTests {
    /// Runs a body with a new namespace, and deletes the namespace.
    private func withNamespace(
        _ namespace: MetadefNamespace = MetadefNamespace(Lab.uniqueName("Test::")),
        _ body: (ImageService, String) async throws -> Void
    ) async throws {
        let admin = try Lab.service("alpha-admin")
        let name = try await admin.createMetadefNamespace(namespace).name
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(admin, name))
        } catch {
            outcome = .failure(error)
        }
        try await admin.deleteMetadefNamespace(name, missingIsFine: true)
        try outcome.get()
    }

    @Test(
        "a namespace is created with all that is in it, changed and deleted",
        .proves(
            "sdk create_metadef_namespace(**attrs)",
            "sdk get_metadef_namespace(metadef_namespace)",
            "sdk update_metadef_namespace(metadef_namespace, **attrs)",
            "sdk delete_metadef_namespace(metadef_namespace, ignore_missing)"))
    func namespace() async throws {
        let namespace = MetadefNamespace(
            Lab.uniqueName("Test::"), displayName: "before",
            resourceTypes: [.init("OS::Glance::Image", prefix: "zz_")],
            properties: [.init("p", title: "P", type: "string")],
            objects: [.init("o", properties: [.init("q", title: "Q", type: "integer")])],
            tags: ["t"])
        try await withNamespace(namespace) { admin, name in
            let shown = try await admin.metadefNamespace(name)
            #expect(shown.displayName == "before")
            #expect(shown.visibility == .private)
            #expect(shown.properties.map(\.name) == ["p"])
            #expect(shown.objects.first?.properties.map(\.name) == ["q"])
            #expect(shown.tags == ["t"])
            #expect(shown.resourceTypes.map(\.prefix) == ["zz_"])
            let there = try await admin.metadefNamespace(
                name, resourceType: "OS::Glance::Image")
            #expect(there.properties.map(\.name) == ["zz_p"])

            let taken = await #expect(throws: TranshipError.self) {
                try await admin.createMetadefNamespace(MetadefNamespace(name))
            }
            #expect(taken?.code == .conflict)
            let changed = try await admin.updateMetadefNamespace(
                name, MetadefNamespace(name, displayName: "after", isProtected: true))
            #expect(changed.displayName == "after")
            let protected = await #expect(throws: TranshipError.self) {
                try await admin.deleteMetadefNamespace(name)
            }
            #expect(protected?.code == .forbidden)
            #expect(protected?.hint == "unprotect it first")
            _ = try await admin.updateMetadefNamespace(
                name, MetadefNamespace(name, isProtected: false))
            try await admin.deleteMetadefNamespace(name)
            try await admin.deleteMetadefNamespace(name, missingIsFine: true)
            let gone = await #expect(throws: TranshipError.self) {
                try await admin.metadefNamespace(name)
            }
            #expect(gone?.code == .notFound)
        }
    }

    @Test(
        "the list pages, sorts and filters",
        .proves(
            "sdk metadef_namespaces(query.limit, query.marker, query.resource_types, query.sort_dir, query.sort_key, query.visibility)"
        ))
    func list() async throws {
        let namespace = MetadefNamespace(
            Lab.uniqueName("Test::"), resourceTypes: [.init("Test::Rare")])
        try await withNamespace(namespace) { admin, name in
            let service = try Lab.service()
            let all = try await admin.metadefNamespaces(
                MetadefQuery(sortKey: "namespace", pageLimit: 7))
            #expect(all.count > 20)
            // Other tests make namespaces between two pages.
            let lasting = all.map(\.name).filter { !$0.hasPrefix("Test::") }
            #expect(lasting == lasting.sorted())
            #expect(Set(all.map(\.name)).count == all.count)
            #expect(
                try await admin.metadefNamespaces(MetadefQuery(resourceTypes: ["Test::Rare"]))
                    .map(\.name) == [name])
            #expect(
                try await service.metadefNamespaces(MetadefQuery(visibility: .public))
                    .allSatisfy { $0.visibility == .public })
            let after = try await service.metadefNamespaces(
                MetadefQuery(
                    visibility: .public, sortKey: "namespace", ascending: false,
                    marker: "OS::Compute::CPUPinning"))
            #expect(after.allSatisfy { $0.name < "OS::Compute::CPUPinning" })
        }
    }

    @Test(
        "properties are created, replaced, listed and deleted",
        .proves(
            "sdk create_metadef_property(metadef_namespace, **attrs)",
            "sdk update_metadef_property(metadef_property, metadef_namespace, **attrs)",
            "sdk get_metadef_property(metadef_property, metadef_namespace, **query)",
            "sdk metadef_properties(metadef_namespace)",
            "sdk delete_metadef_property(metadef_property, metadef_namespace, ignore_missing)",
            "sdk delete_all_metadef_properties(metadef_namespace)"))
    func properties() async throws {
        let namespace = MetadefNamespace(
            Lab.uniqueName("Test::"),
            resourceTypes: [.init("OS::Glance::Image", prefix: "zz_")])
        try await withNamespace(namespace) { admin, name in
            let property = MetadefProperty(
                "cores", title: "Cores", type: "integer",
                schema: ["minimum": 1, "maximum": 64, "description": "how many"])
            #expect(try await admin.createMetadef(property, in: name) == property)
            var changed = property
            changed.name = "threads"
            changed.schema["maximum"] = 128
            #expect(
                try await admin.updateMetadef(of: name, named: "cores", to: changed)
                    == changed)
            #expect(try await admin.metadefs(MetadefProperty.self, of: name) == [changed])
            #expect(
                try await admin.metadef(MetadefProperty.self, of: name, named: "threads") == changed
            )
            #expect(
                try await admin.metadef(
                    MetadefProperty.self, of: name, named: "zz_threads",
                    resourceType: "OS::Glance::Image"
                ).title == "Cores")
            try await admin.deleteMetadef(MetadefProperty.self, of: name, named: "threads")
            try await admin.deleteMetadef(
                MetadefProperty.self, of: name, named: "threads", missingIsFine: true)
            let missing = await #expect(throws: TranshipError.self) {
                try await admin.deleteMetadef(MetadefProperty.self, of: name, named: "threads")
            }
            #expect(missing?.code == .notFound)
            try await admin.createMetadef(property, in: name)
            try await admin.deleteMetadefs(MetadefProperty.self, of: name)
            #expect(try await admin.metadefs(MetadefProperty.self, of: name).isEmpty)
        }
    }

    @Test(
        "objects are created, replaced, listed and deleted",
        .proves(
            "sdk create_metadef_object(namespace, **attrs)",
            "sdk get_metadef_object(metadef_object, namespace)",
            "sdk metadef_objects(namespace)",
            "sdk update_metadef_object(metadef_object, namespace, **attrs)",
            "sdk delete_metadef_object(metadef_object, namespace)",
            "sdk delete_all_metadef_objects(namespace)"))
    func objects() async throws {
        try await withNamespace { admin, name in
            let property = MetadefProperty("q", title: "Q", type: "string")
            let created = try await admin.createMetadef(
                MetadefObject("one", description: "d", required: ["q"], properties: [property]),
                in: name)
            #expect(created.required == ["q"] && created.properties == [property])
            let changed = try await admin.updateMetadef(
                of: name, named: "one", to: MetadefObject("two"))
            #expect(changed.name == "two")
            #expect(try await admin.metadefs(MetadefObject.self, of: name).map(\.name) == ["two"])
            #expect(
                try await admin.metadef(MetadefObject.self, of: name, named: "two").properties
                    .isEmpty)
            try await admin.deleteMetadef(MetadefObject.self, of: name, named: "two")
            try await admin.deleteMetadef(
                MetadefObject.self, of: name, named: "two", missingIsFine: true)
            try await admin.createMetadef(MetadefObject("three"), in: name)
            try await admin.deleteMetadefs(MetadefObject.self, of: name)
            #expect(try await admin.metadefs(MetadefObject.self, of: name).isEmpty)
        }
    }

    @Test(
        "tags are added, replaced, renamed and removed",
        .proves(
            "sdk add_tag_to_metadef_namespace(namespace, tag)",
            "sdk remove_tag_from_metadef_namespace(namespace, tag)",
            "sdk remove_tags_from_metadef_namespace(namespace)"))
    func tags() async throws {
        try await withNamespace { admin, name in
            func names(
                _ query: [ServiceRequest.QueryItem] = [
                    .init("sort_key", "name"), .init("sort_dir", "asc"),
                ]
            ) async throws -> [String] {
                try await admin.metadefs(MetadefTag.self, of: name, query: query).map(\.name)
            }
            try await admin.setMetadefTags(of: name, ["a", "b"])
            try await admin.setMetadefTags(of: name, ["c"], appending: true)
            #expect(try await names() == ["a", "b", "c"])
            #expect(
                try await names([
                    .init("limit", "1"), .init("marker", "c"), .init("sort_key", "name"),
                    .init("sort_dir", "desc"),
                ]) == ["b"])
            try await admin.setMetadefTags(of: name, ["x"])
            #expect(try await admin.createMetadef(MetadefTag("y"), in: name).name == "y")
            #expect(
                try await admin.updateMetadef(of: name, named: "y", to: MetadefTag("z")).name == "z"
            )
            #expect(try await names() == ["x", "z"])
            #expect(try await admin.metadef(MetadefTag.self, of: name, named: "z").createdAt != nil)
            try await admin.deleteMetadef(MetadefTag.self, of: name, named: "z")
            try await admin.deleteMetadef(
                MetadefTag.self, of: name, named: "z", missingIsFine: true)
            try await admin.deleteMetadefs(MetadefTag.self, of: name)
            #expect(try await names().isEmpty)
        }
    }

    @Test(
        "a namespace is for resource types, with prefixes",
        .proves(
            "sdk metadef_resource_types",
            "sdk create_metadef_resource_type_association(metadef_namespace, **attrs)",
            "sdk metadef_resource_type_associations(metadef_namespace)",
            "sdk delete_metadef_resource_type_association(metadef_resource_type, metadef_namespace, ignore_missing)"
        ))
    func resourceTypes() async throws {
        try await withNamespace { admin, name in
            let known = try await admin.metadefResourceTypes().map(\.name)
            #expect(known.contains("OS::Nova::Server"))
            try await admin.createMetadef(
                MetadefAssociation("OS::Nova::Server", prefix: "x_", propertiesTarget: "image"),
                in: name)
            let associations = try await admin.metadefs(MetadefAssociation.self, of: name)
            #expect(associations.map(\.name) == ["OS::Nova::Server"])
            #expect(associations.first?.prefix == "x_")
            #expect(associations.first?.propertiesTarget == "image")
            try await admin.deleteMetadef(
                MetadefAssociation.self, of: name, named: "OS::Nova::Server")
            try await admin.deleteMetadef(
                MetadefAssociation.self, of: name, named: "OS::Nova::Server", missingIsFine: true)
            #expect(try await admin.metadefs(MetadefAssociation.self, of: name).isEmpty)
        }
    }

    @Test("members read and do not write")
    func forbidden() async throws {
        let error = await #expect(throws: TranshipError.self) {
            try await Lab.service().createMetadefNamespace(
                MetadefNamespace(Lab.uniqueName("Test::")))
        }
        #expect(error?.code == .forbidden)
        #expect(
            error?.hint
                == "use an administrator's entry: by default, only administrators may change "
                + "metadata definitions")
    }
}
