// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import HTTPTransport

@Suite struct NoProxyTests {
    @Test(
        arguments: [
            ("*", "a.example", true), ("*,b.example", "a.example", false),
            ("example", "a.example", true), (".example", "a.example", true),
            ("a.example.", "a.example", true), ("a.example", "a.example.", true),
            ("A.Example", "a.example", true), ("ample", "a.example", false),
            ("b.example, a.example", "a.example", true),
            ("b.example\ta.example", "a.example", true),
            (".", "a.example", false), ("", "a.example", false),
            ("127.0.0.1", "127.0.0.1", true), (".0.0.1", "127.0.0.1", false),
            ("0.0.1", "127.0.0.1", false), ("127.0.0.0/8", "127.0.0.1", true),
            ("10.1.0.0/15", "10.0.0.1", true), ("10.2.0.0/15", "10.0.0.1", false),
            ("10.0.0.0/33", "10.0.0.1", false), ("10.0.0.0/0", "10.0.0.1", false),
            ("10.0.0.0/99999999999999999999", "10.0.0.0", false),
            ("::1", "[::1]", true), ("FD00::1", "[fd00::1]", true), ("[::1]", "[::1]", false),
            ("fd00::/8", "[fd00::1]", false), ("127.0.0.1", "[::1]", false),
        ])
    func `An entry covers the hosts that curl keeps from the proxy`(
        text: String, host: String, isCovered: Bool
    ) {
        #expect(NoProxy(text).covers(host) == isCovered)
    }
}
