// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import OpenStackImage
import Testing

@Suite struct CloudSessionWeaknessesTests {
    private func found(
        _ authURL: String?, _ endpoint: String, verifies: Bool = true
    ) -> [String] {
        let configuration = CloudConfiguration(
            name: "beta",
            authentication: authURL == nil ? .none : .token(Secret("t")), authURL: authURL,
            verifiesTLS: verifies)
        return CloudSession(configuration).weaknesses(imageEndpoint: endpoint)
    }

    @Test(arguments: [
        ("https://keys.example/v3", "https://images.example"),
        ("http://127.0.0.1:5000/v3", "http://[::1]:9292"), ("http://localhost", "http://127.1.2.3"),
    ])
    func `TLS, or no network, does not count as a weakness`(authURL: String, endpoint: String) {
        #expect(found(authURL, endpoint) == [])
    }

    @Test func `Certificates that are not verified`() throws {
        let words = try #require(
            found("https://keys.example", "https://images.example", verifies: false).first)
        #expect(words.hasPrefix("cloud \"beta\": its certificates are not verified"))
        #expect(found("http://127.0.0.1", "http://127.0.0.1", verifies: false) == [])
    }

    @Test func `Keystone and the Image service over http, without their credentials`() {
        let words = found("http://joe:geheim@keys.example/v3", "http://127.evil.example?x=geheim")
        #expect(words.count == 2)
        #expect(words.first?.contains("auth_url http://keys.example/v3 is not https") == true)
        #expect(words.last?.contains("http://127.evil.example is not https") == true)
        #expect(!words.joined().contains("geheim"))
        #expect(found(nil, "HTTP://images.example").count == 1)
    }

    @Test func `A token that comes over https and goes out over http`() {
        let words = found("https://keys.example/v3", "http://images.example:9292")
        #expect(
            words == [
                "cloud \"beta\": a token that Keystone gives over https goes to "
                    + "http://images.example:9292 without TLS, so it can be read on the way"
            ])
    }
}
