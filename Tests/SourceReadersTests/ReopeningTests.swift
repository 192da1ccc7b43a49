// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import HTTPTransport
import MigrationModel
import MigrationPipeline
import TestSupport
import Testing

@testable import SourceReaders

/// Sources that drop the connection, and the rules for continuing in the middle.
@Suite(.timeLimit(.minutes(5))) struct ReopeningTests {
    private static let data = noise(1_000_000, seed: 3)
    private static let half = 500_000
    private static let tag = "\"v1\""

    /// Makes a reopening whose waits are recorded, and so short that a test does not wait.
    private static func reopening(_ waits: Waits = Waits()) -> Reopening {
        var reopening = Reopening()
        reopening.chance = { 0 }
        reopening.wait = { seconds in waits.seconds.withLock { $0 += seconds } }
        return reopening
    }

    final class Waits: Sendable {
        let seconds = Guarded(0.0)
    }

    /// Reads from a server that cuts every complete body in the middle, and answers ranges as
    /// given.
    private func reading(
        head: [(String, String)] = [("ETag", tag)], cut: Int = half, isChunked: Bool = false,
        waits: Waits = Waits(), from point: ReadingPoint? = nil, into ring: ByteRing = ByteRing(),
        _ ranged: @escaping @Sendable (ReceivedRequest, Int) -> Reply
    ) async throws -> (Reading, [ReceivedRequest]) {
        let (data, turn) = (Self.data, Turn())
        let server = try RawHTTPServer { request in
            if request[header: "range"] != nil { return ranged(request, turn.next()) }
            return Reply { exchange in
                if isChunked {
                    exchange.sendHead(200, head + [("Transfer-Encoding", "chunked")])
                    exchange.send("\(String(cut, radix: 16))\r\n")
                    exchange.send(Array(data.prefix(cut)) + Array("\r\n".utf8))
                } else {
                    exchange.sendHead(200, head + [("Content-Length", "\(data.count)")])
                    exchange.send(Array(data.prefix(cut)))
                }
                exchange.close()
            }
        }
        defer { server.stop() }
        let reading = await read(
            image(server), by: try reader(server, waits), into: ring, from: point)
        return (reading, server.requests)
    }

    private final class Turn: Sendable {
        private let count = Guarded(0)
        func next() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }

    private func image(_ server: RawHTTPServer) -> SourceImage {
        var image = Sample.source("a", sizeBytes: nil)
        image.location = server.url + "/a.img"
        return image
    }

    private func reader(
        _ server: RawHTTPServer, _ waits: Waits = Waits()
    ) throws -> any ImageSource {
        URLImage(
            source: try urlEntry(server.url + "/a.img?signature=planted"), sourceIndex: 0,
            client: HTTPClient(), reopening: Self.reopening(waits))
    }

    /// Returns the correct reply with the requested part.
    private static func part(
        _ request: ReceivedRequest, _ head: [(String, String)] = [("ETag", tag)],
        until end: Int = data.count, total: String = "\(data.count)", shift: Int = 0
    ) -> Reply {
        let first = Int(request[header: "range"]?.dropFirst(6).dropLast() ?? "") ?? 0
        return Reply { exchange in
            let last = data.count - 1 - shift
            exchange.sendHead(
                206,
                head + [
                    ("Content-Range", "bytes \(first - shift)-\(last)/\(total)"),
                    ("Content-Length", "\(last - first + shift + 1)"),
                ])
            exchange.send(Array(data[(first - shift)..<min(end, last + 1)]))
            exchange.close()
        }
    }

    // MARK: What goes on

    @Test func `A source that drops goes on at the byte where it dropped`() async throws {
        let (reading, requests) = try await reading { request, _ in Self.part(request) }
        #expect(reading.error == nil)
        #expect(reading.bytes == Self.data)
        #expect(reading.told == ["dropped at 500000", "reopened at 500000"])
        #expect(reading.facts.count == 1)
        #expect(requests.map { $0[header: "range"] } == [nil, "bytes=500000-"])
        #expect(requests.map { $0[header: "if-range"] } == [nil, Self.tag])
    }

    @Test func `It may drop at each byte, as long as more of them come`() async throws {
        let steps = 40
        let (reading, requests) = try await reading { request, turn in
            Self.part(request, until: min(Self.data.count, Self.half + turn * 12_500))
        }
        #expect(reading.error == nil)
        #expect(reading.bytes == Self.data)
        #expect(requests.count == 1 + steps)
    }

    /// A proxy that dies ends the connection as a server does at the end of the data.
    @Test func `A body that ends with its connection, before the planned size, goes on as well`()
        async throws
    {
        let data = Self.data
        let server = try RawHTTPServer { request in
            if request[header: "range"] != nil { return Self.part(request) }
            return Reply { exchange in
                exchange.sendHead(200, [("ETag", Self.tag), ("Connection", "close")])
                exchange.send(Array(data.prefix(Self.half)))
                exchange.close()
            }
        }
        defer { server.stop() }
        var planned = image(server)
        planned.sizeBytes = Int64(data.count)
        let reading = await read(planned, by: try reader(server))
        #expect(reading.error == nil, "\(reading.error as Any)")
        #expect(reading.bytes == data)
        #expect(reading.told == ["dropped at 500000", "reopened at 500000"])
    }

    @Test func `A source that reports no length may go on as well`() async throws {
        let (reading, _) = try await reading(isChunked: true) { request, _ in Self.part(request) }
        #expect(reading.error == nil)
        #expect(reading.bytes == Self.data)
    }

    @Test func `Without an ETag the time of change and the size are the proof`() async throws {
        let head = [("Last-Modified", "Sat, 21 Nov 2026 00:00:00 GMT")]
        let (good, requests) = try await reading(head: head) { request, _ in
            Self.part(request, head)
        }
        #expect(good.bytes == Self.data)
        #expect(requests.last?[header: "if-range"] == nil)
        let (bad, _) = try await reading(head: head) { request, _ in
            Self.part(request, [("Last-Modified", "Sun, 22 Nov 2026 00:00:00 GMT")])
        }
        #expect(bad.error?.isTransient == true)
        #expect(bad.told.last == "cannot go on at 500000")
    }

    @Test func `A reading may begin in the middle`() async throws {
        let point = ReadingPoint(
            offsetBytes: 999_000,
            version: SourceVersion(strongETag: Self.tag, totalBytes: Int64(Self.data.count)))
        let (reading, requests) = try await reading(from: point) { request, _ in
            Self.part(request)
        }
        #expect(reading.error == nil)
        #expect(reading.bytes == Array(Self.data.dropFirst(999_000)))
        #expect(reading.facts.map(\.sizeBytes) == [Int64(Self.data.count)])
        #expect(requests.count == 1)
    }

    // MARK: What does not

    /// One way to ignore or break a range.
    struct Lie: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let words: String
        /// True if no further range is requested from the server in this run.
        var isRemembered = true
        let reply: @Sendable (ReceivedRequest) -> Reply
    }

    static let lies: [Lie] = [
        Lie(testDescription: "200 with everything", words: "200 with the whole of it") { _ in
            .status(200, headers: [("ETag", tag)], body: data)
        },
        Lie(testDescription: "206 with everything", words: "206 with 1000000 bytes") { _ in
            .status(
                206, headers: [("ETag", tag), ("Content-Range", "bytes 500000-999999/1000000")],
                body: data)
        },
        Lie(testDescription: "206 that begins elsewhere", words: "the bytes from 499999 on") {
            part($0, shift: 1)
        },
        Lie(testDescription: "206 of another size", words: "of 1000001") {
            part($0, total: "1000001")
        },
        Lie(testDescription: "206 of an unknown size", words: "of an unknown number") {
            part($0, total: "*")
        },
        Lie(testDescription: "206 without a Content-Range", words: "without a Content-Range") { _ in
            .status(206, headers: [("ETag", tag)], body: Array(data.dropFirst(half)))
        },
        Lie(testDescription: "206 in several parts", words: "without a Content-Range") { _ in
            .status(
                206,
                headers: [
                    ("ETag", tag), ("Content-Type", "multipart/byteranges; boundary=x"),
                ], body: [1])
        },
        Lie(testDescription: "400", words: "answered 400") { _ in .status(400) },
        Lie(testDescription: "416", words: "answered 416") { _ in .status(416) },
        Lie(
            testDescription: "another ETag", words: "ETag \"v2\", before \"v1\"",
            isRemembered: false
        ) { part($0, [("ETag", "\"v2\"")]) },
        Lie(testDescription: "no ETag any more", words: "ETag none", isRemembered: false) {
            part($0, [])
        },
        Lie(
            testDescription: "a new version in full", words: "ETag \"v2\"", isRemembered: false
        ) { _ in .status(200, headers: [("ETag", "\"v2\"")], body: data) },
    ]

    @Test(arguments: lies)
    func `Of an answer that does not prove to be the rest nothing is taken`(
        lie: Lie
    ) async throws {
        let data = Self.data
        let server = try RawHTTPServer { request in
            if request[header: "range"] != nil { return lie.reply(request) }
            return .lyingWithTag(Self.tag, declaredBytes: data.count, Array(data.prefix(Self.half)))
        }
        defer { server.stop() }
        let reader = try reader(server)
        let ring = ByteRing(capacityBytes: 2 << 20)
        let first = await read(image(server), by: reader, into: ring)
        #expect(ring.writtenBytes == Int64(Self.half))
        #expect(first.error?.code == .sourceTruncated)
        #expect(first.error?.isTransient == true)
        #expect(first.told == ["dropped at 500000", "cannot go on at 500000"])
        #expect(first.reasons.first?.contains(lie.words) == true, "\(first.reasons)")
        #expect(first.reasons.first?.contains("planted") == false)

        // The image starts again, and the connection drops again.
        let second = await read(image(server), by: reader)
        #expect(second.told == first.told)
        let asked = server.requests.count { $0[header: "range"] != nil }
        #expect(asked == (lie.isRemembered ? 1 : 2))
    }

    /// The head of the part is correct, so the bytes arrive before the lie is noticed.
    @Test func `A part that is longer than it says starts the image again`() async throws {
        let data = Self.data
        let (reading, _) = try await reading { _, _ in
            Reply { exchange in
                exchange.sendHead(
                    206,
                    [
                        ("ETag", Self.tag), ("Content-Range", "bytes 500000-999999/1000000"),
                        ("Transfer-Encoding", "chunked"),
                    ])
                exchange.send("\(String(data.count, radix: 16))\r\n")
                exchange.send(data + Array("\r\n0\r\n\r\n".utf8))
            }
        }
        #expect(reading.error?.code == .rangeNotSatisfiable)
        #expect(reading.error?.isTransient == true)
        #expect(reading.error?.message.contains("longer than the 500000 bytes") == true)
        #expect(reading.told.last?.hasPrefix("cannot go on at ") == true)
    }

    @Test(arguments: [
        [], [("ETag", "W/\"v1\"")], [("ETag", Self.tag), ("Accept-Ranges", "none")],
    ])
    func `Where nothing could be proved no range is asked for`(
        head: [(String, String)]
    ) async throws {
        let (reading, requests) = try await reading(head: head) { request, _ in
            Self.part(request)
        }
        #expect(reading.error?.code == .sourceTruncated)
        #expect(reading.told == ["cannot go on at 500000"])
        #expect(requests.count == 1)
    }

    @Test func `An encoded body is refused before a byte of it is taken`() async throws {
        let server = try RawHTTPServer { _ in
            .status(200, headers: [("Content-Encoding", "gzip")], body: [1, 2, 3])
        }
        let reading = await read(image(server), by: try reader(server))
        #expect(reading.error?.code == .invalidAnswer)
        #expect(reading.error?.message.contains("Content-Encoding: gzip") == true)
        #expect(reading.bytes.isEmpty && reading.facts.isEmpty)
        #expect(server.requests.first?[header: "accept-encoding"] == "identity")
    }

    @Test func `A part that a proxy compresses is not appended`() async throws {
        let ring = ByteRing(capacityBytes: 2 << 20)
        let (reading, _) = try await reading(into: ring) { request, _ in
            Self.part(request, [("ETag", Self.tag), ("Content-Encoding", "gzip")])
        }
        #expect(reading.error?.code == .invalidAnswer)
        #expect(ring.writtenBytes == Int64(Self.half))
    }

    // MARK: Budgets

    @Test func `Openings in vain are few, and the wait between them grows`() async throws {
        let waits = Waits()
        let (reading, requests) = try await reading(waits: waits) { _, _ in
            .status(503, text: "too busy")
        }
        #expect(reading.error?.answer?.status == 503)
        #expect(reading.error?.isTransient == true)
        #expect(requests.count == 1 + Reopening().inVainMax)
        #expect(reading.reasons == ["6 openings brought nothing"])
        #expect(waits.seconds.withLock { $0 } > 0)
    }

    @Test func `Progress gives new openings, but not without end`() async throws {
        let (reading, requests) = try await reading { request, turn in
            Self.part(request, until: Self.half + turn)
        }
        #expect(reading.error?.code == .sourceTruncated)
        #expect(requests.count == 1 + Reopening().inAllMax)
        #expect(reading.reasons == ["it was opened 100 times"])
    }

    @Test func `A wish for patience is honoured`() async throws {
        let waits = Waits()
        let (reading, _) = try await reading(waits: waits) { request, turn in
            turn == 1
                ? .status(429, headers: [("Retry-After", "7")], text: "slow down")
                : Self.part(request)
        }
        #expect(reading.bytes == Self.data)
        #expect(waits.seconds.withLock { $0 } >= 7)
    }

    @Test func `A wish for much patience is left to the pipeline`() async throws {
        let (reading, requests) = try await reading { _, _ in
            .status(503, headers: [("Retry-After", "900")], text: "maintenance")
        }
        #expect(reading.error?.answer?.retryAfterSeconds == 900)
        #expect(requests.count == 2)
        #expect(reading.reasons == ["it asks for 900 s of patience"])
    }

    @Test func `A target that breaks ends the wait for the source`() async throws {
        let data = Self.data
        let server = try RawHTTPServer { _ in
            .lyingWithTag(Self.tag, declaredBytes: data.count, Array(data.prefix(Self.half)))
        }
        defer { server.stop() }
        let ring = ByteRing(capacityBytes: 2 << 20)
        var reopening = Self.reopening()
        reopening.wait = { _ in ring.fail(TranshipError(.quotaExceeded, "full")) }
        let source = URLImage(
            source: try urlEntry(server.url + "/a.img"), sourceIndex: 0, client: HTTPClient(),
            reopening: reopening)
        let reading = await read(image(server), by: source, into: ring)
        #expect(reading.error?.code == .quotaExceeded)
        #expect(server.requests.count == 1)
    }
}

extension Reply {
    /// Returns a reply that declares one size under an ETag and sends another.
    fileprivate static func lyingWithTag(
        _ tag: String, declaredBytes: Int, _ body: [UInt8]
    ) -> Reply {
        Reply { exchange in
            exchange.sendHead(200, [("ETag", tag), ("Content-Length", "\(declaredBytes)")])
            exchange.send(body)
            exchange.close()
        }
    }
}
