// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Keystone's answer")
struct TokenDecodingTests {
    private let cloud = CloudConfiguration(
        name: "alpha", authentication: .password(.id("u"), password: Secret("p")),
        authURL: "http://k:5000/v3", scope: .projectID("q"))

    private func answer(
        _ status: Int, _ body: String, _ headers: HTTPHeaders = ["X-Subject-Token": "tok"]
    ) -> HTTPResponse {
        HTTPResponse(status: status, headers: headers, body: Array(body.utf8))
    }

    private let issued = """
        {"token":{"issued_at":"2026-11-21T03:00:00.000000Z","expires_at":"2026-11-21T04:00:00.000000Z",
        "project":{"id":"q","name":"demo"},"user":{"id":"u","name":"me"},
        "roles":[{"id":"1","name":"member"},{"id":"2","name":"reader"}],
        "catalog":[{"type":"image","endpoints":[{"interface":"public","region_id":"R",
        "region":"R","url":"http://g:9292/v2/"}]}]}}
        """

    @Test("who we are, and a lifetime by Keystone's own clock")
    func decoded() throws {
        let token = try IssuedToken(answer(201, issued), of: cloud)
        #expect(token.value.revealed == "tok")
        #expect(token.lifetimeSeconds == 3600)
        #expect(
            token.project
                == AuthenticatedProject(
                    projectID: "q", projectName: "demo", userID: "u", userName: "me",
                    roles: ["member", "reader"], expiresAt: "2026-11-21T04:00:00.000000Z",
                    imageEndpoint: "http://g:9292"))
        #expect(!token.project.isAdmin)
    }

    @Test("further addresses of the service are in the hint if the first does not answer")
    func otherEndpoints() throws {
        let more = issued.replacing(
            "http://g:9292/v2/\"}",
            with: "http://g:9292/v2/\"},{\"interface\":\"public\",\"region_id\":\"R\","
                + "\"url\":\"http://me:secret@h:9292\"}")
        let project = try IssuedToken(answer(201, more), of: cloud).project
        #expect(project.imageEndpoint == "http://g:9292")
        #expect(project.otherImageEndpoints == ["http://me:secret@h:9292"])
        let silent = TranshipError(.unreachable, "no", hint: "check the service")
        let hint = silent.naming(otherEndpoints: project.otherImageEndpoints).hint ?? ""
        #expect(hint.hasPrefix("check the service; the catalogue lists this address first"))
        #expect(hint.contains("image_endpoint_override") && hint.contains("h:9292"))
        #expect(!hint.contains("secret"), "\(hint)")
        #expect(silent.naming(otherEndpoints: []).hint == "check the service")
        let lost = TranshipError(.connectionLost, "no", hint: "look")
        #expect(lost.naming(otherEndpoints: project.otherImageEndpoints).hint == "look")
    }

    @Test("a request to the first of several addresses, which does not answer, names the others")
    func silentEndpoint() async throws {
        let catalogue = issued.replacing(
            "http://g:9292/v2/\"}",
            with: "http://127.0.0.1:1\"},{\"interface\":\"public\",\"region_id\":\"R\","
                + "\"url\":\"http://h:9292\"}")
        let keystone = try RawHTTPServer { _ in
            .status(201, headers: [("X-Subject-Token", "tok")], text: catalogue)
        }
        var cloud = cloud
        cloud.authURL = keystone.url
        let service = ImageService(CloudSession(cloud))
        let error = await #expect(throws: TranshipError.self) { _ = try await service.versions() }
        #expect(error?.code == .unreachable)
        #expect(error?.hint?.hasSuffix("in the cloud's entry: http://h:9292") == true)
    }

    @Test(
        "a token of another project than asked for is refused",
        arguments: [
            .projectID("p"), .projectName("other", .id("default")),
        ] as [CloudConfiguration.Scope])
    func otherProject(_ scope: CloudConfiguration.Scope) throws {
        var cloud = cloud
        cloud.scope = scope
        let error = #expect(throws: TranshipError.self) {
            try IssuedToken(answer(201, issued), of: cloud)
        }
        #expect(error?.code == .authenticationFailed && error?.isTransient == false)
        #expect(
            error?.message.hasPrefix(
                "cloud \"alpha\": Keystone gave a token of project demo (q), where the entry asks for "
            )
                == true)
    }

    @Test(
        "a token that does not say which project it is of is refused",
        arguments: [
            (nil, .projectID("q"), "a project, where the entry asks for q"),
            (
                "null", .projectName("demo", .id("default")),
                "a project, where the entry asks for demo"
            ),
            (nil, nil, "a project, where the entry asks for that of its application credential"),
            (
                #"{"name":"demo"}"#, .projectID("q"),
                "the id of its project, where the entry asks for q"
            ),
            (#"{"id":5}"#, .projectID("5"), "the id of its project, where the entry asks for 5"),
            (#"{"id":""}"#, nil, "the id of its project, where the entry asks for that of"),
            (#""q""#, .projectID("q"), "the id of its project, where the entry asks for q"),
            (
                #"{"id":"q"}"#, .projectName("demo", .id("default")),
                "the name of its project (q), where the entry asks for demo"
            ),
        ] as [(String?, CloudConfiguration.Scope?, String)])
    func unknownProject(
        _ project: String?, _ scope: CloudConfiguration.Scope?, _ words: String
    ) throws {
        var cloud = cloud
        cloud.scope = scope
        if scope == nil {
            cloud.authentication = .applicationCredential(.id("c"), secret: Secret("s"))
        }
        let body = issued.replacing(
            #""project":{"id":"q","name":"demo"},"#,
            with: project.map { #""project":\#($0),"# } ?? "")
        let error = #expect(throws: TranshipError.self) {
            try IssuedToken(answer(201, body), of: cloud)
        }
        #expect(error?.code == .authenticationFailed && error?.isTransient == false)
        #expect(
            error?.message.hasPrefix("cloud \"alpha\": Keystone gave a token without \(words)")
                == true)
    }

    @Test(
        "another spelling of the project is the same project",
        arguments: [
            .projectID("Q"), .projectID("q-"), .projectName("Demo ", .name("d")),
            .projectName("dëmo", .id("default")), nil,
        ] as [CloudConfiguration.Scope?])
    func sameProject(_ scope: CloudConfiguration.Scope?) throws {
        var cloud = cloud
        cloud.scope = scope
        #expect(try IssuedToken(answer(201, issued), of: cloud).project.projectID == "q")
    }

    @Test("the credentials in an address are not in the message", arguments: [302, 404, 200])
    func addressWithCredentials(status: Int) {
        var cloud = cloud
        cloud.authURL = "https://joe:geheim@keys.example/v3"
        let place = "https://joe:geheim@login.example/?ticket=geheim"
        let error = #expect(throws: TranshipError.self) {
            try IssuedToken(answer(status, "x", ["Location": place]), of: cloud)
        }
        #expect(error?.code == .notKeystone)
        #expect(error?.message.contains("https://keys.example/v3") == true)
        #expect("\(error.map { "\($0)" } ?? "geheim")".contains("geheim") == false)
    }

    @Test("an override beats the catalogue")
    func override() throws {
        var cloud = cloud
        cloud.imageEndpointOverride = "https://other/image/v2"
        cloud.region = "elsewhere"
        let token = try IssuedToken(answer(201, issued), of: cloud)
        #expect(token.project.imageEndpoint == "https://other/image")
    }

    @Test("a wrong password is told in Keystone's words, with what to check")
    func wrongPassword() throws {
        let error = #expect(throws: TranshipError.self) {
            try IssuedToken(
                answer(
                    401,
                    """
                    {"error":{"code":401,"message":"The request you have made requires \
                    authentication.","title":"Unauthorized"}}
                    """, [:]), of: cloud)
        }
        #expect(error?.code == .authenticationFailed)
        #expect(
            error?.message
                == "cloud \"alpha\": Keystone answered 401: The request you have made requires "
                + "authentication. (POST /v3/auth/tokens)")
        #expect(error?.hint?.contains("username, password, project") == true)
        #expect(error?.isTransient == false)
    }

    @Test(
        "a server that is not Keystone is named, with what it answered",
        arguments: [
            (200, "<html>Welcome</html>"), (201, "{}"), (404, "404 Not Found"),
            (405, "<h1>405</h1>"), (300, "{\"versions\":[]}"), (302, ""),
        ])
    func noKeystone(_ status: Int, _ body: String) throws {
        let error = #expect(throws: TranshipError.self) {
            try IssuedToken(answer(status, body, ["Location": "https://k/"]), of: cloud)
        }
        #expect(error?.code == .notKeystone)
        #expect(error?.message.contains("http://k:5000/v3") == true)
        #expect(error?.message.contains("\(status)") == true)
    }

    @Test(
        "a token that Keystone does not know is a failed login",
        arguments: [
            (CloudConfiguration.Authentication.token(Secret("t")), "openstack token issue"),
            (.command(["/opt/login", "--pin=1234"]), "run that program by hand: /opt/login"),
        ] as [(CloudConfiguration.Authentication, String)], [401, 404])
    func unknownToken(
        _ login: (CloudConfiguration.Authentication, String), _ status: Int
    ) throws {
        var cloud = cloud
        cloud.authentication = login.0
        let body = #"{"error":{"code":404,"message":"Could not recognize Fernet token"}}"#
        let error = #expect(throws: TranshipError.self) {
            try IssuedToken(answer(status, body, [:]), of: cloud)
        }
        #expect(error?.code == .authenticationFailed)
        #expect(error?.message.contains("Could not recognize Fernet token") == true)
        #expect(error?.hint?.contains("expired, or of another Keystone") == true)
        #expect(error?.hint?.contains(login.1) == true)
        #expect(error?.hint?.contains("1234") == false)
    }

    @Test("a redirect of Keystone says where it leads")
    func redirect() throws {
        let error = #expect(throws: TranshipError.self) {
            try IssuedToken(
                answer(301, "", ["Location": "https://new:5000/v3/auth/tokens?t=1"]), of: cloud)
        }
        #expect(
            error?.message.contains(
                "a redirect to https://new:5000/v3/auth/tokens, which is not followed") == true)
        #expect(error?.hint?.contains("set auth_url to that address") == true)
    }

    @Test("a Keystone that is down may come back")
    func unavailable() throws {
        let error = #expect(throws: TranshipError.self) {
            try IssuedToken(answer(503, "", [:]), of: cloud)
        }
        #expect(error?.isTransient == true)
        #expect(error?.code == .serviceFailed)
    }

    @Test("a token without times is taken for a short one")
    func noTimes() throws {
        let body =
            #"{"token":{"project":{"id":"q"},"catalog":[{"type":"image","endpoints":[{"interface":"#
            + #""public","url":"http://g"}]}]}}"#
        #expect(try IssuedToken(answer(201, body), of: cloud).lifetimeSeconds == 300)
    }
}
