// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation
import HTTPTransport
import TestSupport
import Testing

/// The numbers of connections that a client opens and keeps: a server with a thread for each
/// connection (uWSGI with `http11-socket`) has few of them.
@Suite(.timeLimit(.minutes(5))) struct HandlePoolTests {
    /// A pause of a busy machine must not look like an idle connection.
    private var patient: TransportConfiguration {
        var configuration = TransportConfiguration()
        configuration.idleSeconds = 600
        configuration.idleUploadSeconds = 600
        return configuration
    }

    /// Sends the given number of requests at once. Each has a connection of its own, since the
    /// server answers only after all have arrived.
    private func burst(
        _ count: Int, at server: RawHTTPServer, _ client: HTTPClient, _ isOpen: Guarded<Bool>
    ) async throws {
        let before = server.requests.count
        isOpen.withLock { $0 = false }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count {
                group.addTask { _ = try await client.send(HTTPRequest(.get, server.url)) }
            }
            #expect(await server.received { $0.count == before + count })
            isOpen.withLock { $0 = true }
            try await group.waitForAll()
        }
    }

    private func gated(_ isOpen: Guarded<Bool>) throws -> RawHTTPServer {
        try RawHTTPServer { _ in
            Reply { exchange in
                exchange.readBody()
                while !isOpen.withLock({ $0 }) { usleep(1000) }
                exchange.sendHead(200, [("Content-Length", "0")])
            }
        }
    }

    @Test func `After a burst, few idle connections are kept`() async throws {
        let isOpen = Guarded(false)
        let server = try gated(isOpen)
        let client = HTTPClient(patient)
        try await burst(30, at: server, client, isOpen)
        #expect(server.connectionCount == 30)
        #expect(await eventually(withinSeconds: 20) { server.openConnectionCount <= 8 })
        #expect(server.openConnectionCount > 0)
        _ = try await client.send(HTTPRequest(.get, server.url))
        #expect(server.connectionCount == 30)
    }

    @Test func `A wave of requests goes over the connections of the wave before`() async throws {
        let isOpen = Guarded(false)
        let server = try gated(isOpen)
        var configuration = patient
        configuration.waveSeconds = 600
        let client = HTTPClient(configuration)
        try await burst(30, at: server, client, isOpen)
        try await burst(30, at: server, client, isOpen)
        #expect(server.connectionCount == 30)
    }

    @Test func `A client keeps few connections for each of several servers`() async throws {
        let client = HTTPClient(patient)
        let servers = try (0..<3).map { _ in try RawHTTPServer { _ in .status(200) } }
        for _ in 0..<10 {
            for server in servers { _ = try await client.send(HTTPRequest(.get, server.url)) }
        }
        for server in servers { #expect(server.connectionCount == 1) }
    }

    @Test(arguments: [HTTPRequest.Method.post, .patch])
    func `What may be sent twice goes over a kept connection`(
        method: HTTPRequest.Method
    ) async throws {
        let server = try RawHTTPServer { _ in .status(200) }
        let client = HTTPClient(patient)
        var request = HTTPRequest(method, server.url, body: [1, 2, 3])
        request.isRepeatable = true
        for _ in 0..<10 { _ = try await client.send(request) }
        #expect(server.connectionCount == 1)
        #expect(server.requests.allSatisfy { $0.body == [1, 2, 3] })
    }

    @Test func `What must not be sent twice opens a connection, and one is kept`() async throws {
        let server = try RawHTTPServer { _ in .status(200) }
        let client = HTTPClient(patient)
        for _ in 0..<10 { _ = try await client.send(HTTPRequest(.post, server.url, body: [1])) }
        #expect(server.connectionCount == 10)
        #expect(await eventually(withinSeconds: 20) { server.openConnectionCount == 1 })
    }

    /// The server closes the kept connection at the moment of the next request.
    @Test(arguments: [(1, true), (2, false)])
    func `A kept connection that is dead is replaced once`(
        deaths: Int, isAnswered: Bool
    ) async throws {
        let count = Guarded(0)
        let server = try RawHTTPServer { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return (2..<2 + deaths).contains(number) ? Reply { $0.close() } : .status(200)
        }
        let client = HTTPClient(patient)
        var request = HTTPRequest(.post, server.url, body: [1, 2, 3])
        request.isRepeatable = true
        #expect(try await client.send(request).status == 200)
        let error = await failure { _ = try await client.send(request) }
        #expect(error?.code == (isAnswered ? nil : .connectionLost))
        #expect(server.requests.count == 3)
        #expect(server.connectionCount == 2)
    }

    private func upload(
        _ bytes: [UInt8], declaring sizeBytes: Int64? = nil, by client: HTTPClient, to url: String
    ) async throws -> Int {
        let ring = ByteRing()
        try bytes.withUnsafeBytes { try ring.write($0) }
        ring.finishWriting()
        let request = HTTPRequest(.put, url)
        return try await client.upload(request, from: ring, sizeBytes: sizeBytes).status
    }

    @Test func `Short uploads share a connection, and those that may be long do not`() async throws
    {
        let server = try RawHTTPServer { _ in .status(204) }
        let client = HTTPClient(patient)
        for _ in 0..<5 {
            #expect(try await upload([1, 2, 3], declaring: 3, by: client, to: server.url) == 204)
        }
        #expect(server.connectionCount == 1)
        for _ in 0..<2 { #expect(try await upload([1, 2], by: client, to: server.url) == 204) }
        #expect(server.connectionCount == 3)
        #expect(server.requests.prefix(5).allSatisfy { $0.body == [1, 2, 3] })
    }

    /// curl sends the request again, but the ring no longer has its first bytes.
    @Test
    func `A body whose kept connection is dead fails, and is never sent without its beginning`()
        async throws
    {
        let count = Guarded(0)
        let server = try RawHTTPServer { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number == 2 ? Reply { $0.close() } : .status(204)
        }
        let client = HTTPClient(patient)
        let bytes = [UInt8](repeating: 7, count: 300_000)
        #expect(try await upload(bytes, declaring: 300_000, by: client, to: server.url) == 204)
        let error = await failure {
            _ = try await upload(bytes, declaring: 300_000, by: client, to: server.url)
        }
        #expect(error?.code == .connectionLost)
        #expect(error?.isTransient == true)
        #expect(server.requests.dropFirst().allSatisfy { $0.body != bytes })
        #expect(server.requests.count == 2)
    }

    @Test func `What must not be sent twice is not`() async throws {
        let count = Guarded(0)
        let server = try RawHTTPServer { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number == 2 ? Reply { $0.close() } : .status(200)
        }
        let client = HTTPClient(patient)
        _ = try await client.send(HTTPRequest(.get, server.url))
        let error = await failure {
            _ = try await client.send(HTTPRequest(.post, server.url, body: [1]))
        }
        #expect(error?.code == .connectionLost)
        #expect(server.requests.count == 2)
    }

    @Test func `A connection that stays idle is closed`() async throws {
        let server = try RawHTTPServer { _ in .status(200) }
        var configuration = TransportConfiguration()
        configuration.idleSeconds = 1
        let client = HTTPClient(configuration)
        _ = try await client.send(HTTPRequest(.get, server.url))
        #expect(await eventually(withinSeconds: 20) { server.openConnectionCount == 0 })
        withExtendedLifetime(client) {}
    }

    @Test func `A connection that the server closed is closed here too`() async throws {
        let server = try RawHTTPServer { _ in
            Reply { exchange in
                exchange.readBody()
                exchange.sendHead(200, [("Content-Length", "0")])
                exchange.close()
            }
        }
        let client = HTTPClient(patient)
        _ = try await client.send(HTTPRequest(.get, server.url))
        #expect(await eventually(withinSeconds: 20) { server.openConnectionCount == 0 })
        #expect(
            await eventually(withinSeconds: 10) { halfClosed(to: server.port) == 0 })
        withExtendedLifetime(client) {}
    }
}

/// Returns the number of connections to this port that wait for our side to close them: state 08 in
/// `proc_net_tcp.txt` of the kernel's documentation.
private func halfClosed(to port: UInt16) -> Int {
    // Read by a handle, because these files have no length.
    let bytes = try? FileHandle(forReadingAtPath: "/proc/net/tcp")?.readToEnd()
    let table = String(decoding: bytes ?? Data(), as: UTF8.self)
    #expect(table.contains("local_address"))
    let there = "0100007F:" + String(format: "%04X", Int(port))
    return table.split(separator: "\n").count { line in
        let fields = line.split(separator: " ")
        return fields.count > 3 && fields[2] == there && fields[3] == "08"
    }
}
