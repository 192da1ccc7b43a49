// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// The properties of a namespace, by name.
    public func metadefProperties(
        of namespace: String
    ) async throws(TranshipError) -> [MetadefProperty] {
        MetadefProperty.list(
            try await sendForJSON(MetadefRequests.list(.properties, of: namespace)))
    }

    /// A property. With a resource type, `name` is the one that it has there.
    public func metadefProperty(
        of namespace: String, named name: String, resourceType: String? = nil
    ) async throws(TranshipError) -> MetadefProperty {
        try MetadefProperty(
            json: try await sendForJSON(
                MetadefRequests.show(
                    .properties, of: namespace, named: name, resourceType: resourceType)))
    }

    /// - Throws: ``TranshipError/Code/conflict`` for a name that is taken.
    @discardableResult
    public func createMetadefProperty(
        of namespace: String, _ property: MetadefProperty
    ) async throws(TranshipError) -> MetadefProperty {
        try MetadefProperty(
            json: try await sendForJSON(
                MetadefRequests.create(.properties, of: namespace, property.json)))
    }

    /// Replaces a property, its name included.
    @discardableResult
    public func updateMetadefProperty(
        of namespace: String, named name: String, _ property: MetadefProperty
    ) async throws(TranshipError) -> MetadefProperty {
        try MetadefProperty(
            json: try await sendForJSON(
                MetadefRequests.update(.properties, of: namespace, named: name, property.json)))
    }

    /// Deletes a property.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` unless `missingIsFine`.
    public func deleteMetadefProperty(
        of namespace: String, named name: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await send(
            MetadefRequests.delete(.properties, of: namespace, named: name),
            expecting: missingIsFine ? [204, 404] : [204])
    }

    /// Deletes every property of a namespace.
    public func deleteMetadefProperties(of namespace: String) async throws(TranshipError) {
        try await send(MetadefRequests.deleteAll(.properties, of: namespace), expecting: [204])
    }
}
