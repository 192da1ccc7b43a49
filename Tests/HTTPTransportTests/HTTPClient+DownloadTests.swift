// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation
import HTTPTransport
import MigrationModel
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct DownloadTests {
    @Test(arguments: [0, 1, 3_000_001])
    func `A body flows into the ring, after its head`(count: Int) async throws {
        let bytes = noise(count)
        let server = try RawHTTPServer { _ in .status(200, body: bytes) }
        let ring = ByteRing()
        let heads = Guarded<[(status: Int, written: Int64)]>([])
        async let taken = blocking { try ring.takeAll() }
        defer { ring.endTest() }
        let response = try await HTTPClient().download(
            HTTPRequest(.get, server.url), into: ring
        ) { head in
            heads.withLock { $0.append((head.status, ring.writtenBytes)) }
        }
        #expect(response.status == 200)
        #expect(response.body.isEmpty)
        #expect(heads.withLock { $0.map(\.status) } == [200])
        #expect(heads.withLock { $0.map(\.written) } == [0])
        // The caller decides whether that was all.
        ring.finishWriting()
        #expect(try await taken == bytes)
    }

    @Test func `A refusal does not touch the ring`() async throws {
        let server = try RawHTTPServer { _ in .status(404, text: "no such image") }
        let ring = ByteRing()
        let response = try await HTTPClient().download(HTTPRequest(.get, server.url), into: ring) {
            _ in Issue.record("there is no body to announce")
        }
        #expect(response.status == 404)
        #expect(String(decoding: response.body, as: UTF8.self) == "no such image")
        #expect(ring.writtenBytes == 0)
        #expect(ring.failure == nil)
    }

    @Test func `A redirect is followed, and only the last body counts`() async throws {
        let server = try RawHTTPServer(scripts: [
            "/a": [.status(302, headers: [("Location", "/b")], text: "moved")],
            "/b": [.status(206, text: "data")],
        ])
        let ring = ByteRing()
        let statuses = Guarded<[Int]>([])
        let response = try await HTTPClient().download(
            HTTPRequest(.get, server.url + "/a", followsRedirects: true), into: ring
        ) { head in
            #expect(head.effectiveURL.hasSuffix("/b"))
            statuses.withLock { $0.append(head.status) }
        }
        ring.finishWriting()
        #expect(response.status == 206)
        #expect(statuses.withLock { $0 } == [206])
        #expect(try await blocking { try ring.takeAll() } == Array("data".utf8))
    }

    /// Trap 1: the ring must not end on its own, or a short body would look complete.
    @Test(arguments: [
        (Reply.lying(declaredBytes: 100_000, body: noise(60_000)), "source-truncated"),
        (.resetting(declaredBytes: 100_000, body: noise(60_000)), "connection-lost"),
        (chunkedAndCut, "source-truncated"),
    ])
    func `A body that ends early is an error that may pass, and the ring stays open`(
        reply: Reply, code: String
    ) async throws {
        let server = try RawHTTPServer { _ in reply }
        let ring = ByteRing()
        let error = await failure {
            _ = try await HTTPClient().download(HTTPRequest(.get, server.url), into: ring) { _ in }
        }
        #expect(error?.code.rawValue == code)
        #expect(error?.isTransient == true)
        #expect(ring.failure == nil)
        #expect(ring.writtenBytes <= 60_000)
    }

    private static let chunkedAndCut = Reply { exchange in
        exchange.sendHead(200, [("Transfer-Encoding", "chunked")])
        exchange.send("3\r\nabc\r\n5\r\nde")
        exchange.close()
    }

    @Test func `What comes after the declared size is not part of the body`() async throws {
        let server = try RawHTTPServer { _ in .lying(declaredBytes: 1000, body: noise(5000)) }
        let client = HTTPClient()
        let ring = ByteRing()
        _ = try await client.download(HTTPRequest(.get, server.url), into: ring) { _ in }
        ring.finishWriting()
        #expect(try await blocking { try ring.takeAll() } == Array(noise(5000).prefix(1000)))
        // The next answer does not begin with it either.
        let next = ByteRing()
        _ = try await client.download(HTTPRequest(.get, server.url), into: next) { _ in }
        #expect(next.writtenBytes == 1000)
    }

    @Test(arguments: [Reply.status(200, body: noise(100_000)), .chunked(noise(100_000))])
    func `A body that is longer than it may be is cut there`(reply: Reply) async throws {
        let server = try RawHTTPServer { _ in reply }
        let ring = ByteRing()
        var request = HTTPRequest(.get, server.url)
        request.bodyBytesMax = 60_000
        let error = await failure {
            _ = try await HTTPClient().download(request, into: ring) { _ in }
        }
        #expect(error?.code == .sourceTruncated)
        #expect(error?.isTransient == false)
        #expect(error?.message.contains("60000 bytes") == true)
        #expect(ring.writtenBytes <= 60_000)
        request.bodyBytesMax = 100_000
        let whole = ByteRing()
        _ = try await HTTPClient().download(request, into: whole) { _ in }
        #expect(whole.writtenBytes == 100_000)
    }

    /// Only the end of the connection ends such a body, also if a proxy has died.
    @Test func `A body without a length that is shorter than the caller knows was cut`()
        async throws
    {
        let server = try RawHTTPServer { _ in Self.endsWithConnection(noise(60_000)) }
        var request = HTTPRequest(.get, server.url)
        request.bodyBytesMax = 100_000
        let ring = ByteRing()
        let error = await failure {
            _ = try await HTTPClient().download(request, into: ring) { _ in }
        }
        #expect(error?.code == .sourceTruncated)
        #expect(error?.isTransient == true)
        #expect(error?.message.contains("60000 of 100000 bytes came") == true, "\(error as Any)")
        #expect(ring.failure == nil && ring.writtenBytes == 60_000)
        // A checksum decides, because another mirror may have another version.
        request.declaredLengthCounts = true
        _ = try await HTTPClient().download(request, into: .init()) { _ in }
        request.declaredLengthCounts = false
        request.bodyBytesMax = 60_000
        _ = try await HTTPClient().download(request, into: .init()) { _ in }
        request.bodyBytesMax = nil
        _ = try await HTTPClient().download(request, into: .init()) { _ in }
    }

    @Test func `A body in chunks that ends in order is not cut`() async throws {
        let server = try RawHTTPServer { _ in .chunked(noise(60_000)) }
        var request = HTTPRequest(.get, server.url)
        request.bodyBytesMax = 100_000
        let ring = ByteRing()
        _ = try await HTTPClient().download(request, into: ring) { _ in }
        #expect(ring.writtenBytes == 60_000)
    }

    @Test(arguments: [("gzip", true), ("x-gzip", true), ("zstd", true), ("br", false)])
    func `A body that is labelled as compressed comes only if the caller takes it`(
        encoding: String, mayBeStored: Bool
    ) async throws {
        let server = try RawHTTPServer { _ in
            .status(200, headers: [("Content-Encoding", encoding)], body: noise(1000))
        }
        var configuration = TransportConfiguration()
        configuration.settingsPlace = .pipelineSource
        let client = HTTPClient(configuration)
        var request = HTTPRequest(.get, server.url)
        let refused = request
        let error = await failure { _ = try await client.download(refused, into: .init()) { _ in } }
        #expect(error?.code == .invalidAnswer)
        #expect(error?.message.contains("Content-Encoding: \(encoding)") == true)
        #expect(error?.hint?.contains("`decompress: ") == mayBeStored, "\(error?.hint ?? "")")
        request.takesCompressed = true
        let taken = request
        let ring = ByteRing()
        let other = await failure { _ = try await client.download(taken, into: ring) { _ in } }
        #expect((other == nil) == mayBeStored)
        #expect(ring.writtenBytes == (mayBeStored ? 1000 : 0))
    }

    private static func endsWithConnection(_ body: [UInt8]) -> Reply {
        Reply { exchange in
            exchange.sendHead(200, [("Connection", "close")])
            exchange.send(body)
            exchange.close()
        }
    }

    @Test func `A failed ring ends the download with that failure`() async throws {
        let server = try RawHTTPServer { _ in .status(200, body: noise(5 << 20)) }
        let ring = ByteRing(capacityBytes: 64 << 10)
        let download = Task {
            try await HTTPClient().download(HTTPRequest(.get, server.url), into: ring) { _ in }
        }
        #expect(await eventually { ring.writtenBytes == 64 << 10 })
        ring.fail(TranshipError(.conflict, "the target refused"))
        let error = await failure { _ = try await download.value }
        #expect(error?.message == "the target refused")
    }
}

