// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Testing

@Suite struct PercentEncodingTests {
    @Test func `Only unreserved characters stay`() {
        #expect(percentEncode("aZ09-._~") == "aZ09-._~")
        #expect(percentEncode("a/b c?d=e&ü%") == "a%2Fb%20c%3Fd%3De%26%C3%BC%25")
    }

    @Test(arguments: [
        ("a%2Fb%20c", "a/b c"), ("100%", "100%"), ("%4", "%4"), ("%+1", "%+1"), ("%zz", "%zz"),
        ("%C3%A9", "é"), ("%FF", "\u{FFFD}"), ("", ""), ("é", "é"),
    ])
    func `Percent-decoding undoes the encoding and leaves the rest`(text: String, decoded: String) {
        #expect(percentDecoded(text) == decoded)
        #expect(percentDecoded(percentEncode(decoded)) == decoded)
    }
}
