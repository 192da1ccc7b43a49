// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// What is in the cache of the node that answers. Admins only by default,
    /// as everything here.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` where no cache is set up, or
    ///   where the service is older than API 2.14.
    public func cachedImages() async throws(TranshipError) -> CachedImages {
        CachedImages(json: try await sendForJSON(CacheRequests.show))
    }

    /// Asks the node to fetch an active image into its cache; that takes a
    /// while and is not waited for.
    ///
    /// - Throws: ``TranshipError/Code/badRequest`` for an image without data.
    public func cacheImage(_ imageID: String) async throws(TranshipError) {
        try await send(CacheRequests.queue(imageID), expecting: [202])
    }

    /// Takes an image out of the cache and its queue. The service is content
    /// where it was in neither, as long as there is such an image.
    public func removeFromCache(
        _ imageID: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await send(
            CacheRequests.remove(imageID), expecting: missingIsFine ? [204, 404] : [204])
    }

    /// Empties the cache, its queue, or both.
    public func clearCache(_ target: CacheTarget = .both) async throws(TranshipError) {
        try await send(CacheRequests.clear(target), expecting: [204])
    }

    /// The nodes, by their addresses, that have an image in their caches.
    ///
    /// - Throws: ``TranshipError/Code/conflict`` where the nodes do not keep
    ///   their caches' books in one database.
    public func cacheNodes(of imageID: String) async throws(TranshipError) -> [String] {
        let json = try await sendForJSON(CacheRequests.nodes(imageID))
        return (json.array ?? []).compactMap(\.string)
    }

    /// Removes what is broken, and what has stalled while it was fetched.
    /// API 2.18.
    public func cleanCache() async throws(TranshipError) {
        try await send(CacheRequests.clean, expecting: [200])
    }

    /// Removes the least used images until the cache has its largest size.
    /// API 2.18.
    @discardableResult
    public func pruneCache() async throws(TranshipError) -> PrunedCache {
        PrunedCache(json: try await sendForJSON(CacheRequests.prune))
    }
}
