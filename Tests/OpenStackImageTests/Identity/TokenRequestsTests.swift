// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import Testing

@testable import OpenStackImage

@Suite("Asking Keystone for a token")
struct TokenRequestsTests {
    private func body(_ cloud: CloudConfiguration) throws -> String {
        String(decoding: try #require(TokenRequests.issue(cloud)?.body), as: UTF8.self)
    }

    @Test("a password goes with its user's domain and the project as scope")
    func password() throws {
        let cloud = CloudConfiguration(
            name: "c", authentication: .password(.name("u", .name("D")), password: Secret("p\"w")),
            authURL: "http://k:5000", scope: .projectName("q", .id("default")))
        #expect(
            try body(cloud) == """
                {"auth":{"identity":{"methods":["password"],"password":{"user":{"domain":\
                {"name":"D"},"name":"u","password":"p\\"w"}}},"scope":{"project":{"domain":\
                {"id":"default"},"name":"q"}}}}
                """)
    }

    @Test("a token is exchanged, and an application credential has no scope")
    func others() throws {
        let token = CloudConfiguration(
            name: "c", authentication: .token(Secret("t")), authURL: "http://k",
            scope: .projectID("q"))
        #expect(
            try body(token) == """
                {"auth":{"identity":{"methods":["token"],"token":{"id":"t"}},\
                "scope":{"project":{"id":"q"}}}}
                """)
        let credential = CloudConfiguration(
            name: "c",
            authentication: .applicationCredential(.name("n", .id("u")), secret: Secret("s")),
            authURL: "http://k")
        #expect(
            try body(credential) == """
                {"auth":{"identity":{"application_credential":{"name":"n","secret":"s",\
                "user":{"id":"u"}},"methods":["application_credential"]}}}
                """)
    }

    @Test(
        "auth_url may be written with and without its version",
        arguments: [
            "http://k:5000", "http://k:5000/", "http://k:5000/v3", "http://k:5000/v3/",
            "http://k:5000/v2.0", "http://k:5000/v3/auth/tokens",
        ])
    func authURLs(_ url: String) {
        #expect(TokenRequests.tokensURL(url) == "http://k:5000/v3/auth/tokens")
    }

    @Test("auth_url may lie behind a prefix")
    func prefix() {
        #expect(
            TokenRequests.tokensURL("https://h/identity") == "https://h/identity/v3/auth/tokens")
    }
}
