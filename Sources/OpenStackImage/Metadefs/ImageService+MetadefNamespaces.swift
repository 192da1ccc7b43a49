// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// Reading is for everybody; writing what other projects see takes an admin
/// by default, which is so in every part of the metadata definitions.
extension ImageService {
    /// Every namespace that matches, over all pages.
    public func metadefNamespaces(
        _ query: MetadefQuery = .init()
    ) async throws(TranshipError) -> [MetadefNamespace] {
        var namespaces: [MetadefNamespace] = []
        var request = MetadefRequests.namespaces(query)
        var followed: Set<String> = []
        while true {
            let page = try MetadefNamespace.page(
                try await sendForJSON(request), asked: request.asked)
            namespaces += page.namespaces
            guard let next = page.nextQuery, !page.namespaces.isEmpty,
                followed.insert(next).inserted
            else { return namespaces }
            request = ServiceRequest(.get, request.path, rawQuery: next)
        }
    }

    /// A namespace with all that is in it; with a resource type, its
    /// properties under the names that they have there.
    public func metadefNamespace(
        _ name: String, resourceType: String? = nil
    ) async throws(TranshipError) -> MetadefNamespace {
        try MetadefNamespace(
            json: try await sendForJSON(
                MetadefRequests.namespace(name, resourceType: resourceType)))
    }

    /// - Throws: ``TranshipError/Code/conflict`` for a name that is taken,
    ///   ``TranshipError/Code/forbidden``.
    @discardableResult
    public func createMetadefNamespace(
        _ namespace: NewMetadefNamespace
    ) async throws(TranshipError) -> MetadefNamespace {
        try MetadefNamespace(json: try await sendForJSON(MetadefRequests.create(namespace)))
    }

    /// Replaces what the namespace says of itself, its name included.
    @discardableResult
    public func updateMetadefNamespace(
        _ name: String, _ namespace: NewMetadefNamespace
    ) async throws(TranshipError) -> MetadefNamespace {
        try MetadefNamespace(
            json: try await sendForJSON(MetadefRequests.update(name, namespace)))
    }

    /// Deletes a namespace with all that is in it.
    ///
    /// - Throws: ``TranshipError/Code/forbidden`` for a protected one.
    public func deleteMetadefNamespace(
        _ name: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await send(
            MetadefRequests.delete(name), expecting: missingIsFine ? [204, 404] : [204])
    }
}