@Suite(.timeLimit(.minutes(5))) struct DownloadStallTests {
    private let client = HTTPClient(TransportConfiguration(stallSeconds: 1))

    @Test(arguments: [
        Reply.hanging(),
        Reply { exchange in
            exchange.sendHead(200, [("Content-Length", "1000")])
            exchange.send("some")
            exchange.hang()
        },
    ])
    func `A source that goes silent is given up`(reply: Reply) async throws {
        let server = try RawHTTPServer { _ in reply }
        let ring = ByteRing()
        let error = await failure {
            _ = try await client.download(HTTPRequest(.get, server.url), into: ring) { _ in }
        }
        #expect(error?.code == .timedOut)
        #expect(error?.isTransient == true)
        #expect(error?.message.hasSuffix("nothing moved for 1 s") == true)
    }

    @Test func `A source that drips is not silent`() async throws {
        let server = try RawHTTPServer { _ in
            .dripping(Array(repeating: [7], count: 14), everyMilliseconds: 300)
        }
        let client = HTTPClient(TransportConfiguration(stallSeconds: 3))
        let ring = ByteRing()
        _ = try await client.download(HTTPRequest(.get, server.url), into: ring) { _ in }
        #expect(ring.writtenBytes == 14)
    }

    @Test func `A source that only drips is given up after a while`() async throws {
        let server = try RawHTTPServer { _ in
            .dripping(Array(repeating: [7], count: 600), everyMilliseconds: 100)
        }
        var configuration = TransportConfiguration(stallSeconds: 100)
        (configuration.leastBytesPerSecond, configuration.leastRateSeconds) = (100, 2)
        let client = HTTPClient(configuration)
        let error = await failure {
            _ = try await client.download(HTTPRequest(.get, server.url), into: .init()) { _ in }
        }
        #expect(error?.code == .timedOut)
        #expect(error?.isTransient == true)
        #expect(error?.message.contains("100 bytes a second") == true)
    }

    @Test func `A slow reader of our own is not a slow source`() async throws {
        let bytes = noise(300_000)
        let server = try RawHTTPServer { _ in .status(200, body: bytes) }
        let ring = ByteRing(capacityBytes: 32 << 10)
        var configuration = TransportConfiguration()
        (configuration.leastBytesPerSecond, configuration.leastRateSeconds) = (1_000_000, 1)
        let client = HTTPClient(configuration)
        async let taken = blocking {
            var buffer = [UInt8](repeating: 0, count: 30_000)
            var count = 0
            while true {
                let more = try buffer.withUnsafeMutableBytes { try ring.read(into: $0) }
                if more == 0 { return count }
                count += more
                // Waits in real time, in total longer than the limit: curl has no other clock.
                usleep(300_000)
            }
        }
        defer { ring.endTest() }
        _ = try await client.download(HTTPRequest(.get, server.url), into: ring) { _ in }
        ring.finishWriting()
        #expect(try await taken == 300_000)
    }

    @Test func `A full ring of our own is not a stall`() async throws {
        let bytes = noise(1 << 20)
        let server = try RawHTTPServer { _ in .status(200, body: bytes) }
        let ring = ByteRing(capacityBytes: 64 << 10)
        let client = HTTPClient(TransportConfiguration(stallSeconds: 2))
        let download = Task {
            try await client.download(HTTPRequest(.get, server.url), into: ring) { _ in }
        }
        #expect(await eventually { ring.writtenBytes == 64 << 10 })
        // Waits in real time, twice the limit: curl has no other clock.
        try await Task.sleep(for: .seconds(4))
        async let taken = blocking { try ring.takeAll() }
        defer { ring.endTest() }
        _ = try await download.value
        ring.finishWriting()
        #expect(try await taken == bytes)
    }
}

extension ByteRing {
    /// Returns all bytes of the ring. Blocks until the end.
    func takeAll() throws -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try read(into: $0) }
            if count == 0 { return all }
            all += buffer.prefix(count)
        }
    }

    /// Releases threads that still block after an unexpected error. Otherwise they would keep the
    /// whole run from ending.
    func endTest() { fail(TranshipError(.unclassified, "the test is over")) }

    /// Writes all bytes into the ring. Blocks until then.
    func put(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try write($0) }
    }
}
