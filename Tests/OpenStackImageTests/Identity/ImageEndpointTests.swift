// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OpenStackImage

@Suite("Image endpoint")
struct ImageEndpointTests {
    @Test(
        "versions and slashes at the end are not part of the root; prefixes are",
        arguments: [
            ("http://h:9292", "http://h:9292"), ("http://h:9292/", "http://h:9292"),
            ("http://h:9292/v2", "http://h:9292"), ("http://h:9292/v2//", "http://h:9292"),
            ("https://h/image", "https://h/image"), ("https://h/image/v2/", "https://h/image"),
            ("https://h/image/v2.9", "https://h/image"), ("https://h/v1", "https://h"),
            ("https://h/volumes", "https://h/volumes"), ("https://v2", "https://v2"),
        ])
    func roots(_ url: String, _ root: String) {
        #expect(ImageEndpoint.root(of: url) == root)
    }
}
