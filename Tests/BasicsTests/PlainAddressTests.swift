// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@Suite struct PlainAddressTests {
    @Test(arguments: [
        ("http://a.example/x", true), ("HTTP://a.example", true), ("http://10.0.0.1:80", true),
        ("http://127.evil.example", true), ("http://127.0.0.1@evil.example", true),
        ("http://localhost.example", true), ("http://[fe80::1]/", true),
        ("https://a.example", false), ("http://127.0.0.1:5000/v3", false),
        ("http://u:p@localhost/", false), ("http://[::1]:9292", false), ("nonsense", false),
    ])
    func `Only what leaves this machine without TLS counts`(url: String, crosses: Bool) {
        #expect(PlainAddress.crossesNetwork(url) == crosses)
    }
}
