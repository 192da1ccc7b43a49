// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// What the image cache of one Glance node holds and is asked to fetch
/// (<https://docs.openstack.org/api-ref/image/v2/#cache-manage>).
public struct CachedImages: Sendable, Hashable {
    /// In the cache now.
    public let cached: [CachedImage]
    /// The ids of images that are to be fetched.
    public let queuedIDs: [String]
    /// The answer as it came.
    public let record: [String: JSONValue]
}

/// An image in the cache of a Glance node.
public struct CachedImage: Sendable, Hashable {
    /// The image's id.
    public let imageID: String
    /// How often it was read from the cache.
    public let hits: Int64
    /// Of the data as it is cached.
    public let sizeBytes: Int64?
    /// Seconds since 1970.
    public let lastAccessed: Double?
    /// Seconds since 1970: when it came into the cache.
    public let lastModified: Double?
    /// The answer as it came.
    public let record: [String: JSONValue]
}

/// Which part of the cache is cleared.
public enum CacheTarget: String, Sendable, CaseIterable {
    case cache, queue, both
}

/// What pruning the cache took away.
public struct PrunedCache: Sendable, Hashable {
    /// How many files were removed.
    public let files: Int64
    /// How much room they took.
    public let sizeBytes: Int64
}
