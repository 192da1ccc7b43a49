// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Testing

@testable import OpenStackImage

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
        #expect(CacheRequests.nodes("a/b").asked == "GET /v2/cache/nodes/a%2Fb")
        #expect(CacheRequests.queue("i").asked == "PUT /v2/cache/i")
        #expect(CacheRequests.remove("i").asked == "DELETE /v2/cache/i")
    }
}
