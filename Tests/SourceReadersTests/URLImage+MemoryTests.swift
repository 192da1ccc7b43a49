// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import MigrationModel
import MigrationPipeline
import PipelineFiles
import TestSupport
import Testing

@testable import SourceReaders

/// The second look at a known source.
@Suite(.timeLimit(.minutes(3))) struct URLImageMemoryTests {
    private static let sums = String(repeating: "a", count: 64) + "  a.img\n"
    private static let time = "Sat, 21 Nov 2026 00:00:00 GMT"

    /// A mirror that answers 304 if the request names its current state.
    private final class Mirror: Sendable {
        let tag = Guarded("\"v1\"")
        let sums = Guarded(URLImageMemoryTests.sums)
        let knowsConditions = Guarded(true)

        func answer(_ request: ReceivedRequest) -> Reply {
            let tag = tag.withLock { $0 }
            if knowsConditions.withLock({ $0 }), request[header: "if-none-match"] == tag {
                return .status(304, headers: [("ETag", tag)])
            }
            let headers = [("ETag", tag), ("Last-Modified", URLImageMemoryTests.time)]
            switch request.path {
            case "/SUMS":
                return .status(200, headers: headers, body: Array(sums.withLock { $0 }.utf8))
            default: return .status(200, headers: headers, body: [1, 2, 3])
            }
        }
    }

    private let mirror = Mirror()
    private let server: RawHTTPServer

    init() throws {
        let mirror = mirror
        server = try RawHTTPServer { mirror.answer($0) }
    }

    private func source(_ more: String = "") throws -> URLImage {
        URLImage(
            source: try urlEntry(server.url + "/a.img", more), sourceIndex: 0,
            client: HTTPClient())
    }

    private var listKey: String { ", checksum_file: '\(server.url)/SUMS'" }

    /// Looks as a plan does if its journal remembers the given look.
    private func look(
        _ source: URLImage, knowing look: Upstream.Look? = nil
    ) async throws -> ListedImage {
        try #require(try await list(source, .remembering(look)).first)
    }

    /// Returns the requests of a second look, and its result.
    private func second(
        _ source: URLImage, after first: ListedImage
    ) async throws -> (requests: [String], listed: ListedImage) {
        let before = server.requests.count
        let listed = try await look(source, knowing: first.upstream?.look)
        let requests = server.requests.dropFirst(before).map { "\($0.method) \($0.path)" }
        return (requests, listed)
    }

    @Test(arguments: ["download?file=a.img", "get.php?path=/x/a.img&y=1"])
    func `A list names the file that the query of a script names`(address: String) async throws {
        let source = URLImage(
            source: try urlEntry("\(server.url)/\(address)", listKey), sourceIndex: 0,
            client: HTTPClient())
        let listed = try await look(source)
        #expect(listed.refusal == nil)
        #expect(listed.image.promise == (try Sample.checksum(.sha256, "a")))
    }

    @Test(arguments: [true, false])
    func `Of a pool with an older mirror, another one is asked`(allowsDowngrade: Bool) async throws
    {
        let versions = Guarded(["2", "1", "2"])
        let pool = try RawHTTPServer { request in
            guard request.path == "/SUMS" else { return .status(200, body: [1, 2, 3]) }
            let version = versions.withLock { $0.removeFirst() }
            return .status(
                200, text: String(repeating: "a", count: 64) + "  a-\(version).img\n")
        }
        defer { pool.stop() }
        guard
            case .url(let entry) = try entries(
                """
                { url: '\(pool.url)/', latest: a-@v.img, checksum_file: '\(pool.url)/SUMS',
                    allow_downgrade: \(allowsDowngrade),
                    image: { name: a, disk_format: raw, container_format: bare } }
                """)[0]
        else { throw NotThatKind() }
        var reopening = Reopening()
        reopening.wait = { _ in }
        let source = URLImage(
            source: entry, sourceIndex: 0, client: HTTPClient(), reopening: reopening)
        let first = try await look(source)
        #expect(first.image.version == "2")
        let second = try await look(source, knowing: first.upstream?.look)
        #expect(second.image.version == (allowsDowngrade ? "1" : "2"))
        #expect(versions.withLock { $0.count } == (allowsDowngrade ? 1 : 0))
    }

    @Test(arguments: [Checksum.Algorithm.sha256, .sha512])
    func `Digits of a list that may be of BLAKE2b are named as such`(
        algorithm: Checksum.Algorithm
    ) async throws {
        let digits = String(repeating: "a", count: algorithm.digitCount)
        mirror.sums.withLock { $0 = "\(digits)  a.img\n" }
        let source = try source(listKey)
        let image = try await look(source).image
        #expect(image.promise?.algorithm == algorithm)
        let remedy = source.promiser(of: image)?.remedy
        #expect(remedy?.contains("BLAKE2b") == (algorithm == .sha512))
    }

    @Test func `An unchanged list is one request`() async throws {
        let source = try source(listKey)
        let first = try await look(source)
        #expect(first.upstream?.look?.host == server.url)
        let (requests, listed) = try await second(source, after: first)
        #expect(requests == ["GET /SUMS"])
        #expect(server.requests.last?[header: "if-none-match"] == "\"v1\"")
        #expect(listed.image == first.image && listed.stem == first.stem)
        #expect(listed.upstream?.look == first.upstream?.look)
    }

    @Test func `A folder that moved is looked at, though its list is unchanged`() async throws {
        mirror.sums.withLock { sums in
            sums = ["x", "y"].map { String(repeating: "a", count: 64) + "  \($0)/a-2.img\n" }
                .joined()
        }
        func source(_ folder: String) throws -> URLImage {
            guard
                case .url(let entry) = try entries(
                    """
                    { url: '\(server.url)/\(folder)/', latest: a-@v.img\(listKey),
                        image: { name: a, disk_format: raw, container_format: bare } }
                    """)[0]
            else { throw NotThatKind() }
            return URLImage(source: entry, sourceIndex: 0, client: HTTPClient())
        }
        let first = try await look(source("x"))
        #expect(first.image.location == "\(server.url)/x/a-2.img" && first.refusal == nil)
        let moved = try await look(source("y"), knowing: first.upstream?.look)
        #expect(moved.image.location == "\(server.url)/y/a-2.img" && moved.refusal == nil)
        #expect(moved.image.version == "2")
    }

    @Test func `A list with the same checksum is one request, whatever its ETag`() async throws {
        let source = try source(listKey)
        let first = try await look(source)
        mirror.tag.withLock { $0 = "\"edge2\"" }
        mirror.sums.withLock { $0 += String(repeating: "b", count: 64) + "  b.img\n" }
        let (requests, listed) = try await second(source, after: first)
        #expect(requests == ["GET /SUMS"])
        #expect(listed.image == first.image)
        #expect(listed.upstream?.look?.list?.eTag == "\"edge2\"")
    }

    @Test func `Another checksum leads to a look at the data`() async throws {
        let source = try source(listKey)
        let first = try await look(source)
        mirror.tag.withLock { $0 = "\"v2\"" }
        mirror.sums.withLock { $0 = String(repeating: "b", count: 64) + "  a.img\n" }
        let (requests, listed) = try await second(source, after: first)
        #expect(requests == ["GET /SUMS", "HEAD /a.img", "GET /a.img"])
        #expect(listed.image.checksums.first?.value == String(repeating: "b", count: 64))
    }

    @Test(arguments: [true, false])
    func `Data without a list is one HEAD`(knowsConditions: Bool) async throws {
        mirror.knowsConditions.withLock { $0 = knowsConditions }
        let source = try source()
        let first = try await look(source)
        let (requests, listed) = try await second(source, after: first)
        #expect(requests == ["HEAD /a.img"])
        #expect(listed.image == first.image && listed.notes == first.notes)
    }

    @Test func `An ETag that differs from mirror to mirror is not a new version`() async throws {
        let source = try source()
        let first = try await look(source)
        mirror.tag.withLock { $0 = "\"edge2\"" }
        let (requests, listed) = try await second(source, after: first)
        #expect(requests == ["HEAD /a.img"])
        #expect(listed.image.fingerprint == first.image.fingerprint)
        // The read of the data does not send one either.
        #expect(await read(listed.image, by: source).bytes == [1, 2, 3])
    }

    /// A time of 1970 is the same for every state of the data, and so is an empty ETag: an answer
    /// of 304 to them proves nothing.
    @Test(
        arguments: [
            [("Last-Modified", "Thu, 01 Jan 1970 00:00:00 GMT")],
            [("Last-Modified", "Tue, 01 Jan 1980 00:00:00 GMT")], [("ETag", "\"\"")],
            [("ETag", "")],
            [("ETag", "\"1-15f90\""), ("Last-Modified", "Thu, 01 Jan 1970 00:00:01 GMT")],
        ], [true, false])
    func `What says nothing is neither sent nor believed`(
        headers: [(String, String)], withList: Bool
    ) async throws {
        let data = Guarded(noise(90_000))
        let sums = Guarded(Self.sums)
        let server = try RawHTTPServer { request in
            let isConditional =
                request[header: "if-none-match"] != nil
                || request[header: "if-modified-since"] != nil
            if isConditional { return .status(304, headers: headers) }
            let isList = request.path == "/SUMS"
            return .status(
                200, headers: headers,
                body: isList ? Array(sums.withLock { $0 }.utf8) : data.withLock { $0 })
        }
        defer { server.stop() }
        let source = URLImage(
            source: try urlEntry(
                server.url + "/a.img", withList ? ", checksum_file: '\(server.url)/SUMS'" : ""),
            sourceIndex: 0, client: HTTPClient())
        let first = try await look(source)
        #expect(first.refusal == nil)
        data.withLock { $0[100] ^= 1 }
        sums.withLock { $0 = String(repeating: "b", count: 64) + "  a.img\n" }
        let second = try await look(source, knowing: first.upstream?.look)
        #expect(second.image.fingerprint != first.image.fingerprint)
        #expect(await read(second.image, by: source).error == nil)
        let third = try await look(source, knowing: second.upstream?.look)
        #expect(third.image.fingerprint == second.image.fingerprint)
        #expect(
            server.requests.allSatisfy {
                $0[header: "if-none-match"] == nil && $0[header: "if-modified-since"] == nil
            })
    }

    @Test func `A changed entry of the pipeline file leads to a new look`() async throws {
        let first = try await look(try source())
        let (requests, _) = try await second(try source(", inspect: false"), after: first)
        #expect(requests == ["HEAD /a.img", "GET /a.img"])
    }

    /// An earlier build remembered images under another name.
    @Test func `What is remembered has a value for each placeholder, too`() async throws {
        let image = "{ name: 'b {version}', disk_format: raw }"
        guard
            case .url(let entry) = try entries("{ url: '\(server.url)/a.img', image: \(image) }")[0]
        else { throw NotThatKind() }
        let source = URLImage(source: entry, sourceIndex: 0, client: HTTPClient())
        var known = try #require(try await look(try self.source()).upstream?.look)
        known.settings = source.settings
        let before = server.requests.count
        let listed = try await look(source, knowing: known)
        #expect(server.requests.count == before + 1)
        #expect(listed.refusal?.message.contains("{version}, which has no value") == true)
        #expect(listed.image.name == nil && listed.upstream?.look == nil)
    }

    struct Answer: Sendable {
        var tag: String?
        var time: String?
        var size: String?
        var isSame: Bool
    }

    static let answers = [
        Answer(tag: "\"a\"", isSame: true), Answer(tag: "W/\"a\"", isSame: true),
        Answer(tag: "\"b\"", isSame: false),
        Answer(tag: "\"b\"", time: time, size: "3", isSame: true),
        Answer(time: time, size: "3", isSame: true),
        Answer(time: time, size: "4", isSame: false),
        Answer(tag: "\"a\"", time: time, size: "4", isSame: false),
        Answer(time: time, isSame: false), Answer(size: "3", isSame: false),
        Answer(time: "Thu, 01 Jan 1970 00:00:01 GMT", size: "3", isSame: false),
    ]

    @Test(arguments: answers)
    func `ETag, or time and size, say that data is the same`(answer: Answer) {
        let (tag, time, size) = (answer.tag, answer.time, answer.size)
        var image = Sample.source("a", sizeBytes: 3)
        image.published = nil
        let look = Upstream.Look(
            settings: "", image: image, eTag: "\"a\"",
            lastModified: time ?? Self.time, host: nil, notes: [], list: nil)
        var headers = HTTPHeaders()
        if let tag { headers.add("ETag", tag) }
        if let time { headers.add("Last-Modified", time) }
        if let size { headers.add("Content-Length", size) }
        #expect(look.isSame(as: HTTPResponse(status: 200, headers: headers)) == answer.isSame)
    }
}
