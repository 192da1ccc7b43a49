// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import Testing

@testable import OpenStackImage

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

    /// Glance before the release note range-header-request-83cf11eebf865fb1.
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
