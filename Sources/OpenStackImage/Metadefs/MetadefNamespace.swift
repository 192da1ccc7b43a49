// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import MigrationModel

/// A catalogue of properties that images, flavors or volumes may carry
/// (<https://docs.openstack.org/api-ref/image/v2/metadefs-index.html>).
///
/// Lists leave out properties, objects and tags.
public struct MetadefNamespace: Sendable, Hashable {
    /// Unique on the cloud: `OS::Compute::CPUPinning`.
    public let name: String
    public let displayName: String?
    public let description: String?
    /// `public` or `private`.
    public let visibility: String?
    /// True refuses deletion.
    public let isProtected: Bool
    public let ownerID: String?
    public let resourceTypes: [MetadefAssociation]
    public let properties: [MetadefProperty]
    public let objects: [MetadefObject]
    public let tags: [String]
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let createdAt: String?
    public let updatedAt: String?
    /// The answer as it came.
    public let record: [String: JSONValue]
}

/// What a namespace is to say, new or changed. Nil leaves the value to the
/// service; a change sets what is nil back to nothing.
public struct NewMetadefNamespace: Sendable, Hashable {
    public var name: String
    public var displayName: String?
    public var description: String?
    public var visibility: String?
    public var isProtected: Bool?
    public var ownerID: String?
    /// For new ones only, as what follows: a change takes no notice of them.
    public var resourceTypes: [NewMetadefAssociation]
    public var properties: [MetadefProperty]
    public var objects: [NewMetadefObject]
    public var tags: [String]

    public init(
        _ name: String, displayName: String? = nil, description: String? = nil,
        visibility: String? = nil, isProtected: Bool? = nil, ownerID: String? = nil,
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

/// Which namespaces a list holds, and in which order.
public struct MetadefQuery: Sendable, Hashable {
    /// `public` or `private`.
    public var visibility: String?
    /// Associated with one of them.
    public var resourceTypes: [String]
    /// `namespace`, `created_at`, `updated_at`, …
    public var sortKey: String?
    public var isAscending: Bool
    /// How many a page holds.
    public var pageLimit: Int
    /// The name after which the list begins.
    public var marker: String?

    public init(
        visibility: String? = nil, resourceTypes: [String] = [], sortKey: String? = nil,
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
