// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation
import TestSupport
import Testing

@testable import HTTPTransport

/// The facts that reading one body in parts needs: connections that stay open, and the time in
/// which a server answers.
@Suite(.timeLimit(.minutes(5))) struct AnswerTimesTests {
    private func part(
        _ client: HTTPClient, _ url: String, bytesMax: Int64? = 3
    ) async throws -> Int64 {
        let ring = ByteRing()
        var request = HTTPRequest(.get, url)
        request.bodyBytesMax = bytesMax
        _ = try await client.download(request, into: ring) { _ in }
        return ring.writtenBytes
    }

    @Test func `Short downloads share a connection, and those that may be long do not`()
        async throws
    {
        let server = try RawHTTPServer { _ in .status(200, body: [1, 2, 3]) }
        // A pause of a busy machine must not look like an idle connection.
        var patient = TransportConfiguration()
        patient.idleDownloadSeconds = 600
        let client = HTTPClient(patient)
        for _ in 0..<3 { #expect(try await part(client, server.url) == 3) }
        #expect(server.connectionCount == 1)
        for length: Int64? in [nil, 17 << 20] {
            #expect(try await part(client, server.url, bytesMax: length) == 3)
        }
        #expect(server.connectionCount == 3)
    }

    @Test func `A part over a connection that the server closed meanwhile comes over another one`()
        async throws
    {
        let server = try RawHTTPServer { _ in
            Reply { exchange in
                exchange.sendHead(200, [("Content-Length", "3")])
                exchange.send([1, 2, 3])
                exchange.close()
            }
        }
        let client = HTTPClient()
        for _ in 0..<3 { #expect(try await part(client, server.url) == 3) }
        #expect(server.connectionCount == 3)
    }

    @Test func `The shortest answer of each server is known from the second one on`() async throws {
        let pauses = Guarded<[UInt32]>([80, 20, 120])
        let slow = try RawHTTPServer { _ in
            Reply { exchange in
                usleep(pauses.withLock { $0.isEmpty ? 0 : $0.removeFirst() } * 1000)
                exchange.sendHead(200, [("Content-Length", "0")])
            }
        }
        let client = HTTPClient()
        _ = try await client.send(HTTPRequest(.get, slow.url + "/a"))
        #expect(client.shortestAnswerSeconds(of: slow.url) == nil)
        _ = try await client.send(HTTPRequest(.head, slow.url + "/b"))
        let shortest = try #require(client.shortestAnswerSeconds(of: slow.url + "/c"))
        // The server may begin its pause of 20 ms before this side knows that the request was sent.
        #expect(shortest >= 0.01)
        _ = try await client.send(HTTPRequest(.get, slow.url))
        #expect(client.shortestAnswerSeconds(of: slow.url) == shortest)

        let other = try RawHTTPServer { _ in .redirect(to: slow.url) }
        for _ in 0..<2 {
            var request = HTTPRequest(.get, other.url)
            request.followsRedirects = true
            _ = try await client.send(request)
        }
        #expect(client.shortestAnswerSeconds(of: other.url) != nil)
        #expect(client.shortestAnswerSeconds(of: "http://127.0.0.1:1") == nil)
    }

    @Test func `An answer whose body is not read to its end counts as well`() async throws {
        let server = try RawHTTPServer { _ in
            Reply { exchange in
                exchange.sendHead(200, [("Content-Length", "2")])
                exchange.send([1])
                exchange.hang()
            }
        }
        let client = HTTPClient()
        for _ in 0..<2 {
            let ring = ByteRing()
            let ended = Task {
                try await client.download(HTTPRequest(.get, server.url), into: ring) { _ in }
            }
            _ = try await ring.started()
            ring.fail(TranshipError(.interrupted, "enough"))
            await #expect(throws: TranshipError.self) { try await ended.value }
        }
        #expect(client.shortestAnswerSeconds(of: server.url) != nil)
    }

    @Test func `The time of a request with a body does not measure latency`() async throws {
        let server = try RawHTTPServer { _ in .status(200) }
        let client = HTTPClient()
        for _ in 0..<3 {
            _ = try await client.send(HTTPRequest(.post, server.url, body: [1]))
        }
        #expect(client.shortestAnswerSeconds(of: server.url) == nil)
    }
}
