// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// A catalogue of properties for images, flavors or volumes
/// (<https://docs.openstack.org/api-ref/image/v2/metadefs-index.html>).
///
/// Lists leave out properties, objects and tags.
public struct MetadefNamespace: Sendable, Hashable {
    /// Unique on the cloud: `OS::Compute::CPUPinning`.
    public let name: String
    /// For people.
    public let displayName: String?
    /// For people.
    public let description: String?
    /// `public` or `private`.
    public let visibility: ImageVisibility?
    /// True: the service refuses to delete it.
    public let isProtected: Bool
    /// The project that owns it.
    public let ownerID: String?
    /// The resource types that it is for.
    public let resourceTypes: [MetadefAssociation]
    /// Sorted by name.
    public let properties: [MetadefProperty]
    /// Groups of properties.
    public let objects: [MetadefObject]
    /// The tags that it offers.
    public let tags: [String]
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let createdAt: String?
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let updatedAt: String?
    /// The record as the service sent it.
    public let record: [String: JSONValue]
}

/// A new or changed namespace. Nil leaves a value to the service; in a change, nil clears it.
public struct NewMetadefNamespace: Sendable, Hashable {
    /// Unique on the cloud: `OS::Compute::CPUPinning`.
    public var name: String
    /// For people.
    public var displayName: String?
    /// For people.
    public var description: String?
    /// `public` or `private`.
    public var visibility: ImageVisibility?
    /// True: the service refuses to delete it.
    public var isProtected: Bool?
    /// The project that owns it.
    public var ownerID: String?
    /// For new namespaces only, like the following ones: a change ignores them.
    public var resourceTypes: [NewMetadefAssociation]
    /// Its first properties.
    public var properties: [MetadefProperty]
    /// Its first objects.
    public var objects: [NewMetadefObject]
    /// Its first tags.
    public var tags: [String]

    /// Leaves values that are nil to the service.
    public init(
        _ name: String, displayName: String? = nil, description: String? = nil,
        visibility: ImageVisibility? = nil, isProtected: Bool? = nil, ownerID: String? = nil,
        resourceTypes: [NewMetadefAssociation] = [], properties: [MetadefProperty] = [],
        objects: [NewMetadefObject] = [], tags: [String] = []
    ) {
        self.name = name
        self.displayName = displayName
        self.description = description
        self.visibility = visibility
        self.isProtected = isProtected
        self.ownerID = ownerID
        self.resourceTypes = resourceTypes
        self.properties = properties
        self.objects = objects
        self.tags = tags
    }
}

/// Which namespaces a list contains, and in which order.
public struct MetadefQuery: Sendable, Hashable {
    /// `public` or `private`.
    public var visibility: ImageVisibility?
    /// Associated with any of these.
    public var resourceTypes: [String]
    /// `namespace`, `created_at`, `updated_at`, …
    public var sortKey: String?
    /// The service ignores it without ``sortKey``.
    public var isAscending: Bool
    /// Namespaces per page.
    public var pageLimit: Int
    /// The list starts after the namespace with this name.
    public var marker: String?

    /// Nil and empty values set no condition.
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
}

/// Every user may read metadata definitions. By default only admins may change what other projects
/// see.
extension ImageService {
    /// All namespaces that match, from all pages.
    public func metadefNamespaces(
        _ query: MetadefQuery = .init()
    ) async throws(TranshipError) -> [MetadefNamespace] {
        var namespaces: [MetadefNamespace] = []
        var request = MetadefRequests.namespaces(query)
        var followed: Set<String> = []
        while true {
            let page = try MetadefNamespace.page(
                try await sendForJSON(request), asked: request.asked)
            namespaces += page.namespaces
            guard let next = page.nextQuery, !page.namespaces.isEmpty,
                followed.insert(next).inserted
            else { return namespaces }
            request = ServiceRequest(.get, request.path, rawQuery: next)
        }
    }

    /// A namespace with its contents. With a resource type, its properties have the names that they
    /// have there.
    public func metadefNamespace(
        _ name: String, resourceType: String? = nil
    ) async throws(TranshipError) -> MetadefNamespace {
        try MetadefNamespace(
            json: try await sendForJSON(
                MetadefRequests.namespace(name, resourceType: resourceType)))
    }

