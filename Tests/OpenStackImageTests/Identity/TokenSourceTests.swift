// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import TestSupport
import Testing

@testable import OpenStackImage

/// Logins by a token that Keystone exchanges. One server is the identity provider and Keystone.
@Suite struct TokenSourceTests {
    private static let token = """
        {"token": {"project": {"id": "p", "name": "demo"}, "roles": [{"name": "member"}],
        "issued_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-01T01:00:00Z",
        "catalog": [{"type": "image", "endpoints": [
        {"interface": "public", "region": "r", "url": "http://image.example"}]}]}}
        """

    private static func server() throws -> RawHTTPServer {
        try RawHTTPServer { request in
            switch request.target {
            case "/.well-known/openid":
                .status(
                    200,
                    text: #"{"token_endpoint": "http://\#(request[header: "Host"] ?? "")/token"}"#)
            case "/token": .status(200, text: #"{"access_token": "from-the-provider"}"#)
            case "/v3/OS-FEDERATION/identity_providers/my%20idp/protocols/openid/auth":
                request[header: "Authorization"] == "Bearer from-the-provider"
                    ? .status(201, headers: [("X-Subject-Token", "unscoped")], text: "{}")
                    : .status(401, text: #"{"error": {"message": "no such token"}}"#)
            case "/v3/auth/tokens":
                .status(201, headers: [("X-Subject-Token", "scoped")], text: token)
            default: .status(404, text: "")
            }
        }
    }

    private func session(_ fields: String, _ server: RawHTTPServer) throws -> CloudSession {
        let text = """
            clouds: { c: { auth_type: \(fields.replacing("URL", with: server.url)) } }
            """
        let files = try CloudFiles(
            clouds: CloudEntry(yaml: text, file: "clouds.yaml"), environment: [:])
        return CloudSession(try files.configuration(of: "c"))
    }

    private static let common =
        "auth_url: 'URL/v3', identity_provider: my idp, protocol: openid, project_id: p"

    @Test(arguments: [
        "v3oidcclientcredentials, auth: { \(common), client_id: c, client_secret: planted, "
            + "access_token_endpoint: 'URL/token' }",
        "v3oidcpassword, auth: { \(common), client_id: c, client_secret: planted, "
            + "discovery_endpoint: 'URL/.well-known/openid', username: u, password: planted-too }",
        "v3oidcaccesstoken, auth: { \(common), access_token: from-the-provider }",
    ])
    func `An access token is exchanged for a token of the project`(fields: String) async throws {
        let server = try Self.server()
        let project = try await session(fields, server).authenticate()
        #expect(project.projectName == "demo")
        let last = try #require(server.requests.last)
        #expect(last.target == "/v3/auth/tokens")
        let body = String(decoding: last.body, as: UTF8.self)
        #expect(body.contains("unscoped") && !body.contains("planted"))
        let grants = server.requests.filter { $0.target == "/token" }
            .map { String(decoding: $0.body, as: UTF8.self) }
        if fields.hasPrefix("v3oidcpassword") {
            #expect(
                grants == [
                    "grant_type=password&password=planted-too&scope=openid%20profile&username=u"
                ])
        } else if fields.hasPrefix("v3oidcclient") {
            #expect(grants == ["grant_type=client_credentials&scope=openid%20profile"])
        } else {
            #expect(grants.isEmpty)
        }
    }

    @Test func `A refusal names the step and shows no secret`() async throws {
        let server = try Self.server()
        let session = try session(
            "v3oidcaccesstoken, auth: { \(Self.common), access_token: planted-secret }", server)
        let error = await #expect(throws: TranshipError.self) { try await session.authenticate() }
        #expect(error?.code == .authenticationFailed)
        #expect(error?.message.contains("Keystone answered 401: no such token") == true)
        #expect(error?.description.contains("planted-secret") == false)
    }

    @Test func `A command prints the token, and is run again for the next one`() async throws {
        let server = try Self.server()
        let folder = try TemporaryFolder()
        let script = "echo x >> \(folder.file("runs")); echo printed-token"
        let session = try session(
            "token, token_command: [/bin/sh, -c, '\(script)'], auth: { auth_url: 'URL', project_id: p }",
            server)
        let first = try await session.authorization()
        _ = try await session.authorization()
        #expect(folder.bytes(of: "runs").map { String(decoding: $0, as: UTF8.self) } == "x\n")
        let body = try #require(server.requests.first?.body)
        #expect(String(decoding: body, as: UTF8.self).contains("printed-token"))
        _ = await session.invalidate(first)
        _ = try await session.authorization()
        #expect(folder.bytes(of: "runs").map { String(decoding: $0, as: UTF8.self) } == "x\nx\n")
    }

    @Test(arguments: [
        ("echo two words", "printed 2 words"), ("true", "printed 0 words"),
        ("exit 3", "exit code 3"),
    ])
    func `A command that prints no token fails with what to do`(
        script: String, words: String
    ) async throws {
        let server = try Self.server()
        let session = try session(
            "token, token_command: [/bin/sh, -c, '\(script)'], auth: { auth_url: 'URL', project_id: p }",
            server)
        let error = await #expect(throws: TranshipError.self) { try await session.authenticate() }
        #expect(error?.code == .authenticationFailed)
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
        #expect(server.requests.isEmpty)
    }

    /// The rest of the line may be a secret.
    @Test(arguments: ["'prog-not-there --password=planted'", "['/not/there --password=planted']"])
    func `A command that is one text is named by its first word`(command: String) async throws {
        let server = try Self.server()
        let session = try session(
            "token, token_command: \(command), auth: { auth_url: 'URL', project_id: p }", server)
        let error = await #expect(throws: TranshipError.self) { try await session.authenticate() }
        #expect(error?.message.contains("token_command: cannot run ") == true)
        #expect(error?.message.contains("there…: it was not found, or may not be") == true)
        #expect(error?.hint?.hasPrefix("write a list with each word by itself") == true)
        #expect(error.map { "\($0)".contains("planted") } == false)
    }

    @Test func `One-time passcodes go beside the password, or alone`() async throws {
        let server = try Self.server()
        let user = "auth_url: 'URL', user_id: u, project_id: p, passcode: '123456'"
        _ = try await session(
            "v3multifactor, auth_methods: [v3password, v3totp], auth: { \(user), password: s }",
            server
        ).authenticate()
        _ = try await session("v3totp, auth: { \(user) }", server).authenticate()
        let bodies = try server.requests.map { try JSONValue(body: $0.body, asked: "") }
        let identities = bodies.map { $0["auth"]?["identity"] }
        #expect(identities[0]?["methods"] == ["password", "totp"])
        #expect(identities[0]?["totp"]?["user"]?["passcode"] == "123456")
        #expect(identities[0]?["password"]?["user"]?["password"] == "s")
        #expect(identities[1]?["methods"] == ["totp"])
    }

    @Test func `An OAuth 2.0 client credential is an application credential`() async throws {
        let server = try Self.server()
        _ = try await session(
            "v3oauth2clientcredential, auth: { auth_url: 'URL', oauth2_endpoint: 'URL/o', "
                + "oauth2_client_id: i, oauth2_client_secret: s }", server
        ).authenticate()
        let body = try JSONValue(body: try #require(server.requests.last?.body), asked: "")
        #expect(body["auth"]?["identity"]?["application_credential"]?["id"] == "i")
    }
}
