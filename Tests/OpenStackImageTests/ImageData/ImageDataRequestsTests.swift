// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
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

@Suite("The head of a download")
struct ImageDataDecodingTests {
    private func objection(
        _ status: Int, _ headers: HTTPHeaders = [:], from offset: Int64 = 10
    ) -> TranshipError? {
        ImageDataDecoding.objection(
            to: HTTPResponse(status: status, headers: headers),
            asking: offset > 0 ? .from(offset) : nil,
            asked: "GET /v2/images/i/file")
    }

    @Test("a range that starts where asked and is as long as it says is taken")
    func good() {
        #expect(
            objection(206, ["Content-Range": "bytes 10-19/20", "Content-Length": "10"]) == nil)
        #expect(objection(206, ["Content-Range": "bytes 10-19/*"]) == nil)
        #expect(objection(200, from: 0) == nil)
    }

    /// Glance before the release note range-header-request-83cf11eebf865fb1 does this.
    @Test("the whole image under a 206 is refused before a byte of it is used")
    func wholeAs206() {
        let error = objection(206, ["Content-Range": "bytes 10-19/20", "Content-Length": "20"])
        #expect(error?.code == .rangeNotSatisfiable)
        #expect(
            error?.message
                == "asked for the bytes from 10 on, Glance answered 206 with 20 bytes for a range "
                + "of 10 (GET /v2/images/i/file)")
    }

    @Test(
        "another place, an unreadable range or none at all is refused",
        arguments: [
            "bytes 0-19/20", "bytes 11-19/20", "bytes 10-20/20", "bytes 10-9/20", "10-19/20",
            "bytes */20", "bytes 10-19", "",
        ])
    func bad(_ range: String) {
        #expect(objection(206, ["Content-Range": range]) != nil)
        #expect(objection(206) != nil)
        #expect(objection(200) != nil)
    }
}
