// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import OpenStackImage

@Suite("Fields of a cloud's entry")
struct CloudFieldsTests {
    private func cloud(_ fields: String) throws -> CloudConfiguration {
        let entry = try CloudEntry(
            yaml: "clouds: { c: { auth_type: \(fields) } }", file: "clouds.yaml")
        return try CloudFiles(clouds: entry, paths: ["clouds.yaml"]).configuration(of: "c")
    }

    @Test(
        "the text of a key in place of its path is refused, and not shown",
        arguments: [
            "key", "cert", "cacert",
        ])
    func pemText(key: String) throws {
        let error = #expect(throws: TranshipError.self) {
            _ = try cloud(
                "password, auth: { auth_url: 'http://k', username: u, password: p, project_id: i }, "
                    + #"\#(key): "-----BEGIN PRIVATE KEY-----\nplanted\n""#)
        }
        #expect(error?.message == "cloud \"c\": \(key) is the text of a PEM file, not its path")
        #expect(error.map { "\($0)".contains("planted") } == false)
    }

    private func fault(_ fields: String) throws -> TranshipError {
        let error = #expect(throws: TranshipError.self) { _ = try cloud(fields) }
        #expect(error?.code == .invalidCloudsFile)
        return try #require(error)
    }

    @Test(
        "a list or a mapping for a text is named, without its value",
        arguments: [
            (
                "auth: { auth_url: 'http://k', username: u, password: [planted], project_id: i }",
                "auth.password is a list"
            ),
            (
                "auth: { auth_url: 'http://k', username: u, password: { planted: 1 }, project_id: i }",
                "auth.password is a mapping"
            ),
            (
                "auth: { auth_url: ['http://k'], username: u, password: planted, project_id: i }",
                "auth.auth_url is a list"
            ),
            (
                "username: [u], auth: { auth_url: 'http://k', password: planted, project_id: i }",
                "username is a list"
            ),
            (
                "auth: { auth_url: 'http://k', username: u, password: planted, project_id: i }, region_name: [R]",
                "region_name is a list"
            ),
            (
                "auth: { auth_url: 'http://k', username: u, password: planted, project_id: i }, verify: [no]",
                "verify is a list"
            ),
        ])
    func notText(fields: String, words: String) throws {
        let error = try fault("password, \(fields)")
        #expect(error.message == "cloud \"c\": \(words), and must be one text")
        #expect(!"\(error)".contains("planted"))
    }

