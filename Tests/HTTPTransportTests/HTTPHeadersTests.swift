// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Testing

@Suite struct HTTPHeadersTests {
    @Test func `Names are found in any case, and a name may occur twice`() {
        var headers: HTTPHeaders = ["Content-Type": "text/plain", "X-Tag": "one"]
        headers.add("x-tag", "two")
        #expect(headers["CONTENT-TYPE"] == "text/plain")
        #expect(headers["x-tag"] == "one")
        #expect(headers.values("X-TAG") == ["one", "two"])
        headers["X-TAG"] = "three"
        #expect(headers.values("x-tag") == ["three"])
        headers["x-tag"] = nil
        #expect(headers["X-Tag"] == nil)
    }

    @Test(arguments: [
        "X-Auth-Token", "x-subject-token", "Authorization", "Cookie", "Set-Cookie", "X-Api-Key",
        "PRIVATE-TOKEN", "Location", "X-Amz-Security-Token", "Proxy-Authorization",
    ])
    func `No way of printing shows a credential`(name: String) {
        let headers: HTTPHeaders = [name: "planted-secret", "Accept": "shown"]
        var dumped = ""
        dump(headers, to: &dumped)
        dump(HTTPResponse(status: 200, headers: headers), to: &dumped)
        dump(HTTPRequest(.get, "http://host/", headers: headers), to: &dumped)
        let request = HTTPRequest(.get, "http://host/", headers: headers)
        for text in ["\(headers)", String(reflecting: headers), "\(request)", dumped] {
            #expect(!text.contains("planted-secret"))
            #expect(text.contains("shown"))
        }
    }

    @Test func `A length that is not a number up to 2^53 does not count`() {
        func length(_ text: String?) -> Int64? {
            var headers = HTTPHeaders()
            headers["content-length"] = text
            return headers.contentLengthBytes
        }
        #expect(length("0") == 0)
        #expect(length("9007199254740992") == 1 << 53)
        for text in [nil, "", "-1", "+1", "1 ", "9007199254740993", "9223372036854775807", "x"] {
            #expect(length(text) == nil)
        }
    }

    @Test func `A length beside another one or a transfer coding counts for nothing`() {
        var headers: HTTPHeaders = ["Content-Length": "5"]
        headers.add("content-length", "5")
        #expect(headers.contentLengthBytes == 5)
        #expect(HTTPHeaders(dictionaryLiteral: ("Content-Length", "5, 5")).contentLengthBytes == 5)
        headers.add("Content-Length", "6")
        #expect(headers.contentLengthBytes == nil && headers.contentLengths == ["5", "6"])
        let coded: HTTPHeaders = ["Content-Length": "3", "Transfer-Encoding": "chunked"]
        #expect(coded.contentLengthBytes == nil)
    }

    @Test(arguments: [
        "bytes 0-9223372036854775806/9223372036854775807", "bytes -1-5/10",
        "bytes 0-1/9223372036854775807", "bytes 0-+1/5", "bytes 5-4/10", "bytes 0-5/5",
        "bytes 0-9007199254740993/*",
    ])
    func `A part with such a number is none`(text: String) {
        #expect(ContentRange(text) == nil)
    }

    @Test func `A part of the largest data is one`() {
        let range = ContentRange("bytes 1-9007199254740991/9007199254740992")
        #expect(range?.countBytes == (1 << 53) - 1)
        #expect(range?.total == 1 << 53)
    }
}
