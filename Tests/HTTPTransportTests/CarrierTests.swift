// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import HTTPTransport
import Testing

@Suite struct CarrierTests {
    /// Answers with what it was asked, and redirects from `/old`.
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
