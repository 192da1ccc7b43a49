// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// The resource types that any namespace is for.
    public func metadefResourceTypes() async throws(TranshipError) -> [MetadefResourceType] {
        MetadefResourceType.list(try await sendForJSON(MetadefRequests.resourceTypes))
    }

    /// What a namespace is for.
    public func metadefAssociations(
        of namespace: String
    ) async throws(TranshipError) -> [MetadefAssociation] {
        MetadefAssociation.list(
            try await sendForJSON(MetadefRequests.list(.resourceTypes, of: namespace)))
    }

    /// - Throws: ``TranshipError/Code/conflict`` for one that is there.
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

    /// Ends that a namespace is for a resource type.
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
