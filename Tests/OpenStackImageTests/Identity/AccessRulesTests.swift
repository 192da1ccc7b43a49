// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("Access rules of application credentials")
struct AccessRulesTests {
    @Test(
        "a rule allows what keystonemiddleware matches, and nothing else",
        arguments: [
            ("/v2/**", "/v2/images", true), ("/v2/**", "/v2/images/i/file", true),
            ("/v2/images", "/v2/images", true), ("/v2/images", "/v2/images/i", false),
            ("/v2/images/*", "/v2/images/i", true), ("/v2/images/*", "/v2/images/i/file", false),
            ("/v2/images/*", "/v2/images/", false), ("/v2/images/*", "/v2/images", false),
            ("/v2/images/{id}/file", "/v2/images/i/file", true),
            ("/v2/images/{id}/file", "/v2/images/i/stage", false),
            ("/v2/images/**", "/v2/images", false),
            ("/v2/images/**/file", "/v2/images/i/file", true),
            ("/v2/*/*/file", "/v2/images/i/file", true), ("**", "/v2/images", true),
            ("/image/v2/images/**", "/v2/images/i", true), ("/v3/**", "/v2/images", false),
            ("/v2/images/{id", "/v2/images/i", true), ("", "/v2/images", false),
        ])
    func patterns(_ pattern: String, _ path: String, _ isAllowed: Bool) {
        let rules = AccessRules([.init(service: "image", method: "GET", path: pattern)])
        #expect(rules.allows("GET", path) == isAllowed)
        #expect(!rules.allows("PUT", path))
        let others = AccessRules([.init(service: "compute", method: "GET", path: pattern)])
        #expect(!others.allows("GET", path))
    }

    @Test("no pattern takes long", .timeLimit(.minutes(5)))
    func slowPattern() {
        let pattern = String(repeating: "**a", count: 200) + "b"
        let rules = AccessRules([.init(service: "image", method: "GET", path: pattern)])
        #expect(!rules.allows("GET", String(repeating: "a", count: 2000)))
    }

    @Test("the rules are in the token; without the key there are none")
    func inToken() throws {
        #expect(AccessRules(json: nil) == nil)
        #expect(AccessRules(json: [])?.allows("GET", "/v2/images") == false)
        let rules = AccessRules(json: [
            ["service": "image", "method": "GET", "path": "/v2/**", "id": "x"], "odd", [:],
        ])
        #expect(rules == AccessRules([.init(service: "image", method: "GET", path: "/v2/**")]))
    }
}
