// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Testing

@testable import OpenStackImage

@Suite("Image data requests")
struct ImageDataRequestsTests {
    @Test("the size and the store travel in headers, and an unknown size is not made up")
    func headers() {
        let sized = ImageDataRequests.upload("i", sizeBytes: 5, store: "slow")
        #expect(sized.asked == "PUT /v2/images/i/file")
        #expect(sized.headers["x-openstack-image-size"] == "5")
        #expect(sized.headers["x-image-meta-store"] == "slow")
        #expect(sized.headers["content-type"] == "application/octet-stream")
        let unsized = ImageDataRequests.stage("i", sizeBytes: nil)
        #expect(unsized.asked == "PUT /v2/images/i/stage")
        #expect(unsized.headers["x-openstack-image-size"] == nil)
    }

    @Test("the whole image is asked for without a range")
    func range() {
        #expect(ImageDataRequests.download("i", nil).headers["range"] == nil)
        #expect(ImageDataRequests.download("i", .from(7)).headers["range"] == "bytes=7-")
    }
}
