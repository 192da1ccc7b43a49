// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import TestSupport
import Testing

/// Servers that show the request that they refuse.
@Suite struct EchoesTests {
    /// What the client makes of an answer that repeats the request.
    private func refusal(
        _ request: HTTPRequest, status: Int = 403,
        says: @escaping @Sendable (ReceivedRequest) -> String
    ) async throws -> TranshipError {
        let server = try RawHTTPServer { _ in
            Reply { exchange in
                guard exchange.readBody() else { return exchange.close() }
                let text = says(exchange.received)
                exchange.sendHead(
                    status,
                    [("Content-Length", "\(text.utf8.count)"), ("X-OpenStack-Request-ID", text)])
                exchange.send(Array(text.utf8))
            }
        }
        var request = request
        request.url = server.url + request.url
        return try await HTTPClient().send(request).refusal(by: .image, asked: "GET /")
    }

    @Test(arguments: [
        ("X-Auth-Token", "gAAAAABsecret"), ("PRIVATE-TOKEN", "glpat-secret"),
        ("Authorization", "Bearer secret-bearer"), ("Authorization", "Basic dTpzZWNyZXQ="),
        ("X-Odd", #"quo"ted\and/slashed"#),
    ])
    func `Header fields are not repeated`(name: String, value: String) async throws {
        let error = try await refusal(HTTPRequest(.get, "/", headers: [name: value])) { request in
            let sent = request[header: name] ?? ""
            let escaped = sent.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            let credentials = sent.split(separator: " ").last ?? ""
            return "you sent \(sent) or \(credentials) or \(escaped) or \(percentEncode(sent))"
        }
        let shown =
            "\(error.message) \(error.answer?.message ?? "") \(error.answer?.requestID ?? "")"
        #expect(error.message.contains("you sent <redacted> or <redacted> or <redacted>"))
        #expect(!shown.contains(value) && !shown.contains(percentEncode(value)))
        #expect(!shown.contains(value.split(separator: " ").last ?? ""))
    }

    @Test(arguments: [
        ("Cookie", "sid=SECRET12345; theme=dark"), ("Cookie", "theme=dark; sid=\"SECRET12345\""),
        ("X-A", "SECRET12345:SECRET12345"), ("X-A", "key=SECRET12345"), ("X-A", "a,SECRET12345"),
        ("Authorization", "Token token=SECRET12345, id=7"),
        ("Authorization", "Custom SECRET12345 7"),
    ])
    func `A part of a header field is not repeated`(name: String, value: String) async throws {
        let error = try await refusal(HTTPRequest(.get, "/", headers: [name: value])) { _ in
            "no SECRET12345 in the dark, Token or Custom"
        }
        #expect(error.answer?.message == "no <redacted> in the dark, Token or Custom")
    }

    @Test func `A secret that is cut or split is not repeated`() async throws {
        let headers: HTTPHeaders = ["X-Auth-Token": "gAAAAABsecret0123456789"]
        let server = try RawHTTPServer { _ in
            .status(
                403,
                text: "cut gAAAAABsecret01..., split gAAAAABsec\nret0123\r\n456789, other gAAAAAB")
        }
        defer { server.stop() }
        let error = try await HTTPClient().send(
            HTTPRequest(.get, server.url + "/", headers: headers)
        ).refusal(by: .image, asked: "GET /")
        #expect(
            error.answer?.message == "cut <redacted>..., split <redacted>, other gAAAAAB")
    }

    @Test func `Secrets of the client are not repeated`() async throws {
        let server = try RawHTTPServer { request in .status(403, text: "no \(request.target)") }
        defer { server.stop() }
        var configuration = TransportConfiguration()
        configuration.secrets = [Secret("hidden-path"), Secret("abc")]
        let response = try await HTTPClient(configuration)
            .send(HTTPRequest(.get, server.url + "/hidden-path/abc"))
        let error = response.refusal(by: .source, asked: "GET")
        // Three characters are found in ordinary words.
        #expect(error.answer?.message == "no /<redacted>/abc")
    }

    /// The signature comes from the server that redirects, and a storage shows it.
    @Test(arguments: [true, false])
    func `The query of a redirect's target is not repeated`(isFollowed: Bool) async throws {
        let place = "/store?X-Amz-Signature=REDIRECTED0123"
        let server = try RawHTTPServer { request in
            request.path == "/"
                ? .status(302, headers: [("Location", place)], text: "go to \(place)")
                : .status(403, text: "SignatureProvided REDIRECTED0123")
        }
        defer { server.stop() }
        let response = try await HTTPClient().send(
            HTTPRequest(.get, server.url + "/", followsRedirects: isFollowed))
        let error = response.refusal(by: .source, asked: "GET")
        #expect(error.message.contains("<redacted>"))
        #expect(!error.message.contains("REDIRECTED"), "\(error.message)")
    }

    @Test func `The password of Basic is not repeated either`() async throws {
        let error = try await refusal(
            HTTPRequest(.get, "/", headers: ["Authorization": "Basic dTpzZWNyZXQ="])
        ) { _ in "no user u with password secret" }
        #expect(error.answer?.message == "no user u with password <redacted>")
    }

    /// Of a netrc file, which curl alone reads.
    @Test func `Credentials that are shown as HTTP writes them are not repeated`() async throws {
        let error = try await refusal(HTTPRequest(.get, "/")) { _ in
            "GET / Authorization: Basic YmlyZDpiaXJk, bearer gAAAAABm-x_y; basic authentication failed"
        }
        #expect(
            error.answer?.message == "GET / Authorization: Basic <redacted>, bearer <redacted>; "
                + "basic authentication failed")
    }

    @Test func `Secrets of the body and the query are not repeated`() async throws {
        var request = HTTPRequest(.post, "/x?sig=abc%2Fdefghi", body: Array("pw=hidden".utf8))
        request.secrets = [Secret("hidden")] + HTTPRequest.secrets(ofURL: request.url)
        let error = try await refusal(request) { "\($0.target) \($0.text) abc/defghi" }
        #expect(error.answer?.message == "/x?sig=<redacted> pw=<redacted> <redacted>")
    }

    /// Sizes and stores are not secrets, and messages need them.
    @Test func `Words that say nothing of who asks stay`() async throws {
        let headers: HTTPHeaders = [
            "X-OpenStack-Image-Size": "12345", "X-Image-Meta-Store": "fast",
            "Content-Type": "application/json",
        ]
        let error = try await refusal(HTTPRequest(.get, "/", headers: headers)) { _ in
            "store fast takes no 12345 bytes of application/json"
        }
        #expect(error.answer?.message == "store fast takes no 12345 bytes of application/json")
    }

    @Test func `A URL's password and long values of its query are secrets`() {
        let url = "https://user:pass/word@host/x?limit=10&X-Amz-Signature=0123456789#frag=ment12345"
        #expect(HTTPRequest.secrets(ofURL: url).map(\.revealed) == ["0123456789"])
        let other = "https://user:p%40ss@host/x"
        #expect(HTTPRequest.secrets(ofURL: other).map(\.revealed) == ["p%40ss"])
        #expect(HTTPRequest.secrets(ofURL: "https://host/x").isEmpty)
    }
}
