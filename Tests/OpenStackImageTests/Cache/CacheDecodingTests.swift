// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("Reading the cache")
struct CacheDecodingTests {
    @Test("times may be whole or not, and an entry without an image is passed over")
    func entries() {
        let images = CachedImages(json: [
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
        #expect(CachedImages(json: [:]).cached.isEmpty)
        #expect(PrunedCache(json: [:]).files == 0)
    }
}
