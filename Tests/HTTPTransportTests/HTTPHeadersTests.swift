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

    @Test(arguments: ["X-Auth-Token", "x-subject-token", "Authorization", "Cookie", "Set-Cookie"])
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
}
