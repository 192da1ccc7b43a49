// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation
import HTTPTransport
import MigrationModel
import MigrationPipeline
import TestSupport
import Testing

@testable import SourceReaders

/// One image over several connections: the data that arrives, the requests, and the errors that end
/// the reading.
@Suite(.timeLimit(.minutes(5))) struct PartedReadingTests {
    private static let data = PartServer.data
    private static let partCount =
        (data.count - PartServer.openingBytes) / PartServer.partBytes

    private func source(
        _ server: PartServer, _ connections: SourceConnections, more: String = ""
    ) throws -> URLImage {
        var reopening = Reopening()
        reopening.chance = { 0 }
        reopening.wait = { _ in }
        return URLImage(
            source: try urlEntry(server.server.url + "/a.img", more), sourceIndex: 0,
            client: HTTPClient(), reopening: reopening, connections: connections)
    }

    private func image(_ server: PartServer, sizeBytes: Int64? = Int64(data.count)) -> SourceImage {
        var image = Sample.source("a", sizeBytes: sizeBytes)
        image.location = server.server.url + "/a.img"
        return image
    }

    private func reading(
        _ server: PartServer, _ connections: SourceConnections? = nil, more: String = "",
        sizeBytes: Int64? = Int64(data.count), from point: ReadingPoint? = nil,
        into ring: ByteRing = ByteRing()
    ) async throws -> Reading {
        await read(
            image(server, sizeBytes: sizeBytes),
            by: try source(server, connections ?? server.connections(), more: more), into: ring,
            from: point)
    }

    /// Expects a complete reading without events.
    private func expectWhole(_ reading: Reading) {
        #expect(reading.error == nil)
        #expect(reading.bytes == Self.data)
        #expect(reading.told.isEmpty)
        #expect(reading.facts.map(\.sizeBytes) == [Int64(Self.data.count)])
    }

    // MARK: What arrives

    @Test func `A far image comes in parts over few connections, each asked for once`() async throws
    {
        let server = try PartServer()
        expectWhole(try await reading(server))
        #expect(server.asked.first?.isOpening == true)
        let parts = server.asked.dropFirst()
        #expect(parts.compactMap(\.part).sorted() == Array(0..<Self.partCount))
        #expect(parts.count == Self.partCount)
        #expect(parts.allSatisfy { $0.request[header: "if-range"] == PartServer.tag })
        // The connections are kept. On a busy machine, some are idle for too long and close.
        #expect(server.server.connectionCount < parts.count / 2)
    }

    /// The server answers each round of parts from the last one to the first one.
    @Test func `Parts that arrive in the wrong order leave in the right one`() async throws {
        let answered = Guarded<Set<Int>>([])
        let round = SourceConnections.connectionsMax
        let server = try PartServer { asked, _ in
            guard let part = asked.part else { return nil }
            return Reply { exchange in
                while part % round != round - 1, !answered.withLock({ $0.contains(part + 1) }) {
                    usleep(500)
                }
                PartServer.right(asked).run(exchange)
                answered.withLock { _ = $0.insert(part) }
            }
        }
        expectWhole(try await reading(server))
        #expect(server.server.connectionCount >= round)
    }

    @Test func `A reading that goes on in the middle comes in parts too`() async throws {
        let server = try PartServer()
        let point = ReadingPoint(
            offsetBytes: 1000,
            version: SourceVersion(
                strongETag: PartServer.tag, totalBytes: Int64(Self.data.count)))
        let reading = try await reading(server, from: point)
        #expect(reading.error == nil)
        #expect(reading.bytes == Array(Self.data.dropFirst(1000)))
        #expect(server.asked.first?.first == 1000)
        #expect(server.asked.count > Self.partCount)
        #expect(server.asked.allSatisfy { $0.request[header: "if-range"] == PartServer.tag })
    }

    @Test func `What is asked for is never far ahead of what the target takes`() async throws {
        let ring = ByteRing(capacityBytes: 64 << 10)
        let most = SourceConnections.connectionsMax * PartServer.partBytes
        let ahead = Guarded<[Int]>([])
        let server = try PartServer { asked, _ in
            if asked.part != nil {
                ahead.withLock { $0.append(asked.first - Int(ring.writtenBytes)) }
            }
            return nil
        }
        expectWhole(try await reading(server, into: ring))
        #expect(ahead.withLock { $0 }.count == Self.partCount)
        #expect(ahead.withLock { $0 }.allSatisfy { $0 < most })
    }

    // MARK: Connections that break

    @Test func `A part whose connection breaks is asked for again, and no other`() async throws {
        let server = try PartServer { asked, turn in
            asked.part == 5 && turn < 3 ? PartServer.right(asked, sending: 1000) : nil
        }
        expectWhole(try await reading(server))
        #expect(server.asked.compactMap(\.part).count { $0 == 5 } == 3)
        #expect(server.asked.count == 1 + Self.partCount + 2)
    }

    @Test func `A part that breaks each time opens the source again where it is missing`()
        async throws
    {
        let server = try PartServer { asked, turn in
            asked.part == 3 && turn <= 3 ? PartServer.right(asked, sending: 1000) : nil
        }
        let reading = try await reading(server)
        #expect(reading.error == nil)
        #expect(reading.bytes == Self.data)
        let place = PartServer.openingBytes + 3 * PartServer.partBytes
        #expect(reading.told == ["dropped at \(place)", "reopened at \(place)"])
    }

    @Test func `A server that does not want so many connections gets one`() async throws {
        let server = try PartServer { asked, _ in
            asked.part == 2 ? .status(503, text: "too many connections") : nil
        }
        let connections = server.connections()
        let reading = try await reading(server, connections)
        #expect(reading.error == nil)
        #expect(reading.bytes == Self.data)
        #expect(server.asked.last?.isRest == true)
        let before = server.asked.count
        expectWhole(try await self.reading(server, connections))
        #expect(server.asked.dropFirst(before).map(\.isWhole) == [true])
    }

    @Test func `A server that is too busy for the first part is asked again later`() async throws {
        let server = try PartServer { asked, _ in
            asked.isOpening ? .status(503, text: "too busy") : nil
        }
        let reading = try await reading(server)
        #expect(reading.error?.answer?.status == 503)
        #expect(reading.error?.isTransient == true)
        #expect(server.asked.map(\.isOpening) == [true])
    }

    @Test func `An image that is gone is refused in the words of the whole`() async throws {
        let server = try PartServer { _, _ in .status(404, text: "no such file") }
        let connections = server.connections()
        let reading = try await reading(server, connections)
        #expect(reading.error?.code == .sourceUnavailable)
        #expect(server.asked.last?.isWhole == true)
        #expect(connections.verdict(on: server.server.url) == .unknown)
    }

    // MARK: Parts that are not what they should be

    struct Lie: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let reply: @Sendable (PartServer.Asked) -> Reply
    }

    static let lies: [Lie] = [
        Lie(testDescription: "200 with everything") { _ in
            .status(200, headers: [("ETag", PartServer.tag)], body: data)
        },
        Lie(testDescription: "206 with everything") {
            PartServer.right($0, declaring: data.count)
        },
        Lie(testDescription: "206 that begins elsewhere") { PartServer.right($0, shift: 1) },
        Lie(testDescription: "206 of another size") {
            PartServer.right($0, total: "\(data.count + 1)")
        },
        Lie(testDescription: "206 of an unknown size") { PartServer.right($0, total: "*") },
        Lie(testDescription: "another ETag") { PartServer.right($0, head: [("ETag", "\"v2\"")]) },
        Lie(testDescription: "no ETag") { PartServer.right($0, head: []) },
        Lie(testDescription: "400") { _ in .status(400) },
        Lie(testDescription: "416") { _ in .status(416) },
    ]

    @Test(arguments: lies)
    func `After a part that proves nothing one connection reads the rest`(lie: Lie) async throws {
        let server = try PartServer { asked, _ in asked.part == 4 ? lie.reply(asked) : nil }
        expectWhole(try await reading(server))
        let rest = server.asked.filter(\.isRest)
        #expect(rest.map(\.first) == [PartServer.openingBytes + 4 * PartServer.partBytes])
    }

    /// The lies in an opening. The opening defines the version, so another ETag is not a lie.
    static let openingLies = lies.filter { $0.testDescription != "another ETag" }

    @Test(arguments: openingLies)
    func `A server that gives no parts is read over one connection, and soon not asked`(
        lie: Lie
    ) async throws {
        let server = try PartServer { asked, _ in asked.isOpening ? lie.reply(asked) : nil }
        let connections = server.connections()
        for _ in 0...SourceConnections.refusalsMax {
            expectWhole(try await reading(server, connections))
        }
        #expect(server.asked.count(where: \.isOpening) == SourceConnections.refusalsMax)
        #expect(server.asked.count(where: \.isWhole) == SourceConnections.refusalsMax + 1)
        #expect(server.asked.last?.isWhole == true)
    }

    @Test func `A weak ETag proves nothing, so one connection reads all`() async throws {
        let server = try PartServer { asked, _ in
            PartServer.right(asked, head: [("ETag", "W/\"v1\"")])
        }
        expectWhole(try await reading(server))
        #expect(server.asked.map(\.isWhole) == [false, true])
    }

    @Test func `Data that changes between two parts is never mixed`() async throws {
        let server = try PartServer { asked, _ in
            let isNew = (asked.part ?? 0) >= 6 || asked.isRest
            return isNew ? PartServer.right(asked, head: [("ETag", "\"v2\"")]) : nil
        }
        let ring = ByteRing(capacityBytes: Self.data.count)
        let reading = try await reading(server, into: ring)
        #expect(reading.error?.code == .rangeNotSatisfiable)
        // The next try begins at the first byte.
        #expect(reading.error?.isTransient == true)
        let place = PartServer.openingBytes + 6 * PartServer.partBytes
        #expect(reading.told == ["cannot go on at \(place)"])
        #expect(ring.writtenBytes == Int64(place))
        #expect(reading.reasons.first?.contains("\"v2\"") == true)
    }

    // MARK: Whether

    struct Unfit: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var answerSeconds: Double? = 1
        var sizeBytes: Int64? = Int64(data.count)
        var more = ""
    }

    static let unfit: [Unfit] = [
        Unfit(testDescription: "near", answerSeconds: 0.001),
        Unfit(testDescription: "nothing known of the way", answerSeconds: nil),
        Unfit(testDescription: "unknown size", sizeBytes: nil),
        Unfit(testDescription: "one connection allowed", more: ", limits: { images: 1 }"),
        Unfit(testDescription: "two connections allowed", more: ", limits: { images: 2 }"),
    ]

    @Test(arguments: unfit)
    func `Otherwise one request reads all`(unfit: Unfit) async throws {
        let server = try PartServer()
        let reading = try await reading(
            server, server.connections(answerSeconds: unfit.answerSeconds), more: unfit.more,
            sizeBytes: unfit.sizeBytes)
        #expect(reading.bytes == Self.data)
        #expect(server.asked.map(\.isWhole) == [true])
    }

    @Test func `A small image is read over one connection`() async throws {
        let server = try PartServer()
        let connections = SourceConnections(
            partBytes: SourceConnections.partBytes, answerSeconds: { 1 })
        expectWhole(try await reading(server, connections))
        #expect(server.asked.map(\.isWhole) == [true])
    }

    @Test func `If several connections are not faster one reads the rest`() async throws {
        let now = Guarded<UInt64>(0)
        let server = try PartServer { asked, _ in
            now.withLock { $0 += asked.isOpening ? 8_000_000_000 : 1_000_000_000 }
            return nil
        }
        expectWhole(
            try await reading(server, server.connections(now: { now.withLock { $0 } })))
        #expect(server.asked.count(where: \.isRest) == 1)
        #expect(server.asked.compactMap(\.part).count < 3 * SourceConnections.connectionsMax)
    }

    @Test func `What the first image showed counts for the next ones`() async throws {
        let server = try PartServer()
        let connections = server.connections()
        expectWhole(try await reading(server, connections))
        #expect(connections.verdict(on: server.server.url) == .pays)
        let before = server.asked.count
        expectWhole(try await reading(server, connections))
        let second = server.asked.dropFirst(before)
        #expect(second.count == Self.data.count / PartServer.partBytes)
        #expect(second.allSatisfy { !$0.isOpening && !$0.isRest && !$0.isWhole })
    }

    @Test func `The limit of a source bounds its connections`() async throws {
        let most = 3
        let ring = ByteRing(capacityBytes: 64 << 10)
        let ahead = Guarded<[Int]>([])
        let server = try PartServer { asked, _ in
            if asked.part != nil {
                ahead.withLock { $0.append(asked.first - Int(ring.writtenBytes)) }
            }
            return nil
        }
        expectWhole(
            try await reading(server, more: ", limits: { images: \(most) }", into: ring))
        #expect(ahead.withLock { $0 }.count == Self.partCount)
        #expect(ahead.withLock { $0 }.allSatisfy { $0 < most * PartServer.partBytes })
    }

    // MARK: Ends

    @Test func `A target that breaks ends the reading while the parts are slow`() async throws {
        let ring = ByteRing()
        let server = try PartServer { asked, _ in
            asked.part.map { part in
                if part == 0 { ring.fail(TranshipError(.quotaExceeded, "full")) }
                return .hanging()
            }
        }
        let reading = try await reading(server, into: ring)
        #expect(reading.error?.code == .quotaExceeded)
        server.server.stop()
    }

    @Test func `A cancelled reading ends, and gives its connections back`() async throws {
        let server = try PartServer { asked, _ in asked.part == nil ? nil : .hanging() }
        let connections = server.connections()
        let (source, image) = (try source(server, connections), image(server))
        let task = Task { await read(image, by: source) }
        #expect(await server.server.received { $0.count > 1 })
        task.cancel()
        #expect(await task.value.error?.code == .interrupted)
        #expect(
            connections.take(SourceConnections.extraMax, at: server.server.url, limit: nil))
    }
}
