// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Testing

@Suite struct HTTPRequestTests {
    @Test(arguments: [
        ("https://host/path?sig=abc#x", "https://host/path"),
        ("https://user:secret@host:1/p", "https://host:1/p"),
        ("http://host", "http://host"),
        ("http://host?token=a/b@c", "http://host"),
        ("nonsense?x", "nonsense"),
    ])
    func `A URL in a message has neither credentials nor a query`(url: String, shown: String) {
        #expect(shownURL(url) == shown)
    }
}
