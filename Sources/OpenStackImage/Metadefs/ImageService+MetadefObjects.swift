// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// The objects of a namespace.
    public func metadefObjects(
        of namespace: String
    ) async throws(TranshipError) -> [MetadefObject] {
        MetadefObject.list(try await sendForJSON(MetadefRequests.list(.objects, of: namespace)))
    }

    /// One object.
    ///
    /// - Throws: ``TranshipError/Code/notFound``.
    public func metadefObject(
        of namespace: String, named name: String
    ) async throws(TranshipError) -> MetadefObject {
        try object(
            try await sendForJSON(MetadefRequests.show(.objects, of: namespace, named: name)))
    }

    /// - Throws: ``TranshipError/Code/conflict`` for a name that is taken.
    @discardableResult
    public func createMetadefObject(
        of namespace: String, _ object: NewMetadefObject
    ) async throws(TranshipError) -> MetadefObject {
        try self.object(
            try await sendForJSON(MetadefRequests.create(.objects, of: namespace, object.json)))
    }

    /// Replaces an object, its name included.
    @discardableResult
    public func updateMetadefObject(
        of namespace: String, named name: String, _ object: NewMetadefObject
    ) async throws(TranshipError) -> MetadefObject {
        try self.object(
            try await sendForJSON(
                MetadefRequests.update(.objects, of: namespace, named: name, object.json)))
    }

    /// Deletes an object.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` unless `missingIsFine`.
    public func deleteMetadefObject(
        of namespace: String, named name: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await send(
            MetadefRequests.delete(.objects, of: namespace, named: name),
            expecting: missingIsFine ? [204, 404] : [204])
    }

    /// Deletes every object of a namespace.
    public func deleteMetadefObjects(of namespace: String) async throws(TranshipError) {
        try await send(MetadefRequests.deleteAll(.objects, of: namespace), expecting: [204])
    }

    private func object(_ json: JSONValue) throws(TranshipError) -> MetadefObject {
        guard let object = MetadefObject(json: json) else {
            throw TranshipError(.invalidAnswer, "a metadata definition object without a name")
        }
        return object
    }
}
