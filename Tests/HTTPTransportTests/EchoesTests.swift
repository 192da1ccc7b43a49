// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import HTTPTransport
import TestSupport
import Testing

/// Servers that show the request that they refuse.
@Suite struct EchoesTests {
    /// Returns the client's error for an answer that repeats the request.
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
        // Texts of three characters occur in ordinary words.
        #expect(error.answer?.message == "no /<redacted>/abc")
    }

    /// The signature comes from the server that redirects, and a storage service shows it.
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

    @Test func `Credentials that are shown as HTTP writes them are not repeated`() async throws {
        let error = try await refusal(HTTPRequest(.get, "/")) { _ in
            "GET / Authorization: Basic YmlyZDpiaXJk, bearer gAAAAABm-x_y; basic authentication failed"
        }
        #expect(
            error.answer?.message == "GET / Authorization: Basic <redacted>, bearer <redacted>; "
                + "basic authentication failed")
    }

    /// The ways in which a server may write a value.
    private static let spellings: [String: @Sendable (String) -> String] = [
        "plain": { $0 },
        "percent": { percentEncode($0) },
        "percent, lower case": { percentEncode($0).lowercased() },
        "percent, reserved characters stay": {
            percentEncode($0).replacing("%2F", with: "/").replacing("%40", with: "@")
        },
        "percent twice": { percentEncode(percentEncode($0)) },
        "form": { percentEncode($0).replacing("%20", with: "+") },
        "JSON": { $0.replacing("\"", with: "\\\"").replacing("/", with: "\\/") },
        "escapes": { value in
            value.utf16.map { "\\u" + String(0x10000 + Int($0), radix: 16).dropFirst() }.joined()
        },
        "references": { value in value.unicodeScalars.map { "&#\($0.value);" }.joined() },
        "hexadecimal references": { value in
            value.unicodeScalars.map { "&#x\(String($0.value, radix: 16));" }.joined()
        },
        "base64": { Data($0.utf8).base64EncodedString().replacing("=", with: "") },
    ]

    @Test(arguments: spellings.keys.sorted())
    func `A secret is known in each spelling`(name: String) async throws {
        let secret = "s/e@c \"r\"&ét"
        let spell = try #require(Self.spellings[name])
        let error = try await refusal(
            HTTPRequest(.get, "/", headers: ["X-Api-Key": secret])
        ) { _ in "no (\(spell(secret))) here" }
        #expect(error.answer?.message == "no (<redacted>) here")
    }

    /// Only curl reads the file, and a server may decode the field that curl sends.
    @Test(arguments: [
        "machine 127.0.0.1 login bird password birdnetrc1e8b",
        "default login bird password birdnetrc1e8b",
        "machine other password x\nmachine 127.0.0.1\n  login \"bird\"\n  password \"birdnetrc1e8b\"",
    ])
    func `The login of a netrc file is not repeated`(text: String) async throws {
        let folder = try TemporaryFolder()
        try folder.write(Array(text.utf8), to: "logins")
        let server = try RawHTTPServer { request in
            let sent = request[header: "authorization"] ?? ""
            let pair =
                Data(base64Encoded: String(sent.dropFirst("Basic ".count)))
                .map { String(decoding: $0, as: UTF8.self) } ?? ""
            let spelled = Self.spellings.sorted { $0.key < $1.key }.map { $0.value(pair) }
            return .status(403, text: ([sent] + spelled).joined(separator: "; "))
        }
        defer { server.stop() }
        var configuration = TransportConfiguration()
        configuration.netrcFile = folder.file("logins")
        let response = try await HTTPClient(configuration).send(
            HTTPRequest(.get, server.url + "/"))
        let error = response.refusal(by: .source, asked: "GET")
        let shown = try #require(error.answer?.message)
        #expect(shown.hasPrefix("Basic <redacted>; "), "\(shown)")
        #expect(shown.contains("bird:<redacted>"), "\(shown)")
        for part in ["birdnetrc1e8b", "u0062\\u0069\\u0072\\u0064\\u006e", "YmlyZDp"] {
            #expect(!shown.contains(part), "\(shown)")
        }
    }

    /// A redirect may contain values of the request, and lead nowhere.
    @Test(arguments: ["ftp://h/", "http://127.0.0.1:1/", "http://169.254.1.1/"])
    func `The address of a redirect is shown without our secrets`(place: String) async throws {
        let server = try RawHTTPServer { request in
            let key = request[header: "x-api-key"] ?? ""
            return .redirect(to: "\(place)seen/\(percentEncode(key))/\(key.lowercased())/x.raw")
        }
        defer { server.stop() }
        for follows in [true, false] {
            let request = HTTPRequest(
                .get, server.url + "/", headers: ["X-Api-Key": "hidden/key-7"],
                followsRedirects: follows)
            let message: String
            do throws(TranshipError) {
                message = try await HTTPClient().send(request)
                    .refusal(by: .source, asked: "GET").message
            } catch {
                message = error.message
            }
            #expect(message.contains("seen/<redacted>/<redacted>/x.raw"), "\(message)")
            #expect(!message.contains("key-7"), "\(message)")
        }
    }

    /// The page of a proxy is shortened. The part before the cut must not contain the beginning of
    /// a secret.
    @Test func `A page is cut after its secrets are gone`() async throws {
        let secret = "4tRq-9pass-Zw"
        for letters in 0..<130 {
            let start = String(repeating: "x", count: letters)
            let error = try await refusal(
                HTTPRequest(.get, "/", headers: ["X-Api-Key": secret])
            ) { _ in "<html><head><title>\(start) \(secret)</title></head></html>" }
            let shown = try #require(error.answer?.message)
            #expect(!shown.contains(secret.prefix(2)), "\(letters): \(shown)")
        }
    }

    /// Of a long answer, only the beginning is read.
    @Test func `A secret at the end of what is read is not shown`() async throws {
        let secret = "4tRq-9pass-Zw"
        for missing in 1..<secret.count - 4 {
            let blanks = (64 << 10) - "<i>".count - secret.count + missing
            let text = "<i>" + String(repeating: " ", count: blanks) + secret
            let server = try RawHTTPServer { _ in .status(403, text: text) }
            defer { server.stop() }
            let response = try await HTTPClient().send(
                HTTPRequest(.get, server.url, headers: ["X-Api-Key": secret]))
            let error = response.refusal(by: .image, asked: "GET /")
            #expect(error.answer?.message == "<redacted>", "\(missing)")
        }
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
