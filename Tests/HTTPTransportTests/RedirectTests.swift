// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation
import HTTPTransport
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct RedirectTests {
    @Test func `A redirect is an answer unless it is to be followed`() async throws {
        let server = try RawHTTPServer(scripts: [
            "/a": [.redirect(to: "b?x=1")], "/b": [.status(200, text: "here")],
        ])
        let request = HTTPRequest(.get, server.url + "/a")
        #expect(try await HTTPClient().send(request).status == 302)
        var following = request
        following.followsRedirects = true
        let response = try await HTTPClient().send(following)
        #expect(response.body == Array("here".utf8))
        #expect(response.effectiveURL == server.url + "/b?x=1")
        #expect(server.requests.last?.target == "/b?x=1")
    }

    @Test func `Credentials go to the same host only`() async throws {
        let other = try RawHTTPServer { _ in .status(200) }
        let server = try RawHTTPServer(scripts: [
            "/near": [.redirect(to: "/far")], "/far": [.redirect(to: other.url + "/there")],
        ])
        let headers: HTTPHeaders = [
            "X-Auth-Token": "t", "Authorization": "a", "Cookie": "c", "PRIVATE-TOKEN": "p",
            "Range": "bytes=1-",
        ]
        _ = try await HTTPClient().send(
            HTTPRequest(.get, server.url + "/near", headers: headers, followsRedirects: true))
        let far = try #require(server.requests.last)
        #expect(far.path == "/far")
        #expect(far[header: "x-auth-token"] == "t")
        let there = try #require(other.requests.last)
        for name in ["x-auth-token", "authorization", "cookie", "private-token"] {
            #expect(there[header: name] == nil)
        }
        #expect(there[header: "range"] == "bytes=1-")
    }

    @Test func `The one that answers of several behind a name is named`() async throws {
        let server = try RawHTTPServer { request in
            request.path == "/short"
                ? .lying(declaredBytes: 100, body: [1]) : .status(404, text: "not here")
        }
        let name = server.url.replacing("127.0.0.1", with: "localhost")
        func response(_ url: String, follows: Bool) async throws -> HTTPResponse {
            try await HTTPClient().send(HTTPRequest(.get, url, followsRedirects: follows))
        }
        let named = try await response(name + "/a", follows: true)
        #expect(named.answeredBy == "127.0.0.1")
        #expect(
            named.refusal(by: .source, asked: "GET x").message
                == "the source answered 404: not here (GET x, answered by 127.0.0.1)")
        // The URL already names the host, or the service has only one name for itself.
        #expect(try await response(server.url + "/a", follows: true).answeredBy == nil)
        #expect(try await response(name + "/a", follows: false).answeredBy == nil)
        let ring = ByteRing()
        let error = await failure {
            _ = try await HTTPClient().download(
                HTTPRequest(.get, name + "/short", followsRedirects: true), into: ring
            ) { _ in }
        }
        #expect(
            error?.message.hasPrefix("GET \(name)/short, answered by 127.0.0.1: ") == true,
            "\(error?.message ?? "")")
    }

    @Test(arguments: [false, true])
    func `An answer with two lengths is refused, unless a coding rules`(isChunked: Bool)
        async throws
    {
        let server = try RawHTTPServer { _ in
            .status(
                200,
                headers: isChunked
                    ? [("Transfer-Encoding", "chunked"), ("Content-Length", "3")]
                    : [("Content-Length", "3"), ("Content-Length", "5")],
                text: isChunked ? "5\r\nhello\r\n0\r\n\r\n" : "hello")
        }
        let ring = ByteRing()
        let taken = Task { try await blocking { try ring.takeAll() } }
        let error = await failure {
            _ = try await HTTPClient().download(HTTPRequest(.get, server.url), into: ring) { _ in }
        }
        if isChunked { ring.finishWriting() } else { ring.endTest() }
        #expect((error == nil) == isChunked)
        if isChunked { #expect(try await taken.value == Array("hello".utf8)) }
        if let error {
            #expect(error.code == .invalidAnswer)
            #expect(error.message.hasSuffix("declares more than one length: 3, 5"))
        }
    }

    @Test(arguments: [
        "99999999999999999999", "9007199254740993", "5.5", "0x5", "+5", "5 5", "five", "",
    ])
    func `A length that is not a whole number is refused, whatever the body`(length: String)
        async throws
    {
        let server = try RawHTTPServer { _ in
            Reply { exchange in
                exchange.sendHead(200, [("Content-Length", length)])
                if exchange.request.method != "HEAD" { exchange.send("hello") }
                exchange.close()
            }
        }
        let ring = ByteRing()
        let download = await failure {
            _ = try await HTTPClient().download(HTTPRequest(.get, server.url), into: ring) { _ in }
        }
        #expect(download?.code == .invalidAnswer, "\(download?.message ?? "")")
        for method in [HTTPRequest.Method.get, .head] {
            let small = await failure {
                _ = try await HTTPClient().send(HTTPRequest(method, server.url))
            }
            #expect(small?.code == .invalidAnswer, "\(method): \(small?.message ?? "")")
        }
    }

    @Test func `Going in circles ends`() async throws {
        let server = try RawHTTPServer(scripts: ["/": [.redirect(to: "/")]])
        let error = await failure {
            _ = try await HTTPClient().send(
                HTTPRequest(.get, server.url + "/", followsRedirects: true))
        }
        #expect(error?.code == .badRedirect)
        #expect(server.requests.count == 11)
    }

    @Test(arguments: ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/1", "http://"])
    func `Only http and https are followed`(place: String) async throws {
        let server = try RawHTTPServer(scripts: ["/": [.redirect(to: place)]])
        let error = await failure {
            _ = try await HTTPClient().send(
                HTTPRequest(.get, server.url + "/", followsRedirects: true))
        }
        #expect(error?.code == .badRedirect)
    }

    @Test(arguments: [(303, "GET"), (302, "GET"), (307, "POST")])
    func `A post becomes what the status says`(status: Int, method: String) async throws {
        let server = try RawHTTPServer(scripts: [
            "/": [.redirect(status, to: "/next")], "/next": [.status(200)],
        ])
        _ = try await HTTPClient().send(
            HTTPRequest(.post, server.url + "/", body: [1, 2], followsRedirects: true))
        #expect(server.requests.last?.method == method)
        #expect(server.requests.last?.bodyBytes == (method == "POST" ? 2 : 0))
    }
}

@Suite(.timeLimit(.minutes(5))) struct RefusedRedirectTests {
    /// Redirects every request to one place.
    private struct Redirecting: Carrier {
        let place: String

        func send(_ request: HTTPRequest) async throws(TranshipError) -> HTTPResponse {
            if request.url == place { return HTTPResponse(status: 200) }
            return HTTPResponse(status: 302, headers: ["Location": place])
        }

        func download(
            _ request: HTTPRequest, into ring: ByteRing,
            onResponse: @escaping @Sendable (HTTPResponse) throws(TranshipError) -> Void
        ) async throws(TranshipError) -> HTTPResponse { HTTPResponse(status: 404) }

        func upload(
            _ request: HTTPRequest, from ring: ByteRing, sizeBytes: Int64?
        ) async throws(TranshipError) -> HTTPResponse { HTTPResponse(status: 404) }
    }

    private func follow(_ url: String, to place: String) async -> TranshipError? {
        await failure {
            _ = try await HTTPClient(over: Redirecting(place: place)).send(
                HTTPRequest(.get, url, followsRedirects: true))
        }
    }

    @Test func `A redirect from https to http is refused`() async {
        let error = await follow("https://a.test/x?sign=1", to: "http://a.test/x?sign=1")
        #expect(error?.code == .badRedirect)
        #expect(error?.message.contains("sign") == false)
        #expect(await follow("http://a.test/x", to: "https://a.test/x") == nil)
        #expect(await follow("https://a.test/x", to: "https://b.test/x") == nil)
    }

    @Test(arguments: [
        "169.254.169.254", "169.254.0.1", "0xA9FEA9FE", "2852039166", "169.254.43518",
        "[fe80::1]", "[febf::1]", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]",
        "[::169.254.169.254]",
    ])
    func `A redirect to a link-local address is refused`(host: String) async {
        let error = await follow("http://a.test/x", to: "http://\(host)/latest/meta-data")
        #expect(error?.code == .badRedirect)
    }

    @Test(arguments: ["169.253.1.1", "[fec0::1]", "[2001:db8::1]", "10.0.0.1", "169.254.a.test"])
    func `Other addresses are not link-local`(host: String) async {
        #expect(await follow("http://a.test/x", to: "http://\(host)/") == nil)
    }

    @Test func `A refusal names the host that answered`() async throws {
        let other = try RawHTTPServer { _ in .status(403, text: "not for you") }
        let server = try RawHTTPServer { _ in .redirect(to: other.url + "/there?signature=1") }
        let response = try await HTTPClient().send(
            HTTPRequest(.get, server.url + "/x", followsRedirects: true))
        let error = response.refusal(by: .source, asked: "GET \(server.url)/x")
        #expect(error.message.contains("\(other.url)/there"))
        #expect(!error.message.contains("signature"))
    }

    @Test func `The netrc is for the origin that was asked`() async throws {
        let folder = try TemporaryFolder()
        let file = folder.file("logins")
        try "machine 127.0.0.1 login someone password hidden\n".write(
            toFile: file, atomically: true, encoding: .utf8)
        let other = try RawHTTPServer { _ in .status(401) }
        let server = try RawHTTPServer(scripts: [
            "/near": [.redirect(to: "/far")], "/far": [.redirect(to: other.url + "/there")],
        ])
        var configuration = TransportConfiguration()
        configuration.netrcFile = file
        let response = try await HTTPClient(configuration).send(
            HTTPRequest(.get, server.url + "/near", followsRedirects: true))
        #expect(server.requests.count == 2)
        #expect(server.requests.allSatisfy { $0[header: "authorization"] != nil })
        #expect(other.requests.count == 1)
        #expect(other.requests.first?[header: "authorization"] == nil)
        let hint = response.refusal(by: .source, asked: "GET x").hint
        #expect(hint?.hasPrefix("the redirect led to another server, 127.0.0.1") == true)
    }

    @Test(
        arguments: [
            (nil, "cannot be read: no such file or directory"),
            (
                "machine other.example login a password 127.0.0.1",
                "has no entry for the host 127.0.0.1"
            ),
            ("login machine password 127.0.0.1", "has no entry for the host 127.0.0.1"),
            ("machine 127.0.0.1 login a password hidden", "check the login that"),
            ("default login a password hidden", "check the login that"),
        ] as [(String?, String)])
    func `A 401 names the netrc and the host`(text: String?, words: String) async throws {
        let folder = try TemporaryFolder()
        let file = folder.file("logins")
        try text?.write(toFile: file, atomically: true, encoding: .utf8)
        let server = try RawHTTPServer { _ in .status(401) }
        var configuration = TransportConfiguration()
        configuration.netrcFile = file
        let response = try await HTTPClient(configuration).send(HTTPRequest(.get, server.url))
        let hint = try #require(response.refusal(by: .source, asked: "GET x").hint)
        #expect(hint.contains(words) && hint.contains(file) && hint.contains("127.0.0.1"))
        #expect(!hint.contains("hidden"))
    }

    @Test func `Only regular files are read for a login and for TLS`() async throws {
        let folder = try TemporaryFolder()
        let pipe = folder.file("pipe")
        mkfifo(pipe, 0o600)
        let server = try RawHTTPServer { _ in .status(200) }
        for path in [pipe, folder.path, "/dev/zero"] {
            var configuration = TransportConfiguration()
            configuration.netrcFile = path
            let client = HTTPClient(configuration)
            let error = await failure {
                _ = try await client.send(HTTPRequest(.get, server.url))
            }
            #expect(error?.code == .sourceUnavailable && error?.message.contains(path) == true)
            #expect(error?.message.hasSuffix(", not a regular file") == true)
            #expect(error?.hint?.contains("NETRC") == true)
        }
        #expect(server.requests.isEmpty)
        let files: [(WritableKeyPath<TransportConfiguration, String?>, String)] = [
            (\.caFile, "cacert"), (\.clientCertificateFile, "cert"), (\.clientKeyFile, "key"),
        ]
        for (file, key) in files {
            var configuration = TransportConfiguration()
            configuration[keyPath: file] = pipe
            let client = HTTPClient(configuration)
            let error = await failure {
                _ = try await client.send(HTTPRequest(.get, "https://127.0.0.1:1/"))
            }
            #expect(error?.code == .tlsFailed)
            #expect(error?.message.hasPrefix("\(key) in clouds.yaml: \(pipe) is a named") == true)
        }
    }

    @Test(arguments: [
        (Reply.status(302), "answered 302, a redirect, without a Location"),
        (.redirect(to: "http://[::1/x?signature=1"), "/x, which is not a valid URL"),
        (.redirect(to: "ftp://host/x"), "was redirected to ftp://host/x"),
    ])
    func `A redirect that leads nowhere says why`(reply: Reply, words: String) async throws {
        let server = try RawHTTPServer { _ in reply }
        let error = await #expect(throws: TranshipError.self) {
            _ = try await HTTPClient().send(
                HTTPRequest(.get, server.url + "/a", followsRedirects: true))
        }
        #expect(error?.code == .badRedirect)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("signature") == false)
    }

    @Test func `A refusal names where an unfollowed redirect leads, without its query`() {
        let answer = HTTPResponse(status: 301, headers: ["Location": "https://new/v2?sig=secret"])
        let error = answer.refusal(by: .image, asked: "GET /v2/images")
        #expect(error.code == .badRedirect)
        #expect(
            error.message
                == "Glance answered 301 (GET /v2/images; the redirect leads to https://new/v2 and "
                + "is not followed)")
    }
}
