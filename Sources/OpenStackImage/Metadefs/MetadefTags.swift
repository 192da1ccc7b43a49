// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// A tag that a namespace offers.
public struct MetadefTag: Sendable, Hashable {
    /// Unique in its namespace.
    public let name: String
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let createdAt: String?
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let updatedAt: String?
    /// The record as the service sent it.
    public let record: [String: JSONValue]
}

/// Which tags of a namespace a list contains, and in which order. The default of the service is
/// newest first.
public struct MetadefTagQuery: Sendable, Hashable {
    /// Nil for all.
    public var limit: Int?
    /// The list starts after the tag with this name.
    public var marker: String?
    /// `name`, `created_at`, `updated_at`.
    public var sortKey: String?
    /// The service ignores it without ``sortKey``.
    public var isAscending: Bool

    /// Nil sets no condition.
    public init(
        limit: Int? = nil, marker: String? = nil, sortKey: String? = nil, ascending: Bool = true
    ) {
        self.limit = limit
        self.marker = marker
        self.sortKey = sortKey
        isAscending = ascending
    }
}

extension ImageService {
    /// The tags of a namespace.
    public func metadefTags(
        of namespace: String, _ query: MetadefTagQuery = .init()
    ) async throws(TranshipError) -> [MetadefTag] {
        MetadefTag.list(
            try await sendForJSON(
                MetadefRequests.list(
                    .tags, of: namespace, query: MetadefRequests.tagItems(query))))
    }

    /// One tag.
    ///
    /// - Throws: ``TranshipError/Code/notFound``.
    public func metadefTag(
        of namespace: String, named name: String
    ) async throws(TranshipError) -> MetadefTag {
        try tag(try await sendForJSON(MetadefRequests.show(.tags, of: namespace, named: name)))
    }

    /// - Throws: ``TranshipError/Code/conflict`` if the tag exists.
    @discardableResult
    public func addMetadefTag(
        to namespace: String, named name: String
    ) async throws(TranshipError) -> MetadefTag {
        try tag(try await sendForJSON(MetadefRequests.addTag(name, to: namespace)))
    }

    /// Replaces all tags of a namespace, or adds to them.
    public func setMetadefTags(
        of namespace: String, _ names: [String], appending: Bool = false
    ) async throws(TranshipError) {
        try await send(
            MetadefRequests.setTags(names, of: namespace, appending: appending),
            expecting: [201])
    }

    /// Renames a tag.
    ///
    /// - Throws: ``TranshipError/Code/conflict`` if the new name is taken.
    @discardableResult
    public func renameMetadefTag(
        of namespace: String, named name: String, to newName: String
    ) async throws(TranshipError) -> MetadefTag {
        try tag(
            try await sendForJSON(
                MetadefRequests.update(
                    .tags, of: namespace, named: name, ["name": .string(newName)])))
    }

    /// Removes a tag.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` unless `missingIsFine`.
    public func removeMetadefTag(
        of namespace: String, named name: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await send(
            MetadefRequests.delete(.tags, of: namespace, named: name),
            expecting: missingIsFine ? [204, 404] : [204])
    }

    /// Removes every tag of a namespace.
    public func removeMetadefTags(of namespace: String) async throws(TranshipError) {
        try await send(MetadefRequests.deleteAll(.tags, of: namespace), expecting: [204])
    }

    private func tag(_ json: JSONValue) throws(TranshipError) -> MetadefTag {
        guard let tag = MetadefTag(json: json) else {
            throw TranshipError(.invalidAnswer, "a metadata definition tag without a name")
        }
        return tag
    }
}

extension MetadefTag {
    init?(json: JSONValue) {
        guard let record = json.object, let name = record["name"]?.string else { return nil }
        self.name = name
        self.record = record
        createdAt = record["created_at"]?.string
        updatedAt = record["updated_at"]?.string
    }

    static func list(_ json: JSONValue) -> [MetadefTag] {
        (json["tags"]?.array ?? []).compactMap(MetadefTag.init(json:))
    }
}
