// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

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

    /// - Throws: ``TranshipError/Code/conflict`` for one that is there.
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

    /// Gives a tag another name.
    ///
    /// - Throws: ``TranshipError/Code/conflict`` for one that is taken.
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
