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

@Suite struct PercentEncodingTests {
    @Test func `Only unreserved characters stay`() {
        #expect(percentEncode("aZ09-._~") == "aZ09-._~")
        #expect(percentEncode("a/b c?d=e&ü%") == "a%2Fb%20c%3Fd%3De%26%C3%BC%25")
    }
}
