// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import MigrationPipeline
import TestSupport
import Testing

@testable import TranshipKit

/// What publishers do to an index of Simplestreams from night to night.
@Suite(.timeLimit(.minutes(3))) struct ChangedIndexTests {
    /// The products, each with what its item says beside the path.
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
        let entries = products.sorted { $0.key < $1.key }.map { name, item in
            """
            "\(name)": {"arch": "amd64", "versions": {"1": {"items": {
                "disk1.img": {"path": "\(name)/disk.img"\(item)}}}}}
            """
        }
        return .status(
            200,
            text: """
                {"format": "products:1.0", "datatype": "image-downloads",
                 "products": {\(entries.joined(separator: ", "))}}
                """)
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
}
