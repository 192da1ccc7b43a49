// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import HTTPTransport
import MigrationModel
import MigrationPipeline
import PipelineFiles
import TestSupport
import Testing

@testable import SourceReaders

@Suite(.timeLimit(.minutes(5))) struct URLImageTests {
    /// A mirror that reports an ETag.
    private final class TestMirror: TestSource {
        let server: RawHTTPServer
        let source: any ImageSource
        private let content = TaggedData()

        init() throws {
            server = try RawHTTPServer { [content] _ in content.reply }
            source = URLImage(
                source: try urlEntry(server.url + "/a.img?signature=planted"), sourceIndex: 0,
                headers: ["X-Key": "planted"], client: HTTPClient())
        }

        func put(_ bytes: [UInt8]) { content.put(bytes) }

        func change() { content.change() }

        func remove() { content.remove() }
    }

    @Test func `A URL is read as every source is`() async throws {
        try await checkConformance { try TestMirror() }
    }

    @Test func `A promised checksum shows better than an ETag what changed`() async throws {
        let source = try TestMirror()
        var image = try await source.planned([1, 2])
        source.change()
        image.checksums = [try Sample.checksum(.md5, "a")]
        image.sizeBytes = nil
        #expect(await read(image, by: source.source).error == nil)
    }

    @Test func `A mirror that lacks what the plan has seen is asked again`() async throws {
        let count = Guarded(0)
        let server = try RawHTTPServer { _ in
            let isFirst = count.withLock {
                $0 += 1
                return $0 == 1
            }
            return isFirst ? .status(404, text: "not here") : .status(200, body: [1, 2, 3])
        }
        defer { server.stop() }
        let source = URLImage(
            source: try urlEntry(server.url + "/a.img"), sourceIndex: 0, client: HTTPClient())
        var image = Sample.source("a", sizeBytes: 3)
        image.location = server.url + "/a.img"
        let reading = await read(image, by: source)
        #expect(reading.error == nil)
        #expect(server.requests.count == 2)
    }

    /// Reads a URL once, planned with this version, from a server with this reply.
    private func reading(
        _ reply: Reply, planned seen: SeenVersion? = nil, sizeBytes: Int64? = nil
    ) async throws -> Reading {
        let server = try RawHTTPServer { _ in reply }
        defer { server.stop() }
        var image = Sample.source("a", sizeBytes: sizeBytes)
        image.location = server.url + "/a.img"
        image.seen = seen
        let source = URLImage(
            source: try urlEntry(server.url + "/a.img?signature=planted"), sourceIndex: 0,
            client: HTTPClient())
        return await read(image, by: source)
    }

    @Test(arguments: [
        (SeenVersion(lastModified: "Fri, 20 Nov 2026 00:00:00 GMT"), true),
        (SeenVersion(lastModified: "Sat, 21 Nov 2026 00:00:00 GMT"), false),
        (SeenVersion(), false),
    ])
    func `A time of change shows a new version if there is no ETag`(
        planned: SeenVersion, isChanged: Bool
    ) async throws {
        let reading = try await reading(
            .status(200, headers: [("Last-Modified", "Sat, 21 Nov 2026 00:00:00 GMT")], body: [1]),
            planned: planned)
        #expect((reading.error?.code == .sourceChanged) == isChanged)
        #expect(reading.bytes == (isChanged ? [] : [1]))
    }

    @Test func `Another mirror is asked if one has another version`() async throws {
        let days = Guarded(["21", "21", "20"])
        let server = try RawHTTPServer { _ in
            let day = days.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
            return .status(
                200, headers: [("Last-Modified", "Fri, \(day) Nov 2026 00:00:00 GMT")], body: [1])
        }
        defer { server.stop() }
        var reopening = Reopening()
        reopening.wait = { _ in }
        let source = URLImage(
            source: try urlEntry(server.url + "/a.img"), sourceIndex: 0, client: HTTPClient(),
            reopening: reopening)
        var image = Sample.source("a", sizeBytes: nil)
        image.location = server.url + "/a.img"
        image.seen = SeenVersion(lastModified: "Fri, 20 Nov 2026 00:00:00 GMT")
        #expect(await read(image, by: source).bytes == [1])
        #expect(server.requests.count == 3)
    }

    @Test func `A body without a declared length ends where the planned size ends`() async throws {
        let endless = Reply { exchange in
            exchange.sendHead(200, [("Transfer-Encoding", "chunked")])
            while exchange.send("3e8\r\n"), exchange.send(noise(1000)), exchange.send("\r\n") {}
            exchange.close()
        }
        let longer = try await reading(endless, sizeBytes: 2500)
        #expect(longer.error?.code == .sourceTruncated)
        #expect(longer.error?.message.contains("longer than the 2500 bytes") == true)
        #expect(longer.bytes.count <= 2500)
        let exact = try await reading(.chunked(noise(2500)), sizeBytes: 2500)
        #expect(exact.error == nil && exact.bytes.count == 2500)
    }

    /// Servers that know only GET answer a HEAD with 404 or a length of 0.
    @Test(arguments: [404, 200])
    func `What a HEAD says is not final`(status: Int) async throws {
        let server = try RawHTTPServer { request in
            if request.method == "HEAD" {
                return .status(status, headers: [("Content-Length", "0")])
            }
            return .status(200, headers: [("Content-Length", "3")], body: [1, 2, 3])
        }
        defer { server.stop() }
        let source = URLImage(
            source: try urlEntry(server.url + "/a.img"), sourceIndex: 0, client: HTTPClient())
        let listed = try #require(try await list(source).first)
        #expect(listed.refusal == nil)
        #expect(listed.image.sizeBytes == 3)
    }

    @Test func `A list on another origin gets no header of the URL`() async throws {
        let line = String(repeating: "a", count: 64) + "  a.img"
        let other = try RawHTTPServer { _ in .status(200, text: line) }
        let server = try RawHTTPServer { request in
            request.path == "/SUMS" ? .status(200, text: line) : .status(200, body: [1, 2, 3])
        }
        defer {
            other.stop()
            server.stop()
        }
        for host in [other, server] {
            let source = URLImage(
                source: try urlEntry(server.url + "/a.img", ", checksum_file: '\(host.url)/SUMS'"),
                sourceIndex: 0, headers: ["X-Key": "planted"], client: HTTPClient())
            let image = try #require(try await list(source).first?.image)
            #expect(image.checksums == [try Sample.checksum(.sha256, "a")])
        }
        #expect(other.requests.allSatisfy { $0[header: "x-key"] == nil })
        #expect(server.requests.allSatisfy { $0[header: "x-key"] == "planted" })
    }

    /// Ids of copies at users' clouds are derived from this text.
    @Test func `The fingerprint of a URL is ETag, time of change and size`() async throws {
        let head = [
            ("ETag", "W/\"v1\""), ("Last-Modified", "Sat, 21 Nov 2026 00:00:00 GMT"),
            ("Content-Length", "3"),
        ]
        let server = try RawHTTPServer { _ in .status(200, headers: head, body: [1, 2, 3]) }
        defer { server.stop() }
        let source = URLImage(
            source: try urlEntry(server.url + "/a.img"), sourceIndex: 0, client: HTTPClient())
        let image = try #require(try await list(source).first?.image)
        #expect(image.fingerprint == "W/\"v1\" Sat, 21 Nov 2026 00:00:00 GMT 3")
        #expect(image.seen == SeenVersion(eTag: head[0].1, lastModified: head[1].1))
        #expect(image.key == "url:\(server.url)/a.img")
    }

    @Test(
        arguments: [
            ("https://Mirror.example/a/b.img?x=1", "https://mirror.example"),
            ("https://mirror.example:8443/?x", "https://mirror.example:8443"),
            ("http://mirror.example/a", "http://mirror.example"),
        ])
    func `The endpoint of a URL is its scheme, host and port`(url: String, endpoint: String)
        throws
    {
        let source = URLImage(source: try urlEntry(url), sourceIndex: 0, client: HTTPClient())
        #expect(source.endpoint == endpoint)
    }

    @Test func `A target can fetch a URL that is open to anyone`() throws {
        let image = Sample.source("a")
        let open = URLImage(
            source: try urlEntry("https://mirror.example/a"), sourceIndex: 0, client: HTTPClient())
        #expect(
            open.fetchable(image, for: nil) == .openURL(Secret("https://mirror.example/a")))
        for closed in [
            try urlEntry("https://mirror.example/a?signature=1"),
            try urlEntry("https://mirror.example/a", ", headers: { X-Key: a }"),
        ] {
            let source = URLImage(source: closed, sourceIndex: 0, client: HTTPClient())
            #expect(
                source.fetchable(image, for: nil)
                    == .nothing(.urlNeedsSecrets))
        }
    }

    @Test func `A size that is not declared is unknown`() async throws {
        let reading = try await reading(
            Reply { exchange in
                exchange.sendHead(200, [("Transfer-Encoding", "chunked")])
                exchange.send("3\r\nabc\r\n0\r\n\r\n")
            })
        #expect(reading.facts.map(\.sizeBytes) == [nil])
        #expect(reading.bytes == Array("abc".utf8))
    }

    @Test func `No content is an image without bytes`() async throws {
        let reading = try await reading(.status(204))
        #expect(reading.error == nil)
        #expect(reading.facts.last?.sizeBytes == 0 && reading.bytes.isEmpty)
    }

    @Test(arguments: [401, 403, 404, 410])
    func `A refusal is the source's, and does not show the secret part of its URL`(
        status: Int
    ) async throws {
        let error = try #require(try await reading(.status(status, text: "no")).error)
        #expect(error.code == .sourceUnavailable)
        #expect(!error.isTransient)
        #expect(!"\(error)".contains("planted"))
        #expect(error.answer?.status == status)
    }

    @Test(arguments: [429, 500, 503])
    func `A failure that may pass stays one`(status: Int) async throws {
        #expect(try await reading(.status(status)).error?.isTransient == true)
    }

    @Test func `A body that is cut is not a short image`() async throws {
        let error = try #require(
            try await reading(.lying(declaredBytes: 1000, body: noise(999))).error)
        #expect(error.code == .sourceTruncated)
        #expect(!"\(error)".contains("planted"))
    }

    @Test func `The whole URL and its headers are sent`() async throws {
        let source = try TestMirror()
        _ = await read(try await source.planned([1]), by: source.source)
        let request = try #require(source.server.requests.first)
        #expect(request.target == "/a.img?signature=planted")
        #expect(request[header: "x-key"] == "planted")
    }
}
