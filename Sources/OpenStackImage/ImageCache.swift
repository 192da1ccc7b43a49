// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// What the image cache of one Glance node holds and is to fetch
/// (<https://docs.openstack.org/api-ref/image/v2/#cache-manage>).
public struct CachedImages: Sendable, Hashable {
    /// In the cache now.
    public let cached: [CachedImage]
    /// The ids of the images that the node is to fetch.
    public let queuedIDs: [String]
    /// The record as the service sent it.
    public let record: [String: JSONValue]
}

/// An image in the cache of a Glance node.
public struct CachedImage: Sendable, Hashable {
    /// The image's id.
    public let imageID: String
    /// How often the cache delivered it.
    public let hits: Int64
    /// The size of the data in the cache.
    public let sizeBytes: Int64?
    /// Seconds since 1970.
    public let lastAccessed: Double?
    /// Seconds since 1970: when the cache got it.
    public let lastModified: Double?
    /// The record as the service sent it.
    public let record: [String: JSONValue]
}

/// Which part of the cache to clear.
public enum CacheTarget: String, Sendable, CaseIterable {
    case cache, queue, both
}

/// What a pruning of the cache removed.
public struct PrunedCache: Sendable, Hashable {
    /// The number of removed files.
    public let files: Int64
    /// The space that they took.
    public let sizeBytes: Int64
}

extension ImageService {
    /// The cache of the node that answers. Like all calls for the cache, it takes an admin by
    /// default.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` if the cloud has no cache or is older than API
    ///   2.14.
    public func cachedImages() async throws(TranshipError) -> CachedImages {
        CachedImages(json: try await sendForJSON(CacheRequests.show))
    }

    /// Asks the node to fetch an active image into its cache. Does not wait for it.
    ///
    /// - Throws: ``TranshipError/Code/badRequest`` for an image without data.
    public func cacheImage(_ imageID: String) async throws(TranshipError) {
        try await send(CacheRequests.queue(imageID), expecting: [202])
    }

    /// Removes an image from the cache and its queue. The service accepts an image that is in
    /// neither, as long as the image exists.
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

    /// The nodes that have an image in their caches, by address.
    ///
    /// - Throws: ``TranshipError/Code/conflict`` if the nodes do not share one database for their
    ///   caches.
    public func cacheNodes(of imageID: String) async throws(TranshipError) -> [String] {
        let json = try await sendForJSON(CacheRequests.nodes(imageID))
        return (json.array ?? []).compactMap(\.string)
    }

    /// Removes broken images, and those whose fetch has stalled. API 2.18.
    public func cleanCache() async throws(TranshipError) {
        try await send(CacheRequests.clean, expecting: [200])
    }

    /// Removes the least used images until the cache is within its maximum size. API 2.18.
    @discardableResult
    public func pruneCache() async throws(TranshipError) -> PrunedCache {
        PrunedCache(json: try await sendForJSON(CacheRequests.prune))
    }
}

/// Requests on `/v2/cache` (API 2.14; clean and prune 2.18).
enum CacheRequests {
    static var show: ServiceRequest { ServiceRequest(.get, "/v2/cache") }

    static func queue(_ imageID: String) -> ServiceRequest {
        ServiceRequest(.put, path(imageID))
    }

    static func remove(_ imageID: String) -> ServiceRequest {
        ServiceRequest(.delete, path(imageID))
    }

    static func clear(_ target: CacheTarget) -> ServiceRequest {
        ServiceRequest(
            .delete, "/v2/cache",
            headers: target == .both ? [:] : ["x-image-cache-clear-target": target.rawValue])
    }

    static func nodes(_ imageID: String) -> ServiceRequest {
        ServiceRequest(.get, "/v2/cache/nodes/\(percentEncode(imageID))")
    }

    static var clean: ServiceRequest { ServiceRequest(.post, "/v2/cache/clean") }
    static var prune: ServiceRequest { ServiceRequest(.post, "/v2/cache/prune") }

    private static func path(_ imageID: String) -> String {
        "/v2/cache/\(percentEncode(imageID))"
    }
}

extension CachedImages {
    /// Skips entries without an image id.
    init(json: JSONValue) {
        record = json.object ?? [:]
        cached = (json["cached_images"]?.array ?? []).compactMap(CachedImage.init(json:))
        queuedIDs = (json["queued_images"]?.array ?? []).compactMap(\.string)
    }
}

extension CachedImage {
    init?(json: JSONValue) {
        guard let record = json.object, let imageID = record["image_id"]?.string else { return nil }
        self.imageID = imageID
        self.record = record
        hits = record["hits"]?.integer ?? 0
        sizeBytes = record["size"]?.integer
        lastAccessed = Self.seconds(record["last_accessed"])
        lastModified = Self.seconds(record["last_modified"])
    }

    private static func seconds(_ value: JSONValue?) -> Double? {
        switch value {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}

extension PrunedCache {
    init(json: JSONValue) {
        files = json["total_files_pruned"]?.integer ?? 0
        sizeBytes = json["total_bytes_pruned"]?.integer ?? 0
    }
}
