// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Testing

@Suite struct PercentEncodingTests {
    @Test func `Only unreserved characters stay`() {
        #expect(percentEncode("aZ09-._~") == "aZ09-._~")
        #expect(percentEncode("a/b c?d=e&ü%") == "a%2Fb%20c%3Fd%3De%26%C3%BC%25")
    }
}
