// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import TestSupport
import Testing

@testable import OpenStackImage

/// Lists whose images are deleted during the reading.
@Suite("Pages whose marker is deleted", .timeLimit(.minutes(5)))
struct PageTrailTests {
    /// A list that is served page by page, and loses records after some pages.
    private final class Shrinking: Sendable {
        private let state: Guarded<(ids: [String], pages: Int)>
        private let size: Int
        private let deletions: [Int: [String]]
        private let refusal: Int
        private let key: String
        private let linksPages: Bool

        /// - Parameter deletions: the images that are deleted after each page, by its number from
        ///   1.
        init(
            _ ids: [String], pageSize size: Int, deletions: [Int: [String]], refusal: Int = 400,
            key: String = "images", linksPages: Bool = true
        ) {
            state = Guarded((ids, 0))
            (self.size, self.deletions, self.refusal) = (size, deletions, refusal)
            (self.key, self.linksPages) = (key, linksPages)
        }

        func reply(_ request: ReceivedRequest) -> Reply {
            let marker = request.target.split(separator: "?").last?.split(separator: "&")
                .first { $0.hasPrefix("marker=") }.map { String($0.dropFirst(7)) }
            return state.withLock { state in
                var left = state.ids[...]
                if let marker {
                    guard let index = left.firstIndex(of: marker) else {
                        return .status(refusal, text: "No image found with ID \(marker)")
                    }
                    left = left[(index + 1)...]
                }
                let page = Array(left.prefix(size))
                state.pages += 1
                let gone = deletions[state.pages] ?? []
                state.ids.removeAll(where: gone.contains)
                let records = page.map { #"{"id":"\#($0)","status":"active"}"# }
                    .joined(separator: ",")
                let next =
                    linksPages && left.count > page.count
                    ? #","next":"/v2/x?limit=\#(size)&marker=\#(page.last ?? "")&sort=name""# : ""
                return .status(200, text: #"{"\#(key)":[\#(records)]\#(next)}"#)
            }
        }
    }

    private static let ten = (0..<10).map { "image-\($0)" }

    private func list(_ shrinking: Shrinking) async throws -> [String] {
        let cloud = try FaultyCloud { request, _ in shrinking.reply(request) }
        return try await cloud.service.images().all().map(\.id)
    }

    @Test("the list goes on after an earlier image: none is missed, none comes twice")
    func oneDeleted() async throws {
        for refusal in [400, 404] {
            for size in 1...4 {
                let marker = Self.ten[size - 1]
                let shrinking = Shrinking(
                    Self.ten, pageSize: size, deletions: [1: [marker]], refusal: refusal)
                #expect(try await list(shrinking) == Self.ten, "\(refusal), pages of \(size)")
            }
        }
    }

    @Test("a mass deletion takes the list back to its beginning, and nothing comes twice")
    func manyDeleted() async throws {
        let gone = Array(Self.ten.prefix(6))
        #expect(
            try await list(Shrinking(Self.ten, pageSize: 2, deletions: [3: gone])) == Self.ten)
        // All but the first and the last one.
        let middle = Array(Self.ten[1...8])
        #expect(
            try await list(Shrinking(Self.ten, pageSize: 3, deletions: [2: middle]))
                == Array(Self.ten.prefix(6)) + ["image-9"])
    }

    @Test("one deletion after each page is survived")
    func alwaysDeleting() async throws {
        var deletions: [Int: [String]] = [:]
        for (index, id) in Self.ten.enumerated() { deletions[2 * index + 1] = [id] }
        let found = try await list(Shrinking(Self.ten, pageSize: 2, deletions: deletions))
        #expect(Set(found).count == found.count)
        #expect(found.last == "image-9")
    }

    @Test("a refusal with another cause is reported after a few requests")
    func anotherCause() async throws {
        let cloud = try FaultyCloud { request, _ in
            request.target.contains("marker") || request.target.contains("sort")
                ? .status(400, text: "no such key")
                : .status(
                    200, text: #"{"images":[{"id":"a"}],"next":"/v2/images?sort=x&marker=a"}"#)
        }
        let error = await failure { _ = try await cloud.service.images().all() }
        #expect(error?.code == .badRequest)
        #expect(cloud.asked.count < 6)
    }

    @Test("a marker that the caller names is not replaced")
    func givenMarker() async throws {
        let cloud = try FaultyCloud { _, _ in .status(400, text: "No image found with ID x") }
        let error = await failure {
            _ = try await cloud.service.images(ImageQuery(marker: "x")).all()
        }
        #expect(error?.code == .badRequest)
        #expect(cloud.asked.count == 1)
    }

    @Test("lists of API v1, which have no links, go on in the same way")
    func legacy() async throws {
        for (size, gone) in [(1, ["image-0"]), (3, ["image-2", "image-1"])] {
            let shrinking = Shrinking(
                Self.ten, pageSize: size, deletions: [1: gone], linksPages: false)
            let cloud = try FaultyCloud { request, _ in shrinking.reply(request) }
            let service = LegacyImageService(cloud.service.session)
            let found = try await service.images(LegacyImageQuery(pageLimit: size)).all()
            #expect(found.map(\.id) == Self.ten, "pages of \(size)")
        }
    }

    @Test("lists of tasks, too")
    func tasks() async throws {
        let shrinking = Shrinking(
            Self.ten, pageSize: 3, deletions: [2: ["image-5"]], refusal: 404, key: "tasks")
        let cloud = try FaultyCloud { request, _ in shrinking.reply(request) }
        #expect(try await cloud.service.tasks().map(\.id) == Self.ten)
    }

    @Test("memory is bounded; if all images that are remembered are gone, the list fails")
    func bounded() async throws {
        var trail = PageTrail()
        for start in stride(from: 0, to: 30_000, by: 1000) {
            let records = (start..<start + 1000).map {
                Image(record: ["id": .string("i\($0)")])
            }
            #expect(trail.note(records).count == 1000)
            #expect(trail.note(records).isEmpty)
        }
        let error = TranshipError(
            .badRequest, "marker", answer: ServiceAnswer(status: 400, message: "", asked: ""))
        var request: ServiceRequest? = ServiceRequest(.get, "/v2/images", rawQuery: "marker=i29999")
        var detours = 0
        while let asked = request {
            request = trail.detour(around: asked, after: error)
            detours += 1
            #expect(request?.rawQuery?.hasPrefix("marker=i") ?? true)
        }
        #expect((10...20).contains(detours))
    }
}
