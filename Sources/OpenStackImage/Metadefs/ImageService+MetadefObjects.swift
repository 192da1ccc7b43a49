// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import MigrationModel

extension ImageService {
    /// The objects of a namespace.
    public func metadefObjects(
        of namespace: String
    ) async throws(MigrationError) -> [MetadefObject] {
        MetadefObject.list(try await sendForJSON(MetadefRequests.list(.objects, of: namespace)))
    }

    /// One object.
    ///
    /// - Throws: ``MigrationError/Code/notFound``.
    public func metadefObject(
        of namespace: String, named name: String
    ) async throws(MigrationError) -> MetadefObject {
        try object(
            try await sendForJSON(MetadefRequests.show(.objects, of: namespace, named: name)))
    }

    /// - Throws: ``MigrationError/Code/conflict`` for a name that is taken.
    @discardableResult
    public func createMetadefObject(
        of namespace: String, _ object: NewMetadefObject
    ) async throws(MigrationError) -> MetadefObject {
        try self.object(
            try await sendForJSON(MetadefRequests.create(.objects, of: namespace, object.json)))
    }

    /// Replaces an object, its name included.
    @discardableResult
    public func updateMetadefObject(
        of namespace: String, named name: String, _ object: NewMetadefObject
    ) async throws(MigrationError) -> MetadefObject {
        try self.object(
            try await sendForJSON(
                MetadefRequests.update(.objects, of: namespace, named: name, object.json)))
    }

    /// Deletes an object.
    ///
    /// - Throws: ``MigrationError/Code/notFound`` unless `missingIsFine`.
    public func deleteMetadefObject(
        of namespace: String, named name: String, missingIsFine: Bool = false
    ) async throws(MigrationError) {
        try await send(
            MetadefRequests.delete(.objects, of: namespace, named: name),
            expecting: missingIsFine ? [204, 404] : [204])
    }

    /// Deletes every object of a namespace.
    public func deleteMetadefObjects(of namespace: String) async throws(MigrationError) {
        try await send(MetadefRequests.deleteAll(.objects, of: namespace), expecting: [204])
    }

    private func object(_ json: JSONValue) throws(MigrationError) -> MetadefObject {
        guard let object = MetadefObject(json: json) else {
            throw MigrationError(.invalidAnswer, "a metadata definition object without a name")
        }
        return object
    }
}
