// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// A kind of thing that namespaces are for: `OS::Glance::Image`.
public struct MetadefResourceType: Sendable, Hashable {
    /// `OS::Glance::Image`, `OS::Nova::Server`, …
    public let name: String
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let createdAt: String?
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let updatedAt: String?
    /// The answer as it came.
    public let record: [String: JSONValue]
}

/// That a namespace is for a resource type.
public struct MetadefAssociation: Sendable, Hashable {
    /// `OS::Glance::Image`, `OS::Nova::Server`, …
    public let resourceType: String
    /// What stands before the names of the namespace's properties there:
    /// `hw_`, `hw:`.
    public let prefix: String?
    /// Where a resource has several sets of properties, which one: `image`.
    public let propertiesTarget: String?
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let createdAt: String?
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let updatedAt: String?
    /// The answer as it came.
    public let record: [String: JSONValue]
}

/// An association that is to be. One with a type that the service does not
/// know makes that type known.
public struct NewMetadefAssociation: Sendable, Hashable {
    /// `OS::Glance::Image`, `OS::Nova::Server`, …
    public var resourceType: String
    /// What stands before the names of the properties there.
    public var prefix: String?
    /// Where a resource has several sets of properties, which one.
    public var propertiesTarget: String?

    /// What is left out is nothing.
    public init(_ resourceType: String, prefix: String? = nil, propertiesTarget: String? = nil) {
        self.resourceType = resourceType
        self.prefix = prefix
        self.propertiesTarget = propertiesTarget
    }
}