    /// - Throws: ``TranshipError/Code/conflict`` if the name is taken,
    ///   ``TranshipError/Code/forbidden``.
    @discardableResult
    public func createMetadefNamespace(
        _ namespace: NewMetadefNamespace
    ) async throws(TranshipError) -> MetadefNamespace {
        try MetadefNamespace(json: try await sendForJSON(MetadefRequests.create(namespace)))
    }

    /// Replaces the fields of the namespace, its name included.
    @discardableResult
    public func updateMetadefNamespace(
        _ name: String, _ namespace: NewMetadefNamespace
    ) async throws(TranshipError) -> MetadefNamespace {
        try MetadefNamespace(
            json: try await sendForJSON(MetadefRequests.update(name, namespace)))
    }

    /// Deletes a namespace and its contents.
    ///
    /// - Throws: ``TranshipError/Code/forbidden`` for a protected one.
    public func deleteMetadefNamespace(
        _ name: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await send(
            MetadefRequests.delete(name), expecting: missingIsFine ? [204, 404] : [204])
    }
}

extension MetadefNamespace {
    /// - Throws: ``TranshipError/Code/invalidAnswer``.
    init(json: JSONValue) throws(TranshipError) {
        guard let record = json.object, let name = record["namespace"]?.string else {
            throw TranshipError(.invalidAnswer, "a metadata definition namespace without a name")
        }
        self.name = name
        self.record = record
        displayName = record["display_name"]?.string
        description = record["description"]?.string
        visibility = record["visibility"]?.string.map(ImageVisibility.init(rawValue:))
        isProtected = record["protected"]?.bool ?? false
        ownerID = record["owner"]?.string
        resourceTypes = MetadefAssociation.list(json)
        properties = MetadefProperty.list(json)
        objects = MetadefObject.list(json)
        tags = (record["tags"]?.array ?? []).compactMap { $0["name"]?.string }
        createdAt = record["created_at"]?.string
        updatedAt = record["updated_at"]?.string
    }

    /// The namespaces of a page and the query of the next page.
    static func page(
        _ json: JSONValue, asked: String
    ) throws(TranshipError) -> (namespaces: [MetadefNamespace], nextQuery: String?) {
        guard let records = json["namespaces"]?.array else {
            throw TranshipError(
                .invalidAnswer, "the answer to \(asked) holds no list of namespaces")
        }
        var namespaces: [MetadefNamespace] = []
        for record in records { namespaces.append(try MetadefNamespace(json: record)) }
        return (namespaces, PageLink.query(json["next"]?.string))
    }
}

extension NewMetadefNamespace {
    /// For `POST`, with the first contents of the namespace.
    var newJSON: JSONValue {
        var record = changedRecord
        if !resourceTypes.isEmpty {
            record["resource_type_associations"] = .array(resourceTypes.map(\.json))
        }
        if !properties.isEmpty { record["properties"] = MetadefProperty.json(properties) }
        if !objects.isEmpty { record["objects"] = .array(objects.map(\.json)) }
        if !tags.isEmpty { record["tags"] = .array(tags.map { ["name": .string($0)] }) }
        return .object(record)
    }

    /// For `PUT`. It must contain the name, even if that does not change.
    var changedRecord: [String: JSONValue] {
        var record: [String: JSONValue] = ["namespace": .string(name)]
        record["display_name"] = displayName.map(JSONValue.string)
        record["description"] = description.map(JSONValue.string)
        record["visibility"] = visibility.map { .string($0.rawValue) }
        record["protected"] = isProtected.map(JSONValue.bool)
        record["owner"] = ownerID.map(JSONValue.string)
        return record
    }
}

extension NewMetadefNamespace {
    /// Reads a record in the keys of the API; its name is `namespace`.
    ///
    /// - Throws: ``TranshipError/Code/usage`` if the name is missing.
    public init(record: JSONValue) throws(TranshipError) {
        self.init(try record.needed("namespace", of: "namespace"))
        displayName = record["display_name"]?.string
        description = record["description"]?.string
        visibility = record["visibility"]?.string.map(ImageVisibility.init(rawValue:))
        isProtected = record["protected"]?.bool
        ownerID = record["owner"]?.string
        for type in record["resource_type_associations"]?.array ?? [] {
            resourceTypes.append(try NewMetadefAssociation(record: type))
        }
        properties = MetadefProperty.list(record)
        for object in record["objects"]?.array ?? [] {
            objects.append(try NewMetadefObject(record: object))
        }
        for tag in record["tags"]?.array ?? [] { tags.append(try tag.needed("name", of: "tag")) }
    }
}
