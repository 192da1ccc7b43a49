// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// A word that a namespace offers for tagging.
public struct MetadefTag: Sendable, Hashable {
    /// Unique in its namespace.
    public let name: String
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let createdAt: String?
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let updatedAt: String?
    /// The answer as it came.
    public let record: [String: JSONValue]
}

/// Which tags of a namespace a list holds, and in which order; the service's
/// own is newest first.
public struct MetadefTagQuery: Sendable, Hashable {
    /// Nil for all.
    public var limit: Int?
    /// The name after which the list begins.
    public var marker: String?
    /// `name`, `created_at`, `updated_at`.
    public var sortKey: String?
    /// Only heard together with ``sortKey``.
    public var isAscending: Bool

    /// What is left out is no condition.
    public init(
        limit: Int? = nil, marker: String? = nil, sortKey: String? = nil, ascending: Bool = true
    ) {
        self.limit = limit
        self.marker = marker
        self.sortKey = sortKey
        isAscending = ascending
    }
}
