// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OpenStackImage

@Suite("Page links")
struct PageLinkTests {
    @Test("only the query of a link is believed")
    func query() {
        #expect(PageLink.query("/v2/images?marker=x&limit=2") == "marker=x&limit=2")
        #expect(PageLink.query("https://inner:9292/v2/images?marker=x#y") == "marker=x")
        #expect(PageLink.query("/v2/images") == nil)
        #expect(PageLink.query("/v2/images?") == nil)
        #expect(PageLink.query(nil) == nil)
    }
}
