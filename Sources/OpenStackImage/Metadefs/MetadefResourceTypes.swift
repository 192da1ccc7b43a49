// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// A kind of resource that namespaces are for: `OS::Glance::Image`.
public struct MetadefResourceType: Sendable, Hashable {
    /// `OS::Glance::Image`, `OS::Nova::Server`, …
    public let name: String
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let createdAt: String?
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let updatedAt: String?
    /// The record as the service sent it.
    public let record: [String: JSONValue]
}

/// The association of a namespace with a resource type.
public struct MetadefAssociation: Sendable, Hashable {
    /// `OS::Glance::Image`, `OS::Nova::Server`, …
    public let resourceType: String
    /// The prefix of the property names of the namespace there: `hw_`, `hw:`.
    public let prefix: String?
    /// The set of properties, if a resource has several: `image`.
    public let propertiesTarget: String?
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let createdAt: String?
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let updatedAt: String?
    /// The record as the service sent it.
    public let record: [String: JSONValue]
}

/// A new association. The service adds a resource type that it does not know yet.
public struct NewMetadefAssociation: Sendable, Hashable {
    /// `OS::Glance::Image`, `OS::Nova::Server`, …
    public var resourceType: String
    /// The prefix of the property names there.
    public var prefix: String?
    /// The set of properties, if a resource has several.
    public var propertiesTarget: String?

    /// By default the rest is empty.
    public init(_ resourceType: String, prefix: String? = nil, propertiesTarget: String? = nil) {
        self.resourceType = resourceType
        self.prefix = prefix
        self.propertiesTarget = propertiesTarget
    }
}

extension ImageService {
    /// The resource types of all namespaces.
    public func metadefResourceTypes() async throws(TranshipError) -> [MetadefResourceType] {
        MetadefResourceType.list(try await sendForJSON(MetadefRequests.resourceTypes))
    }

    /// The resource types that a namespace is for.
    public func metadefAssociations(
        of namespace: String
    ) async throws(TranshipError) -> [MetadefAssociation] {
        MetadefAssociation.list(
            try await sendForJSON(MetadefRequests.list(.resourceTypes, of: namespace)))
    }

    /// - Throws: ``TranshipError/Code/conflict`` if the association exists.
    @discardableResult
    public func createMetadefAssociation(
        of namespace: String, _ association: NewMetadefAssociation
    ) async throws(TranshipError) -> MetadefAssociation {
        let json = try await sendForJSON(
            MetadefRequests.create(.resourceTypes, of: namespace, association.json))
        guard let created = MetadefAssociation(json: json) else {
            throw TranshipError(.invalidAnswer, "a resource type association without a name")
        }
        return created
    }

    /// Removes the association of a namespace with a resource type.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` unless `missingIsFine`.
    public func deleteMetadefAssociation(
        of namespace: String, resourceType: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await send(
            MetadefRequests.delete(.resourceTypes, of: namespace, named: resourceType),
            expecting: missingIsFine ? [204, 404] : [204])
    }
}

extension MetadefResourceType {
    init?(json: JSONValue) {
        guard let record = json.object, let name = record["name"]?.string else { return nil }
        self.name = name
        self.record = record
        createdAt = record["created_at"]?.string
        updatedAt = record["updated_at"]?.string
    }

    static func list(_ json: JSONValue) -> [MetadefResourceType] {
        (json["resource_types"]?.array ?? []).compactMap(MetadefResourceType.init(json:))
    }
}

extension MetadefAssociation {
    init?(json: JSONValue) {
        guard let record = json.object, let name = record["name"]?.string else { return nil }
        resourceType = name
        self.record = record
        prefix = record["prefix"]?.string
        propertiesTarget = record["properties_target"]?.string
        createdAt = record["created_at"]?.string
        updatedAt = record["updated_at"]?.string
    }

    static func list(_ json: JSONValue) -> [MetadefAssociation] {
        (json["resource_type_associations"]?.array ?? [])
            .compactMap(MetadefAssociation.init(json:))
    }
}

extension NewMetadefAssociation {
    var json: JSONValue {
        var record: [String: JSONValue] = ["name": .string(resourceType)]
        record["prefix"] = prefix.map(JSONValue.string)
        record["properties_target"] = propertiesTarget.map(JSONValue.string)
        return .object(record)
    }
}

extension NewMetadefAssociation {
    /// Reads a record in the keys of the API; `name` is the resource type.
    ///
    /// - Throws: ``TranshipError/Code/usage`` if that is missing.
    public init(record: JSONValue) throws(TranshipError) {
        self.init(
            try record.needed("name", of: "resource type"), prefix: record["prefix"]?.string,
            propertiesTarget: record["properties_target"]?.string)
    }
}
