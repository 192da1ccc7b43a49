// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import MigrationPipeline
import TestSupport
import Testing

@testable import SourceReaders

extension SimplestreamsImagesTests {
    // MARK: Products and files that cannot be told apart

    /// Starts an index of two files, of which `b` answers with a status of its own.
    private static func twoFiles(_ a: String, _ b: String, bStatus: Int = 200) throws
        -> RawHTTPServer
    {
        let index = """
            {"format": "index:1.0", "index": {"a": {"path": "streams/v1/a.json"},
              "b": {"path": "streams/v1/b.json"}}}
            """
        return try RawHTTPServer { request in
            switch request.path {
            case "/r/streams/v1/index.json": .status(200, text: index)
            case "/r/streams/v1/a.json": .status(200, text: a)
            case "/r/streams/v1/b.json": .status(bStatus, text: b)
            default: .status(200, headers: [("ETag", "\"1\"")], body: [1, 2, 3])
            }
        }
    }

    @Test(arguments: ["{product}", "own", "{stem}"])
    func `Products of one file are refused and named, and the others go on`(
        name: String
    ) async throws {
        let server = try Self.twoFiles(
            Self.products(["p": Self.product("p/x.img"), "q": Self.product("q/y.img")]),
            Self.products(["r": Self.product("p/x.img")]))
        defer { server.stop() }
        let listed = try await list(Self.source(server, name: name))
        let refused = listed.filter { $0.refusal != nil }
        #expect(listed.count == 3 && refused.count == 2)
        #expect(refused.first?.refusal?.message.contains("product p of") == true)
        #expect(refused.first?.refusal?.message.contains("same file as r: p/x.img") == true)
        #expect(refused.last?.refusal?.message.contains("product r of") == true)
        // A plan has each key only once.
        #expect(Set(listed.map(\.image.key)).count == listed.count)
    }

    @Test func `A product that several files have is refused once, and the others go on`()
        async throws
    {
        let server = try Self.twoFiles(
            Self.products(["p": Self.product("p/1.img"), "q": Self.product("q/1.img")]),
            Self.products(["p": Self.product("p/2.img")]))
        defer { server.stop() }
        let listed = try await list(Self.source(server, name: "{product}"))
        #expect(listed.map(\.refusal?.code) == [.refused, nil])
        let refusal = try #require(listed.first?.refusal)
        #expect(refusal.message.contains("product p of"), "\(refusal.message)")
        #expect(refusal.message.contains("2 of its files"), "\(refusal.message)")
        #expect(refusal.message.contains("/a.json, "), "\(refusal.message)")
    }

    @Test(arguments: [
        (404, "gone"), (403, "no"), (503, "later"), (200, "<html>login"), (200, "hello"),
    ])
    func `A file of the index that cannot be read refuses itself alone`(
        status: Int, text: String
    ) async throws {
        let server = try Self.twoFiles(
            Self.products(["p": Self.product("p/1.img")]), text, bStatus: status)
        defer { server.stop() }
        let missed = Guarded(0)
        let listing = Listing(
            date: "2026-11-29", nowUnixSeconds: 1_795_910_400,
            missed: { _ in missed.withLock { $0 += 1 } })
        let listed = try await list(Self.source(server, name: "own"), listing)
        #expect(listed.count == 2 && listed.first?.refusal == nil)
        #expect(listed.last?.refusal?.message.contains("/r/streams/v1/b.json") == true)
        #expect(listed.last?.image.location == "\(server.url)/r/streams/v1/b.json")
        // The contents of the file are unknown, so none of its products counts as missing.
        #expect(missed.withLock { $0 } == 0)
    }

    @Test func `A path of the index that leads elsewhere refuses itself alone`() async throws {
        let index = Self.index.replacing("x.json", with: "../x.json")
            .replacing("image-ids", with: "image-downloads")
        let server = try server(index: index)
        defer { server.stop() }
        let listed = try await list(source(server))
        #expect(listed.map { $0.refusal == nil } == [true, true, false])
        #expect(listed.last?.refusal?.message.contains("leads out of it") == true)
    }

