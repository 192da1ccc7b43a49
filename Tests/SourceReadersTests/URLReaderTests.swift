// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import HTTPTransport
import MigrationModel
import MigrationPipeline
import SourceReaders
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct URLReaderTests {
    /// A mirror that tells an ETag.
    private final class URLSource: TestSource {
        let server: RawHTTPServer
        let reader: any SourceReader
        private let content: Content

        private final class Content: Sendable {
            let bytes = Mutex<[UInt8]?>(nil)
            let version = Mutex(1)
        }

        init() throws {
            let content = Content()
            self.content = content
            server = try RawHTTPServer { _ in
                guard let bytes = content.bytes.withLock({ $0 }) else {
                    return .status(404, text: "gone")
                }
                let version = content.version.withLock { $0 }
                return .status(200, headers: [("ETag", "\"v\(version)\"")], body: bytes)
            }
            reader = URLReader(addresses: [
                0: URLReader.Address(
                    url: Secret(server.url + "/a.img?signature=planted"),
                    headers: ["X-Key": "planted"], client: HTTPClient())
            ])
        }

        func planned(_ bytes: [UInt8]) -> SourceImage {
            content.bytes.withLock { $0 = bytes }
            var image = Sample.source("a", sizeBytes: Int64(bytes.count))
            image.location = .url(server.url + "/a.img")
            image.fingerprint = "\"v1\" Fri, 20 Nov 2026 00:00:00 GMT \(bytes.count)"
            return image
        }

        func change() {
            content.bytes.withLock { $0 = noise(1000, seed: 2) }
            content.version.withLock { $0 += 1 }
        }

        func remove() { content.bytes.withLock { $0 = nil } }
    }

    @Test func `A URL is read as every source is`() async throws {
        try await checkConformance { try URLSource() }
    }

    @Test func `A promised checksum tells better than an ETag what changed`() async throws {
        let source = try URLSource()
        var image = source.planned([1, 2])
        source.change()
        image.checksums = [try Sample.checksum(.md5, "a")]
        #expect(await read(image, by: source.reader).error == nil)
    }

    /// One reading of a URL that is answered so, planned with this fingerprint.
    private func reading(_ reply: Reply, planned fingerprint: String = "") async throws -> Reading {
        let server = try RawHTTPServer { _ in reply }
        var image = Sample.source("a", sizeBytes: nil)
        image.location = .url(server.url + "/a.img")
        image.fingerprint = fingerprint
        let address = URLReader.Address(
            url: Secret(server.url + "/a.img?signature=planted"), client: HTTPClient())
        defer { server.stop() }
        return await read(image, by: URLReader(addresses: [0: address]))
    }

    @Test(arguments: [
        ("Fri, 20 Nov 2026 00:00:00 GMT 1", true), ("Sat, 21 Nov 2026 00:00:00 GMT 1", false),
        ("", false),
    ])
    func `A time of change tells a new version where there is no ETag`(
        planned: String, isChanged: Bool
    ) async throws {
        let reading = try await reading(
            .status(200, headers: [("Last-Modified", "Sat, 21 Nov 2026 00:00:00 GMT")], body: [1]),
            planned: planned)
        #expect((reading.error?.code == .sourceChanged) == isChanged)
        #expect(reading.bytes == (isChanged ? [] : [1]))
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
        let source = try URLSource()
        _ = await read(source.planned([1]), by: source.reader)
        let request = try #require(source.server.requests.first)
        #expect(request.target == "/a.img?signature=planted")
        #expect(request[header: "x-key"] == "planted")
    }
}
