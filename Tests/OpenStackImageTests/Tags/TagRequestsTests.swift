// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Testing

@testable import OpenStackImage

@Suite("Tag requests")
struct TagRequestsTests {
    @Test("only tags that survive a URL are put into one")
    func fitsURL() {
        #expect(TagRequests.fitsURL("a b%c?d"))
        for tag in ["ä", "a/b", "", "a\nb"] { #expect(!TagRequests.fitsURL(tag)) }
        #expect(TagRequests.add("i", "a b%").asked == "PUT /v2/images/i/tags/a%20b%25")
    }
}
