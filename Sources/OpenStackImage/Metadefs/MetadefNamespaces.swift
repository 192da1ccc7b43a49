// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// A catalogue of properties for images, flavors or volumes
/// (<https://docs.openstack.org/api-ref/image/v2/metadefs-index.html>).
///
/// Lists leave out properties, objects and tags.
public struct MetadefNamespace: ServiceRecord {
    public static let idKey = "namespace"

    public var record: [String: JSONValue]

    /// Creates the record of a new or changed namespace. For nil, the service chooses the value; in
    /// a change, nil clears it. A change ignores the entries: resource types, properties, objects
    /// and tags.
    public init(
        _ name: String, displayName: String? = nil, description: String? = nil,
        visibility: ImageVisibility? = nil, isProtected: Bool? = nil, ownerID: String? = nil,
        resourceTypes: [MetadefAssociation] = [], properties: [MetadefProperty] = [],
        objects: [MetadefObject] = [], tags: [String] = []
    ) {
        record = ["namespace": .string(name)]
        record["display_name"] = displayName.map(JSONValue.string)
        record["description"] = description.map(JSONValue.string)
        record["visibility"] = visibility.map { .string($0.rawValue) }
        record["protected"] = isProtected.map(JSONValue.bool)
        record["owner"] = ownerID.map(JSONValue.string)
        func add(_ key: String, _ entries: [any MetadefEntry]) {
            if !entries.isEmpty { record[key] = .array(entries.map { .object($0.record) }) }
        }
        add(MetadefAssociation.listKey, resourceTypes)
        if !properties.isEmpty { record["properties"] = MetadefProperty.json(properties) }
        add("objects", objects)
        add("tags", tags.map(MetadefTag.init))
    }

    public init(record: [String: JSONValue]) { self.record = record }

    /// The name, unique on the cloud: `OS::Compute::CPUPinning`.
    public var name: String { idText }
    /// The display name, for people.
    public var displayName: String? { record["display_name"]?.string }
    /// The description, for people.
    public var description: String? { record["description"]?.string }
    /// The visibility: `public` or `private`.
    public var visibility: ImageVisibility? {
        record["visibility"]?.string.map(ImageVisibility.init(rawValue:))
    }
    /// True if the service refuses to delete the namespace.
    public var isProtected: Bool { record["protected"]?.bool ?? false }
    /// The id of the project that owns the namespace.
    public var ownerID: String? { record["owner"]?.string }
    /// The resource types that the namespace is for.
    public var resourceTypes: [MetadefAssociation] { entries() }
    /// The properties, sorted by name.
    public var properties: [MetadefProperty] { entries() }
    /// The groups of properties.
    public var objects: [MetadefObject] { entries() }
    /// The tags that the namespace offers.
    public var tags: [String] { (entries() as [MetadefTag]).map(\.name) }

    private func entries<Entry: MetadefEntry>() -> [Entry] { Entry.entries(in: .object(record)) }
}

/// The conditions for the namespaces in a list, and their order.
public struct MetadefQuery: Sendable, Hashable {
    /// The visibility: `public` or `private`.
    public var visibility: ImageVisibility?
    /// The resource types; a namespace must be associated with any of these.
    public var resourceTypes: [String]
    /// The key to sort by: `namespace`, `created_at`, `updated_at`, …
    public var sortKey: String?
    /// True for ascending order. The service ignores it without ``sortKey``.
    public var isAscending: Bool
    /// The number of namespaces per page.
    public var pageLimit: Int
    /// The name of the namespace after which the list starts.
    public var marker: String?

    /// Creates a query. Nil and empty values set no condition.
    public init(
        visibility: ImageVisibility? = nil, resourceTypes: [String] = [], sortKey: String? = nil,
        ascending: Bool = true, pageLimit: Int = 1000, marker: String? = nil
    ) {
        self.visibility = visibility
        self.resourceTypes = resourceTypes
        self.sortKey = sortKey
        isAscending = ascending
        self.pageLimit = pageLimit
        self.marker = marker
    }

