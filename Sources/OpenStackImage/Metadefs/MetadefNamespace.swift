// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// A catalogue of properties that images, flavors or volumes may carry
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
    public let visibility: String?
    /// True refuses deletion.
    public let isProtected: Bool
    /// The project that owns it.
    public let ownerID: String?
    /// What it is for.
    public let resourceTypes: [MetadefAssociation]
    /// By name.
    public let properties: [MetadefProperty]
    /// Groups of properties.
    public let objects: [MetadefObject]
    /// The words that it offers.
    public let tags: [String]
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let createdAt: String?
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let updatedAt: String?
    /// The answer as it came.
    public let record: [String: JSONValue]
}

/// What a namespace is to say, new or changed. Nil leaves the value to the
/// service; a change sets what is nil back to nothing.
public struct NewMetadefNamespace: Sendable, Hashable {
    /// Unique on the cloud: `OS::Compute::CPUPinning`.
    public var name: String
    /// For people.
    public var displayName: String?
    /// For people.
    public var description: String?
    /// `public` or `private`.
    public var visibility: String?
    /// True refuses deletion.
    public var isProtected: Bool?
    /// The project that owns it.
    public var ownerID: String?
    /// For new ones only, as what follows: a change takes no notice of them.
    public var resourceTypes: [NewMetadefAssociation]
    /// That it begins with.
    public var properties: [MetadefProperty]
    /// That it begins with.
    public var objects: [NewMetadefObject]
    /// That it begins with.
    public var tags: [String]

    /// What is left out is the service's to choose.
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
    /// Only heard together with ``sortKey``.
    public var isAscending: Bool
    /// How many a page holds.
    public var pageLimit: Int
    /// The name after which the list begins.
    public var marker: String?

    /// What is left out is no condition.
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