    @Test func `An index of too many files says so`() async throws {
        let count = SimplestreamsImages.filesMax + 1
        let entries = (1...count).map { "\"\($0)\": {\"path\": \"streams/v1/\($0).json\"}" }
        let server = try server(
            index: "{\"format\": \"index:1.0\", \"index\": {\(entries.joined(separator: ","))}}")
        defer { server.stop() }
        let listed = try await list(source(server))
        #expect(listed.last?.refusal?.message.contains("names \(count) files") == true)
        #expect(Set(server.requests.map(\.path)).count == listed.count)
    }

    // MARK: An index that has not changed

    private static func remembering(_ listed: [ListedImage]) -> Listing {
        let known = listed.map { one in
            var upstream = Upstream(
                lineage: one.image.lineage, lineageID: one.image.lineage,
                version: one.image.version, fingerprint: one.image.fingerprint, since: 0)
            upstream.look = one.upstream?.look
            upstream.selector = one.upstream?.selector
            return upstream
        }
        return Listing(
            date: "2026-11-29", nowUnixSeconds: 1_795_910_400,
            products: { selector in known.filter { $0.selector == selector } },
            upstream: { lineage, _ in known.first { $0.lineage == lineage } })
    }

    /// Answers 304 if the text is unchanged.
    private static func tagged(_ text: String, _ request: ReceivedRequest) -> Reply {
        let tag = "\"\(text.utf8.reduce(5381) { ($0 &* 33) &+ Int($1) })\""
        return request[header: "If-None-Match"] == tag
            ? .status(304, headers: [("ETag", tag)])
            : .status(200, headers: [("ETag", tag)], text: text)
    }

    @Test func `An index that has not changed is asked for, and not read`() async throws {
        let offer = Guarded(Self.products())
        let server = try RawHTTPServer { request in
            switch request.path {
            case "/r/streams/v1/index.json": Self.tagged(Self.index, request)
            case "/r/streams/v1/released.json": Self.tagged(offer.withLock { $0 }, request)
            default: Self.tagged("abc", request)
            }
        }
        defer { server.stop() }
        let source = try await source(server)
        let first = try await list(source)
        #expect(first.count == 2 && first.allSatisfy { $0.upstream?.look?.product != nil })
        let before = server.requests.count
        let again = try await list(source, Self.remembering(first))
        #expect(again.map(\.image) == first.map(\.image))
        #expect(again.map(\.upstream?.look?.product) == first.map(\.upstream?.look?.product))
        let asked = server.requests.dropFirst(before)
        #expect(asked.allSatisfy { $0[header: "If-None-Match"] != nil })
        // The index has no checksum of one image, so the look also requests its data.
        #expect(
            asked.map(\.path) == [
                "/r/streams/v1/index.json", "/r/streams/v1/released.json", "/r/jammy/1.img",
            ])

        // A new version is noticed although the index of the files is unchanged.
        let newer = Self.products().replacing("20241201", with: "20241202").replacing(
            String(repeating: "b", count: 64), with: String(repeating: "c", count: 64))
        offer.withLock { $0 = newer }
        let next = try await list(source, Self.remembering(again))
        #expect(next.map(\.image.version) == ["20241010", "20241202"])
        #expect(next.map(\.refusal?.message) == [nil, nil])
    }

    @Test func `What the journal has of an index is used only if it is all`() async throws {
        let server = try RawHTTPServer { request in
            switch request.path {
            case "/r/streams/v1/index.json": Self.tagged(Self.index, request)
            case "/r/streams/v1/released.json": Self.tagged(Self.products(), request)
            default: Self.tagged("abc", request)
            }
        }
        defer { server.stop() }
        let source = try await source(server)
        let first = try await list(source)
        for known in [[], [first[0]], [first[1]]] {
            #expect(try await list(source, Self.remembering(known)).count == 2)
        }
        // Another selection has a memory of its own.
        let other = try await list(
            self.source(server, ", products: { arch: amd64 }"), Self.remembering(first))
        #expect(other.map(\.image.version) == ["20241201"])
        // If the index were not read, missing products would not be reported.
        let some = try await list(self.source(server, ", products: { release: [noble, nix] }"))
        #expect(some.allSatisfy { $0.upstream?.look?.product == nil } && some.count == 1)
    }
}