    var request: ServiceRequest {
        ServiceRequest(
            .get, "/v2/metadefs/namespaces",
            query: .init([
                "limit": String(pageLimit), "visibility": visibility?.rawValue,
                "resource_types": resourceTypes.isEmpty
                    ? nil : resourceTypes.joined(separator: ","),
                "sort_key": sortKey, "sort_dir": sortKey.map { _ in isAscending ? "asc" : "desc" },
                "marker": marker,
            ]))
    }
}

/// Metadata definitions. Every user may read them. By default only admins may change definitions
/// that other projects see.
extension ImageService {
    /// Returns all namespaces that match, from all pages.
    public func metadefNamespaces(
        _ query: MetadefQuery = .init()
    ) async throws(TranshipError) -> [MetadefNamespace] {
        try await sendForAllPages(query.request, key: "namespaces")
    }

    /// Returns a namespace with its contents. With a resource type, the properties have the names
    /// that they have in that type.
    public func metadefNamespace(
        _ name: String, resourceType: String? = nil
    ) async throws(TranshipError) -> MetadefNamespace {
        try await sendForRecord(
            ServiceRequest(
                .get, MetadefNamespace.path(name), query: MetadefNamespace.prefixed(resourceType)))
    }

    /// Creates a namespace.
    ///
    /// - Throws: ``TranshipError/Code/conflict`` if the name is taken,
    ///   ``TranshipError/Code/forbidden``; ``TranshipError/Code/usage`` if a record lacks a key.
    @discardableResult
    public func createMetadefNamespace(
        _ namespace: MetadefNamespace
    ) async throws(TranshipError) -> MetadefNamespace {
        try await sendForRecord(try namespace.creation())
    }

    /// Replaces the fields of the namespace, including its name.
    ///
    /// - Throws: ``TranshipError/Code/usage`` if the record has no name.
    @discardableResult
    public func updateMetadefNamespace(
        _ name: String, _ namespace: MetadefNamespace
    ) async throws(TranshipError) -> MetadefNamespace {
        try await sendForRecord(try namespace.change(of: name))
    }

    /// Deletes a namespace and its contents.
    ///
    /// - Throws: ``TranshipError/Code/forbidden`` for a protected namespace.
    public func deleteMetadefNamespace(
        _ name: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await sendDelete(MetadefNamespace.path(name), missingIsFine: missingIsFine)
    }
}

extension MetadefNamespace {
    static func path(_ namespace: String, _ part: String? = nil, _ name: String? = nil) -> String {
        ["/v2/metadefs/namespaces", percentEncode(namespace), part, name.map(percentEncode)]
            .compactMap(\.self).joined(separator: "/")
    }

    /// Returns the query for a resource type. With it, the service writes property names with the
    /// prefix of that type.
    static func prefixed(_ resourceType: String?) -> [ServiceRequest.QueryItem] {
        .init(["resource_type": resourceType])
    }

    func creation() throws(TranshipError) -> ServiceRequest {
        var record = try changedRecord()
        record["properties"] = self.record["properties"]
        func add(_ kind: any MetadefEntry.Type) throws(TranshipError) {
            guard let entries = self.record[kind.listKey]?.array else { return }
            var written: [JSONValue] = []
            for entry in entries {
                written.append(try kind.init(record: entry.object ?? [:]).written())
            }
            record[kind.listKey] = .array(written)
        }
        try add(MetadefAssociation.self)
        try add(MetadefObject.self)
        try add(MetadefTag.self)
        return ServiceRequest(.post, "/v2/metadefs/namespaces", json: .object(record))
    }

    func change(of name: String) throws(TranshipError) -> ServiceRequest {
        ServiceRequest(.put, Self.path(name), json: .object(try changedRecord()))
    }

    /// Returns the record of a change. It must contain the name, even if the name does not change.
    private func changedRecord() throws(TranshipError) -> [String: JSONValue] {
        guard record["namespace"]?.string != nil else {
            throw TranshipError(.usage, "the record of a namespace needs \"namespace\"")
        }
        let keys = ["namespace", "display_name", "description", "visibility", "protected", "owner"]
        return record.filter { keys.contains($0.key) }
    }
}