    @Test("blanks around an address are not part of it, and another text is named")
    func addresses() throws {
        let user = "username: u, password: p, project_id: i"
        let spaced = try cloud(
            "password, auth: { auth_url: \"  http://k:5000/v3 \\n\", \(user) }, "
                + "image_endpoint_override: ' http://g:9292\t'")
        #expect(spaced.authURL == "http://k:5000/v3")
        #expect(spaced.imageEndpointOverride == "http://g:9292")
        let url = try fault("password, auth: { auth_url: 'keystone:5000', \(user) }")
        #expect(
            url.message
                == "cloud \"c\": auth_url is keystone:5000, and it begins with neither http:// nor https://"
        )
        let port = try fault(
            "password, auth: { auth_url: 'http://k', \(user) }, "
                + "image_endpoint_override: 'http://g:99999'")
        #expect(port.message.contains("image_endpoint_override is http://g:99999, and its port"))
        let query = try fault("password, auth: { auth_url: 'http://k/v3?x=planted', \(user) }")
        #expect(
            query.message
                == "cloud \"c\": auth_url is http://k/v3, and it has a query or a fragment behind it"
        )
        #expect(query.hint == "leave out the ? or # and all that follows it")
    }

    @Test("regions as a mapping are refused, and a profile that no file has is a remark")
    func ignoredBefore() throws {
        let user = "auth: { auth_url: 'http://k', username: u, password: p, project_id: i }"
        let regions = try fault("password, \(user), regions: { RegionOne: {} }")
        #expect(regions.message == "regions of cloud \"c\" must be a list")
        #expect(
            try cloud("password, \(user), profile: vendor").remarks == [
                "cloud \"c\": its profile \"vendor\" was not found in any clouds-public.yaml and is "
                    + "ignored"
            ])
    }

    @Test("an application credential is given by id, or by name and its user")
    func applicationCredential() throws {
        let byID = try cloud(
            """
            v3applicationcredential, auth: { auth_url: 'http://k', application_credential_id: i,
            application_credential_secret: s }
            """)
        guard case .applicationCredential(.id("i"), let secret) = byID.authentication else {
            Issue.record("\(byID.authentication)")
            return
        }
        #expect(secret.revealed == "s")
        #expect(byID.scope == nil)
        let byName = try cloud(
            """
            v3applicationcredential, auth: { auth_url: 'http://k', application_credential_name: n,
            application_credential_secret: s, username: u, user_domain_name: D }
            """)
        guard case .applicationCredential(.name("n", let user), _) = byName.authentication else {
            Issue.record("\(byName.authentication)")
            return
        }
        #expect(user == .name("u", .name("D")))
    }

    @Test("without Keystone an endpoint is enough, and needed")
    func withoutKeystone() throws {
        let none = try cloud("none, image_endpoint_override: 'http://g:9292/v2'")
        #expect(none.authURL == nil)
        #expect(none.scope == nil)
        #expect(none.imageEndpointOverride == "http://g:9292/v2")
        let basic = try cloud(
            "http_basic, auth: { username: u, password: p, endpoint: 'http://g:9292' }")
        #expect(basic.imageEndpointOverride == "http://g:9292")
        let error = #expect(throws: TranshipError.self) { try cloud("none") }
        #expect(error?.message == "cloud \"c\" has no image_endpoint_override (clouds.yaml)")
    }

    @Test("one domain serves user and project where neither has its own")
    func oneDomain() throws {
        let both = try cloud(
            """
            password, auth: { auth_url: 'http://k', username: u, password: p, project_name: q,
            domain_name: D }
            """)
        #expect(both.scope == .projectName("q", .name("D")))
        guard case .password(.name("u", .name("D")), _) = both.authentication else {
            Issue.record("\(both.authentication)")
            return
        }
    }

    @Test("endpoint_type and publicURL are older words for interface")
    func olderWords() throws {
        let old = try cloud(
            """
            password, endpoint_type: internalURL, insecure: '1', auth: { auth_url: 'http://k',
            user_id: u, password: p, tenant_id: t }
            """)
        #expect(old.interface == .internal)
        #expect(!old.verifiesTLS)
        #expect(old.scope == .projectID("t"))
    }

    @Test(
        "what is not supported is refused by name, never tried as something else",
        arguments: [
            ("v3oidcpassword, auth: { auth_url: 'http://k' }", "identity_provider"),
            ("v3samlpassword, auth: { auth_url: 'http://k' }", "v3samlpassword"),
            (
                "password, auth: { auth_url: 'http://k', user_id: u, password: p, system_scope: all }",
                "system-scoped"
            ),
            (
                "password, auth: { auth_url: 'http://k', user_id: u, password: p, domain_id: d }",
                "domain-scoped"
            ),
            (
                "password, auth: { auth_url: 'http://k', user_id: u, password: p, trust_id: d }",
                "trust"
            ),
            (
                """
                password, auth: { auth_url: 'http://k', user_id: u, password: p, trust_id: d,
                project_id: q }
                """, "trust"
            ),
            (
                """
                password, auth: { auth_url: 'http://k', user_id: u, password: p, project_id: q,
                passcode: '123456' }
                """, "passcode"
            ),
            (
                """
                v3password, passcode: '123456', auth: { auth_url: 'http://k', user_id: u,
                password: p, project_id: q }
                """, "passcode"
            ),
            (
                """
                v3multifactor, auth_methods: [v3password, v3totp], auth: { auth_url: 'http://k',
                user_id: u, password: p, passcode: '123456' }
                """, "project_name"
            ),
            (
                """
                v3multifactor, auth_methods: [v3password, v3kerberos], auth: { user_id: u,
                auth_url: 'http://k', password: p }
                """, "v3kerberos"
            ),
            (
                """
                password, auth_methods: [password, v3totp], auth: { auth_url: 'http://k',
                user_id: u, password: p, project_id: q }
                """, "v3totp"
            ),
            ("v3totp, auth: { auth_url: 'http://k', passcode: '123456' }", "username"),
            ("v2password, auth: { auth_url: 'http://k', password: p }", "v2password"),
        ])
    func unsupported(_ fields: String, _ word: String) throws {
        let error = #expect(throws: TranshipError.self) { try cloud(fields) }
        #expect(error?.code == .invalidCloudsFile)
        #expect(error?.message.contains(word) == true)
        #expect(error?.hint != nil)
        // No factor is shown. The hint names the way out, unless only a project is missing.
        #expect(error?.description.contains("123456") == false)
        #expect(
            error?.hint?.contains("application credential") == true
                || error?.hint?.contains("to the cloud's entry") == true
                || error?.hint?.contains("project_name") == true)
    }

    @Test("what has no effect is remarked on, and the password login stays")
    func remarks() throws {
        let scoped = try cloud(
            """
            password, auth: { auth_url: 'http://k', user_id: u, password: p, project_id: q,
            system_scope: all, projectname: x, secret-key: y }
            """)
        #expect(scoped.scope == .projectID("q"))
        #expect(scoped.remarks.count == 3)
        #expect(scoped.remarks[0].contains("system_scope is ignored"))
        #expect(scoped.remarks[0].contains("the project counts"))
        #expect(scoped.remarks[1].contains("auth.projectname"))
        let outside = try cloud(
            """
            password, system_scope: all, auth: { auth_url: 'http://k', user_id: u, password: p,
            project_name: q, user_domain_name: D }
            """)
        #expect(outside.remarks.count == 1)
        let plain = try cloud(
            "password, auth: { auth_url: 'http://k', username: u, password: p, project_name: q }")
        #expect(plain.remarks.isEmpty)
    }

    @Test(
        "a key in auth that only counts beside it is remarked on",
        arguments: [
            ("verify: false", ["verify"], ["verify"]), ("cacert: /ca", ["cacert"], ["cacert"]),
            ("insecure: 1, cert: /c", ["cert", "insecure"], ["cert", "insecure"]),
            ("region_name: R, auth_type: token", ["auth_type", "region_name"], []),
            ("auth_type: password, reauthenticate: true", [], []),
        ] as [(String, [String], [String])])
    func misplaced(_ fields: String, _ keys: [String], _ tls: [String]) throws {
        let user = "auth_url: 'http://k', username: u, password: p, project_id: i"
        let entry = try CloudEntry(
            yaml: "clouds: { c: { auth: { \(user), \(fields) } } }", file: "clouds.yaml")
        let found = try CloudFiles(clouds: entry, paths: ["clouds.yaml"]).configuration(of: "c")
        #expect(
            found.remarks
                == keys.map {
                    "cloud \"c\": auth.\($0) is ignored: write \($0) one level up, beside auth"
                })
        #expect(found.misplacedKeys == tls)
        #expect(found.verifiesTLS && found.caFile == nil && found.certFile == nil)
    }

    @Test("a key in auth is not remarked on if it is also beside it, or if Keystone is not used")
    func harmless() throws {
        let user = "auth_url: 'http://k', username: u, password: p, project_id: i"
        let both = try cloud("password, cacert: /ca, auth: { \(user), cacert: /other }")
        #expect(both.remarks.isEmpty && both.misplacedKeys.isEmpty && both.caFile == "/ca")
        let endpoint = try cloud("password, auth: { \(user), endpoint: 'http://g' }")
        #expect(endpoint.remarks.first?.hasPrefix("cloud \"c\": auth.endpoint is ignored") == true)
        let none = try cloud("none, auth: { endpoint: 'http://g' }")
        #expect(none.remarks.isEmpty)
    }

    @Test("a password login that lacks several keys names all of them")
    func severalMissing() throws {
        let error = #expect(throws: TranshipError.self) {
            try cloud("password, auth: { username: u }")
        }
        #expect(error?.message == "cloud \"c\" has no password (clouds.yaml)")
        #expect(error?.hint?.hasSuffix("; auth_url and project_name must be there as well") == true)
    }

    @Test("a password login without a project says which two keys would do")
    func noProject() throws {
        let error = #expect(throws: TranshipError.self) {
            try cloud("password, auth: { auth_url: 'http://k', user_id: u, password: p }")
        }
        #expect(
            error?.message == "cloud \"c\" has no project_name and no project_id (clouds.yaml)")
    }
}
