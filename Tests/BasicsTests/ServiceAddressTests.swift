// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Basics

@Suite struct ServiceAddressTests {
    @Test(arguments: [
        "http://127.0.0.1:9292", "http://127.0.0.1:9292/", "http://127.0.0.1:9292/v2",
        "HTTP://LOCALHOST:9292//v2/", "http://[::1]:9292/v2/?a=b#c", "http://127.1:9292",
        "http://0x7f.1:9292/v2",
    ])
    func `Spellings of one address are one text`(spelling: String) {
        #expect(
            ServiceAddress.inOneSpelling(spelling, versions: ["/v2"]) == "http://127.0.0.1:9292")
    }

    @Test func `Addresses that differ stay different`() {
        let addresses = [
            "http://a", "https://a", "http://a:8080", "https://a:80", "http://b", "http://a/image",
            "http://1a",
            "not an address",
        ]
        #expect(
            Set(addresses.map { ServiceAddress.inOneSpelling($0, versions: ["/v2"]) }).count
                == addresses.count)
        #expect(ServiceAddress.inOneSpelling("https://a:443/x/", versions: []) == "https://a/x")
    }
}
