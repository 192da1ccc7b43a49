// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import MigrationPipeline
import TestSupport
import Testing

@testable import TranshipKit

/// Changes of publishers to an index of Simplestreams from night to night.
@Suite(.timeLimit(.minutes(3))) struct ChangedIndexTests {
    /// The products, each with the fields of its item beside the path.
    private typealias Products = [String: String]

    private let nights: Nights
    private let publisher: ChangingServer<Products>

    init() throws {
        nights = try Nights("beta")
        publisher = try ChangingServer([:], Self.answer)
    }

    private static func answer(_ products: Products, _ request: ReceivedRequest) -> Reply {
        guard request.path == "/index.json" else {
            return .status(
                200, headers: [("ETag", "\"1\"")],
                body: noise(5000, seed: UInt64(request.path.utf8.count)))
        }
        return .status(200, text: index(products))
    }

    private static func index(_ products: Products) -> String {
        let entries = products.sorted { $0.key < $1.key }.map { name, item in
            let path = item.contains("\"path\"") ? "" : ", \"path\": \"\(name)/disk.img\""
            return """
                "\(name)": {"arch": "amd64", "versions": {"1": {"items": {
                    "disk1.img": {"ftype": "disk1.img"\(path)\(item)}}}}}
                """
        }
        return """
            {"format": "products:1.0", "datatype": "image-downloads",
             "products": {\(entries.joined(separator: ", "))}}
            """
    }

    private func night(
        _ products: Products, name: String = "a {product}"
    ) async throws -> (night: Nights.Night, warnings: [String]) {
        publisher.publish(products)
        let told = Told()
        let run = try nights.run(
            rules: "method: upload, previous: hide",
            sources: """
                sources:
                  - simplestreams: '\(publisher.url)/index.json'
                    products: { arch: amd64 }
                    image: { name: '\(name)', disk_format: raw }
                """, tell: told.take)
        return (try await nights.night(run), told.warnings.withLock { $0 })
    }

    private final class Told: Sendable {
        let warnings = Guarded<[String]>([])

        func take(_ event: PlanningEvent) {
            guard case .warning(let warning) = event else { return }
            warnings.withLock { $0.append(warning.words) }
        }
    }

    @Test func `A product that is gone is missed every night, until the entry changes`()
        async throws
    {
        let first = try await night(["p": "", "pp": ""])
        #expect(first.night.summary.images(in: .done) == 2 && first.warnings.isEmpty)
        for _ in 1...2 {
            let next = try await night(["p": ""])
            #expect(next.warnings.count == 1 && next.warnings.first?.contains("a pp") == true)
            #expect(next.night.summary.exitStatus == .done)
        }
        #expect(try await night(["p": ""], name: "a {product} {version}").warnings.isEmpty)
        #expect(try await night(["p": "", "pp": ""]).warnings.isEmpty)
    }

    @Test func `A checksum that the index has no more is not promised`() async throws {
        let wrong = ", \"sha256\": \"\(String(repeating: "0", count: 64))\""
        let first = try await night(["p": wrong])
        #expect(first.night.summary.exitStatus == .verificationMismatch)
        let next = try await night(["p": ""])
        #expect(next.night.items.map(\.promise) == [nil])
        #expect(next.night.summary.exitStatus == .done)
    }

    @Test func `Products of one series are refused, and the others go on`() async throws {
        let found = try await night(["p": "", "pp": ""], name: "a").night
        #expect(found.items.map(\.action) == [.refuse, .refuse])
        #expect(found.summary.exitStatus == .someFailed)
    }

    // MARK: What an index says costs no other source

    @Test func `Products of one file are refused, and the other products and sources go on`()
        async throws
    {
        publisher.publish(["p": "", "pp": ", \"path\": \"p/disk.img\"", "q": ""])
        let run = try nights.run(
            rules: "method: upload",
            sources: """
                sources:
                  - simplestreams: '\(publisher.url)/index.json'
                    image: { name: 'a {product}', disk_format: raw }
                  - url: '\(publisher.url)/own/disk.img'
                    image: { name: 'a other', disk_format: raw }
                """)
        let found = try await nights.night(run)
        #expect(found.items.map(\.action) == [.refuse, .refuse, .create, .create])
        #expect(found.summary.exitStatus == .someFailed)
        #expect(found.summary.images(in: .done) == 2)
    }

    @Test func `A refused product leaves its series to the one that is left`() async throws {
        let found = try await night(
            ["p": "", "pp": ", \"path\": \"p/disk.img\"", "q": ""], name: "a"
        ).night
        #expect(found.items.map(\.action) == [.refuse, .refuse, .create])
        #expect(found.summary.images(in: .done) == 1)
    }

    @Test func `A file that a server names to two sources is refused for the second`()
        async throws
    {
        publisher.publish(["p": ""])
        let run = try nights.run(
            rules: "method: upload",
            sources: """
                sources:
                  - simplestreams: '\(publisher.url)/index.json'
                    image: { name: 'a {product}', disk_format: raw }
                  - url: '\(publisher.url)/p/disk.img'
                    image: { name: 'a p', disk_format: raw }
                  - url: '\(publisher.url)/own/disk.img'
                    image: { name: 'a other', disk_format: raw }
                """)
        let found = try await nights.night(run)
        #expect(found.items.map(\.action) == [.create, .refuse, .create])
        let refusal = try #require(found.items[1].refusal)
        #expect(refusal.message.contains("is read by the source at"), "\(refusal.message)")
        #expect(found.summary.exitStatus == .someFailed)
        #expect(found.summary.images(in: .done) == 2)
    }

    @Test func `A series that a server names to two sources is refused for the second`()
        async throws
    {
        publisher.publish(["p": ""])
        let run = try nights.run(
            rules: "method: upload",
            sources: """
                sources:
                  - simplestreams: '\(publisher.url)/index.json'
                    image: { name: 'a {product}', disk_format: raw }
                  - url: '\(publisher.url)/own/disk.img'
                    image: { name: 'a p', disk_format: raw }
                """)
        let found = try await nights.night(run)
        #expect(found.items.map(\.action) == [.create, .refuse])
        #expect(found.items[1].refusal?.message.contains("has the same series") == true)
        // Here, the pipeline file alone gives two sources one series.
        await #expect(throws: TranshipError.self) {
            _ = try await nights.night(
                try nights.run(
                    rules: "method: upload",
                    sources: """
                        sources:
                          - url: '\(publisher.url)/one/disk.img'
                            image: { name: 'a p', disk_format: raw }
                          - url: '\(publisher.url)/own/disk.img'
                            image: { name: 'a p', disk_format: raw }
                        """))
        }
    }

    @Test func `The second night asks for the index only, and sees what is new`() async throws {
        let requests = Guarded<[(path: String, isConditional: Bool)]>([])
        let served = try ChangingServer<Products>([:]) { products, request in
            let tag = "\"\(products.keys.sorted().joined(separator: "-"))\""
            let known = request[header: "If-None-Match"]
            requests.withLock { $0.append((request.path, known != nil)) }
            guard request.path == "/index.json" else { return Self.answer(products, request) }
            return known == tag
                ? .status(304, headers: [("ETag", tag)])
                : .status(200, headers: [("ETag", tag)], text: Self.index(products))
        }
        func night(_ products: Products) async throws -> Nights.Night {
            served.publish(products)
            requests.withLock { $0 = [] }
            let run = try nights.run(
                rules: "method: upload, previous: hide",
                sources: """
                    sources:
                      - simplestreams: '\(served.url)/index.json'
                        image: { name: 'a {product}', disk_format: raw }
                    """)
            return try await nights.night(run)
        }
        #expect(try await night(["p": "", "q": ""]).summary.images(in: .done) == 2)
        let second = try await night(["p": "", "q": ""])
        #expect(second.items.map(\.action) == [.skip, .skip])
        let asked = requests.withLock { $0 }
        #expect(asked.filter { $0.path == "/index.json" }.map { $0.isConditional } == [true])
        let third = try await night(["p": "", "q": "", "r": ""])
        #expect(third.items.map(\.action) == [.skip, .skip, .create])
        #expect(requests.withLock { $0.count { $0.path == "/index.json" } } == 1)
    }
}
