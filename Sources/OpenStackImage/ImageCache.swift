// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// The contents and the queue of the image cache of one Glance node
/// (<https://docs.openstack.org/api-ref/image/v2/#cache-manage>).
public struct CachedImages: Sendable, Hashable {
    /// The record as the service sent it.
    public let record: [String: JSONValue]

    /// The images that are in the cache now.
    public var cached: [CachedImage] { CachedImage.list(record["cached_images"]) }
    /// The ids of the images that the node still has to fetch.
    public var queuedIDs: [String] {
        (record["queued_images"]?.array ?? []).compactMap(\.string)
    }
}

/// An image in the cache of a Glance node.
public struct CachedImage: ServiceRecord {
    public static let idKey = "image_id"
    public static let valueTypes: KeyValuePairs<String, ValueType> = [
        "hits": .number, "size": .number,
    ]
    public let record: [String: JSONValue]

    public init(record: [String: JSONValue]) { self.record = record }

    /// The image's id.
    public var imageID: String { idText }
    /// The number of times that the cache delivered the image.
    public var hits: Int64 { number("hits") ?? 0 }
    /// The size of the data in the cache.
    public var sizeBytes: Int64? { number("size") }
    /// The time of the last access, in seconds since 1970.
    public var lastAccessed: Double? { seconds("last_accessed") }
    /// The time at which the cache got the image, in seconds since 1970.
    public var lastModified: Double? { seconds("last_modified") }

    /// Returns a time; nil for a value that cannot be the time of a file.
    private func seconds(_ key: String) -> Double? {
        guard case .number(let value) = record[key] else { return number(key).map(Double.init) }
        return (0...Double(OutsideNumber.most)).contains(value) ? value : nil
    }
}

/// The part of the cache to clear.
public enum CacheTarget: String, Sendable, CaseIterable {
    case cache, queue, both
}

/// The result of pruning the cache.
public struct PrunedCache: Sendable, Hashable {
    /// The number of removed files.
    public let files: Int64
    /// The total size of the removed files.
    public let sizeBytes: Int64
}

extension ImageService {
    /// Returns the cache of the node that answers. Like all calls for the cache, it needs an
    /// administrator by default.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` if the cloud has no cache or is older than API
    ///   2.14.
    public func cachedImages() async throws(TranshipError) -> CachedImages {
        CachedImages(record: try await sendForJSON(.init(.get, "/v2/cache")).object ?? [:])
    }

    /// Asks the node to fetch an active image into its cache. Does not wait for it.
    ///
    /// - Throws: ``TranshipError/Code/badRequest`` for an image without data.
    public func cacheImage(_ imageID: String) async throws(TranshipError) {
        try await send(.init(.put, CacheRequests.path(imageID)), expecting: [202])
    }

    /// Removes an image from the cache and its queue. The service accepts an image that is in
    /// neither, as long as the image exists.
    public func removeFromCache(
        _ imageID: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await sendDelete(CacheRequests.path(imageID), missingIsFine: missingIsFine)
    }

    /// Empties the cache, its queue, or both.
    public func clearCache(_ target: CacheTarget = .both) async throws(TranshipError) {
        try await send(CacheRequests.clear(target), expecting: [204])
    }

    /// Returns the addresses of the nodes that have an image in their caches.
    ///
    /// - Throws: ``TranshipError/Code/conflict`` if the nodes do not share one database for their
    ///   caches.
    public func cacheNodes(of imageID: String) async throws(TranshipError) -> [String] {
        let json = try await sendForJSON(.init(.get, CacheRequests.nodesPath(imageID)))
        return (json.array ?? []).compactMap(\.string)
    }

    /// Removes broken images, and those whose fetch has stalled. API 2.18.
    public func cleanCache() async throws(TranshipError) {
        try await send(.init(.post, "/v2/cache/clean"), expecting: [200])
    }

    /// Removes the least used images until the cache is within its maximum size. API 2.18.
    @discardableResult
    public func pruneCache() async throws(TranshipError) -> PrunedCache {
        PrunedCache(json: try await sendForJSON(.init(.post, "/v2/cache/prune")))
    }
}

/// Requests on `/v2/cache` (API 2.14; clean and prune 2.18).
enum CacheRequests {
    static func clear(_ target: CacheTarget) -> ServiceRequest {
        ServiceRequest(
            .delete, "/v2/cache",
            headers: target == .both ? [:] : ["x-image-cache-clear-target": target.rawValue])
    }

    static func path(_ imageID: String) -> String { "/v2/cache/\(percentEncode(imageID))" }

    static func nodesPath(_ imageID: String) -> String {
        "/v2/cache/nodes/\(percentEncode(imageID))"
    }
}

extension PrunedCache {
    init(json: JSONValue) {
        files = OutsideNumber.read(json["total_files_pruned"]) ?? 0
        sizeBytes = OutsideNumber.read(json["total_bytes_pruned"]) ?? 0
    }
}
