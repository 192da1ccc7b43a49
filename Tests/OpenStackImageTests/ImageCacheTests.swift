// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Reading the cache")
struct CacheDecodingTests {
    @Test("times may be whole or not, and an entry without an image is passed over")
    func entries() {
        let images = CachedImages(record: [
            "cached_images": [
                [
                    "image_id": "i", "hits": 3, "size": 10, "last_accessed": .number(1.5),
                    "last_modified": 2,
                ], ["hits": 1],
            ], "queued_images": ["q"],
        ])
        #expect(images.cached.map(\.imageID) == ["i"])
        #expect(images.cached.first?.hits == 3)
        #expect(images.cached.first?.lastAccessed == 1.5)
        #expect(images.cached.first?.lastModified == 2)
        #expect(images.queuedIDs == ["q"])
    }

    @Test("an empty answer is an empty cache")
    func empty() {
        #expect(CachedImages(record: [:]).cached.isEmpty)
        #expect(PrunedCache(json: [:]).files == 0)
    }
}

@Suite("Cache requests")
struct CacheRequestsTests {
    @Test("the part to clear travels in a header, and both is none")
    func clear() {
        #expect(CacheRequests.clear(.both).headers["x-image-cache-clear-target"] == nil)
        #expect(CacheRequests.clear(.queue).headers["x-image-cache-clear-target"] == "queue")
        #expect(CacheRequests.clear(.cache).asked == "DELETE /v2/cache")
    }

    @Test("an image's nodes are not an image of the cache")
    func paths() {
        #expect(CacheRequests.path("nodes/a") == "/v2/cache/nodes%2Fa")
        #expect(CacheRequests.nodesPath("a/b") == "/v2/cache/nodes/a%2Fb")
    }
}

/// One test at a time: the cache belongs to the node, not to the test.
@Suite("The image cache of a real Glance", .enabled(if: Lab.isUp), .atLab, .serialized)
struct ImageServiceCacheTests {
    @Test(
        "an image is fetched, found on its node, and taken out again",
        .proves(
            "sdk get_image_cache", "sdk queue_image(image)", "sdk cached_image_nodes(image)",
            "sdk cache_delete_image(image)", "4j listCachedImages"))
    func fetched() async throws {
        try await Lab.withActiveImage(Array("cache me".utf8)) { _, image in
            let admin = try Lab.service("alpha-admin")
            try await admin.cacheImage(image.id)
            let entry = try #require(
                try await Lab.eventually {
                    try await admin.cachedImages().cached.first { $0.imageID == image.id }
                } until: {
                    $0 != nil
                })
            #expect(entry.sizeBytes == 8)
            #expect(entry.lastModified ?? 0 > 1.7e9)
            #expect(try await admin.cacheNodes(of: image.id).count == 1)
            try await admin.removeFromCache(image.id)
            #expect(
                try await !admin.cachedImages().cached.contains { $0.imageID == image.id })
        }
    }

    @Test("what has no data is not fetched, and members may not look")
    func refused() async throws {
        try await Lab.withImage { member, image in
            let admin = try Lab.service("alpha-admin")
            let queued = await #expect(throws: TranshipError.self) {
                try await admin.cacheImage(image.id)
            }
            #expect(queued?.code == .badRequest)
            let forbidden = await #expect(throws: TranshipError.self) {
                try await member.cachedImages()
            }
            #expect(forbidden?.code == .forbidden)
            #expect(
                forbidden?.hint
                    == "use an administrator's entry: by default, only administrators may manage "
                    + "the cache")
        }
    }

    @Test(
        "removing what no image is, is fine when that was said",
        .proves("sdk cache_delete_image(ignore_missing)"))
    func missing() async throws {
        let admin = try Lab.service("alpha-admin")
        try await admin.removeFromCache("nothing", missingIsFine: true)
        let error = await #expect(throws: TranshipError.self) {
            try await admin.removeFromCache("nothing")
        }
        #expect(error?.code == .notFound)
    }

    @Test(
        "the cache is cleared in part or whole, cleaned and pruned",
        .proves("sdk clear_cache(target)", "sdk clean_cache", "sdk prune_cache"))
    func cleared() async throws {
        try await Lab.withActiveImage { _, image in
            let admin = try Lab.service("alpha-admin")
            try await admin.cacheImage(image.id)
            _ = try await Lab.eventually {
                try await admin.cachedImages()
            } until: {
                $0.cached.contains { $0.imageID == image.id }
            }
            try await admin.clearCache(.queue)
            #expect(try await admin.cachedImages().cached.contains { $0.imageID == image.id })
            try await admin.cleanCache()
            #expect(try await admin.pruneCache() == PrunedCache(json: [:]))
            try await admin.clearCache(.cache)
            #expect(try await admin.cachedImages().cached.isEmpty)
            try await admin.clearCache()
        }
    }
}
