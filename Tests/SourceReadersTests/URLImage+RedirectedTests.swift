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

/// A stable name that redirects to a dated file, while the list has only the dated name.
@Suite(.timeLimit(.minutes(5))) struct URLImageRedirectedTests {
    /// The files of a publisher: one folder for each day, and `latest`, which leads to the newest
    /// one.
    private final class Publisher: Sendable {
        let day = Guarded(1)
        let lists = Guarded<Set<String>>([])
        /// The names below `latest` that redirect.
        let redirected = Guarded<Set<String>>(["x.img"])
        let elsewhere = Guarded<String?>(nil)

        static func data(_ day: Int) -> [UInt8] { noise(3000, seed: UInt64(clamping: day)) }

        /// The list of each day contains all days.
        static let list = (1...3).map { "\(sha256(data($0)).value)  x-2026010\($0).img\n" }.joined()

        func answer(_ request: ReceivedRequest) -> Reply {
            let parts = request.path.split(separator: "/").map(String.init)
            guard parts.count == 2 else { return .status(404, text: "not here") }
            let (folder, name) = (parts[0], parts[1])
            let dated = "2026010\(day.withLock { $0 })"
            if folder == "latest", redirected.withLock({ $0.contains(name) }) {
                let place = "/\(dated)/\(name == "x.img" ? "x-\(dated).img" : name)"
                return .redirect(to: (elsewhere.withLock { $0 } ?? "") + place)
            }
            if name == "SUMS" {
                return lists.withLock { $0.contains(folder) }
                    ? .status(200, headers: [("ETag", "\"l\"")], text: Self.list)
                    : .status(404, text: "not here")
            }
            guard let day = name.dropLast(4).last?.wholeNumberValue, name == "x-\(folder).img"
            else { return .status(404, text: "not here") }
            return .status(200, headers: [("ETag", "\"\(day)\"")], body: Self.data(day))
        }
    }

    private let publisher = Publisher()
    private let server: RawHTTPServer

    init() throws {
        let publisher = publisher
        server = try RawHTTPServer { publisher.answer($0) }
    }

    private func source(list: String = "/latest/SUMS") throws -> URLImage {
        var reopening = Reopening()
        reopening.wait = { _ in }
        return URLImage(
            source: try urlEntry(
                "\(server.url)/latest/x.img",
                ", headers: { X-Token: secret }, checksum_file: '\(server.url)\(list)'"),
            sourceIndex: 0, headers: ["X-Token": "secret"], client: HTTPClient(),
            reopening: reopening)
    }

    /// Looks as a plan does if its journal remembers the given look.
    private func look(
        _ source: URLImage, knowing look: Upstream.Look? = nil
    ) async throws -> ListedImage {
        let listed = Guarded<ListedImage?>(nil)
        let listing = Listing(
            date: "2026-11-29", nowUnixSeconds: 1_795_910_400,
            upstream: { lineage, _ in
                var upstream = Upstream(
                    lineage: lineage, lineageID: "l", version: nil, fingerprint: "", since: 0)
                upstream.look = look
                return upstream
            })
        try await source.list(listing) { (page) throws(TranshipError) in
            listed.withLock { $0 = page.first }
        }
        return try #require(listed.withLock { $0 })
    }

    @Test(
        arguments: [
            // The list redirects as the data does; then it is only beside the final file; then it
            // is in other folders.
            (
                lists: ["20260101", "20260102"], redirected: ["x.img", "SUMS"],
                place: "/latest/SUMS"
            ),
            (["20260101", "20260102"], ["x.img"], "/latest/SUMS"),
            (["latest"], ["x.img"], "/latest/SUMS"), (["all"], ["x.img"], "/all/SUMS"),
        ] as [(lists: Set<String>, redirected: Set<String>, place: String)])
    func `The final name is found, each night by its own redirect`(
        lists: Set<String>, redirected: Set<String>, place: String
    ) async throws {
        publisher.lists.withLock { $0 = lists }
        publisher.redirected.withLock { $0 = redirected }
        let source = try source(list: place)
        var known: Upstream.Look?
        for day in [1, 1, 2, 2] {
            publisher.day.withLock { $0 = day }
            let listed = try await look(source, knowing: known)
            #expect(listed.refusal == nil, "\(listed.refusal?.message ?? "")")
            #expect(listed.image.promise == sha256(Publisher.data(day)), "day \(day)")
            #expect(listed.image.location == "\(server.url)/latest/x.img")
            known = listed.upstream?.look
            #expect(known != nil)
        }
        server.stop()
    }

    @Test func `A line for the name of the address counts first`() async throws {
        publisher.lists.withLock { $0 = ["latest"] }
        publisher.redirected.withLock { $0 = [] }
        let listed = try await look(
            URLImage(
                source: try urlEntry(
                    "\(server.url)/20260103/x-20260103.img",
                    ", checksum_file: '\(server.url)/latest/SUMS'"),
                sourceIndex: 0, client: HTTPClient()))
        #expect(listed.image.promise == sha256(Publisher.data(3)))
        server.stop()
    }

    /// Another server must not choose the line, and gets no header from the operator.
    @Test(arguments: ["/latest/SUMS", "/all/SUMS"])
    func `A redirect to another server finds no other name`(place: String) async throws {
        let other = Publisher()
        other.lists.withLock { $0 = ["20260101"] }
        let there = try RawHTTPServer { other.answer($0) }
        publisher.elsewhere.withLock { $0 = there.url }
        publisher.lists.withLock { $0 = ["all"] }
        let refusal = try await look(try source(list: place)).refusal
        #expect([.sourceUnavailable, .notFound].contains(refusal?.code))
        #expect(there.requests.allSatisfy { $0.path.hasSuffix(".img") })
        #expect(there.requests.allSatisfy { $0[header: "x-token"] == nil })
        server.stop()
        there.stop()
    }

    @Test func `A list that has neither name is refused as before`() async throws {
        publisher.lists.withLock { $0 = ["latest", "20260109"] }
        publisher.day.withLock { $0 = 9 }
        let refusal = try await look(try source()).refusal
        #expect(refusal?.message.contains("has no checksum for x.img; it lists x-") == true)
        server.stop()
    }
}
