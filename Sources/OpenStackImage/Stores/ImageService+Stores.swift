// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// The stores that images can be put into; empty on a cloud with one
    /// unnamed store, which answers 404.
    public func stores() async throws(TranshipError) -> [ImageStore] {
        ImageStore.list(try await sendForJSONIfKnown(StoreRequests.list) ?? [:])
    }

    /// The stores with what admins may know of them.
    ///
    /// - Throws: ``TranshipError/Code/forbidden`` for others,
    ///   ``TranshipError/Code/notFound`` where there is only one store.
    public func storesDetail() async throws(TranshipError) -> [ImageStore] {
        ImageStore.list(try await sendForJSON(StoreRequests.detail))
    }

    /// Removes an image's data from one of several stores. Admins only by
    /// default.
    ///
    /// - Throws: ``TranshipError/Code/forbidden`` for the last copy,
    ///   ``TranshipError/Code/notFound`` for a store that does not have one,
    ///   unless `missingIsFine`.
    public func deleteCopy(
        _ imageID: String, inStore store: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await send(
            StoreRequests.deleteCopy(imageID, store: store),
            expecting: missingIsFine ? [204, 404] : [204])
    }
}
