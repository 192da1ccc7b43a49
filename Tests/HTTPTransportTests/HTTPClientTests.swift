// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import HTTPTransport
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct HTTPClientTests {
    @Test func `A request arrives as it was written, and nothing is added to it`() async throws {
        let server = try RawHTTPServer { _ in
            .status(201, headers: [("X-Answer", "yes")], text: "made")
        }
        let client = HTTPClient(TransportConfiguration(userAgent: "tranship/test"))
        let request = HTTPRequest(
            .post, "\(server.url)/v2/images?a=%20b",
            headers: ["X-Auth-Token": "t", "X-Empty": ""], body: Array("{}".utf8))
        let response = try await client.send(request)
        #expect(response.status == 201)
        #expect(response.headers["x-answer"] == "yes")
        #expect(String(decoding: response.body, as: UTF8.self) == "made")
        let received = try #require(server.requests.first)
        #expect(received.method == "POST")
        #expect(received.target == "/v2/images?a=%20b")
        #expect(received.text == "{}")
        #expect(received[header: "x-auth-token"] == "t")
        #expect(received[header: "x-empty"] == "")
        #expect(received[header: "user-agent"] == "tranship/test")
        // Bytes must arrive as they are stored, and no client waits for a 100.
        for name in ["accept-encoding", "expect", "content-type", "te"] {
            #expect(received[header: name] == nil)
        }
    }

    @Test(arguments: [
        HTTPRequest.Method.get, .head, .post, .put, .patch, .delete,
    ])
    func `Every method works, with and without a body`(method: HTTPRequest.Method) async throws {
        let server = try RawHTTPServer { _ in .status(200, text: "body") }
        let client = HTTPClient()
        let response = try await client.send(HTTPRequest(method, server.url))
        #expect(response.status == 200)
        #expect(response.body.count == (method == .head ? 0 : 4))
        #expect(server.requests.first?.method == method.rawValue)
        #expect(server.requests.first?[header: "transfer-encoding"] == nil)
        guard method != .head, method != .get else { return }
        _ = try await client.send(HTTPRequest(method, server.url, body: Array("data".utf8)))
        #expect(server.requests.last?.method == method.rawValue)
        #expect(server.requests.last?.text == "data")
    }

    @Test func `Any status is an answer, in the order of the script`() async throws {
        let server = try RawHTTPServer(scripts: [
            "/": [.status(503, headers: [("Retry-After", "1")], text: "busy"), .status(200)]
        ])
        let client = HTTPClient()
        #expect(try await client.send(HTTPRequest(.get, server.url)).status == 503)
        #expect(try await client.send(HTTPRequest(.get, server.url)).status == 200)
        #expect(try await client.send(HTTPRequest(.get, server.url + "/no")).status == 404)
    }

    @Test func `A connection is used again, but not for what must not be sent twice`()
        async throws
    {
        let server = try RawHTTPServer { _ in .status(200, text: "ok") }
        let client = HTTPClient()
        for _ in 0..<5 { _ = try await client.send(HTTPRequest(.get, server.url)) }
        #expect(server.connectionCount == 1)
        _ = try await client.send(HTTPRequest(.post, server.url))
        #expect(server.connectionCount == 2)
    }

    @Test func `No more than the allowed number is under way at once`() async throws {
        let server = try RawHTTPServer { _ in .status(200) }
        let client = HTTPClient(TransportConfiguration(connectionsMax: 2))
        try await withThrowingTaskGroup { group in
            for _ in 0..<50 {
                group.addTask { _ = try await client.send(HTTPRequest(.get, server.url)) }
            }
            try await group.waitForAll()
        }
        #expect(server.requests.count == 50)
        #expect(server.connectionCount <= 2)
    }

    @Test func `An answer that is too long is refused`() async throws {
        let server = try RawHTTPServer { _ in .status(200, body: noise(100_001)) }
        let error = await failure {
            _ = try await HTTPClient().send(
                HTTPRequest(.get, server.url, responseBytesMax: 100_000))
        }
        #expect(error?.code == .invalidAnswer)
        let response = try await HTTPClient().send(
            HTTPRequest(.get, server.url, responseBytesMax: 100_001))
        #expect(response.body == noise(100_001))
    }

    @Test(arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/nonsense\r\n\r\n", "\0\0\0\0\r\n\r\n"])
    func `Something else than HTTP is told apart`(words: String) async throws {
        let server = try RawHTTPServer { _ in
            Reply { exchange in
                exchange.send(words)
                exchange.close()
            }
        }
        let error = await failure { _ = try await HTTPClient().send(HTTPRequest(.get, server.url)) }
        #expect(error?.code == .invalidAnswer)
    }

    @Test(arguments: [
        Reply { $0.close() },
        Reply { $0.reset() },
        .lying(declaredBytes: 100, body: [1, 2, 3]),
        .resetting(declaredBytes: 100, body: [1, 2, 3]),
    ])
    func `A connection that ends before the answer does is lost, and may work later`(
        reply: Reply
    ) async throws {
        let server = try RawHTTPServer { _ in reply }
        let error = await failure { _ = try await HTTPClient().send(HTTPRequest(.get, server.url)) }
        #expect(error?.code == .connectionLost)
        #expect(error?.isTransient == true)
    }

    @Test func `An answer that does not come in time is given up`() async throws {
        let server = try RawHTTPServer { _ in .hanging() }
        let error = await failure {
            _ = try await HTTPClient().send(HTTPRequest(.get, server.url, timeoutSeconds: 1))
        }
        #expect(error?.code == .timedOut)
        #expect(error?.isTransient == true)
    }

    /// libcurl accepts no text of more than 8 MB. Without a check, the setting would silently be
    /// that of an earlier request, or none.
    @Test func `A setting that libcurl refuses is an error`() async throws {
        let server = try RawHTTPServer { _ in .status(200) }
        let error = await failure {
            _ = try await HTTPClient().send(
                HTTPRequest(.get, server.url + "/" + String(repeating: "a", count: 8_000_000)))
        }
        #expect(error?.code == .unclassified)
        #expect(error?.message.contains("does not take its option") == true)
        #expect(server.requests.isEmpty)
    }

    @Test func `A header cannot smuggle in another`() async throws {
        let server = try RawHTTPServer { _ in .status(200) }
        let error = await failure {
            _ = try await HTTPClient().send(
                HTTPRequest(.get, server.url, headers: ["X-Name": "a\r\nX-Evil: 1"]))
        }
        #expect(error?.code == .badRequest)
        #expect(server.requests.isEmpty)
    }

    /// Bodies must not use up the connections for small requests.
    @Test func `Bodies in flight do not hold small requests back`() async throws {
        let server = try RawHTTPServer(scripts: [
            "/body": [.hanging()], "/small": [.status(200)],
        ])
        let client = HTTPClient(TransportConfiguration(connectionsMax: 1))
        let bodies = (0..<5).map { _ in
            Task {
                try await client.download(HTTPRequest(.get, server.url + "/body"), into: .init()) {
                    _ in
                }
            }
        }
        #expect(await server.received { $0.count == 5 })
        #expect(try await client.send(HTTPRequest(.get, server.url + "/small")).status == 200)
        for body in bodies { body.cancel() }
    }
}

/// Returns our error that a body throws; nil if it throws none.
func failure(_ body: () async throws -> Void) async -> TranshipError? {
    do {
        try await body()
        return nil
    } catch {
        return TranshipError(wrapping: error)
    }
}

@Suite struct CarrierTests {
    /// Answers with the request, and redirects from `/old`.
    private struct Echo: Carrier {
        func send(_ request: HTTPRequest) async throws(TranshipError) -> HTTPResponse {
            if request.url.hasSuffix("/old") {
                return HTTPResponse(status: 302, headers: ["Location": "http://a.test/new"])
            }
            return HTTPResponse(status: 200, body: Array(request.url.utf8))
        }

        func download(
            _ request: HTTPRequest, into ring: ByteRing,
            onResponse: @escaping @Sendable (HTTPResponse) throws(TranshipError) -> Void
        ) async throws(TranshipError) -> HTTPResponse {
            HTTPResponse(status: 404)
        }

        func upload(
            _ request: HTTPRequest, from ring: ByteRing, sizeBytes: Int64?
        ) async throws(TranshipError) -> HTTPResponse {
            HTTPResponse(status: 409)
        }
    }

    private let client = HTTPClient(over: Echo())

    @Test func `Redirects are followed over whatever carries the requests`() async throws {
        let answer = try await client.send(
            HTTPRequest(.get, "http://a.test/old", followsRedirects: true))
        #expect(String(decoding: answer.body, as: UTF8.self) == "http://a.test/new")
    }

    @Test func `A refused upload fails its ring over whatever carries it`() async throws {
        let ring = ByteRing()
        let answer = try await client.upload(
            HTTPRequest(.put, "http://a.test/"), from: ring, sizeBytes: 1)
        #expect(answer.status == 409)
        #expect(ring.failure?.code == .conflict)
    }
}
