// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import MigrationModel
import MigrationPipeline
import TestSupport
import Testing

@testable import TranshipKit

/// The nights after a copy that failed, while the list of checksums does not change.
@Suite(.timeLimit(.minutes(2))) struct BrokenTransferTests {
    /// The data that a publisher has.
    private enum Data: Sendable {
        /// The data can be examined, but not read.
        case vanishing
        case gone
        case short
        case whole
    }

    private final class Publisher: Sendable {
        let data = Guarded(Data.vanishing)
    }

    private static let bytes = noise(5000)

    private let nights: Nights
    private let server: RawHTTPServer
    private let publisher = Publisher()

    init() throws {
        nights = try Nights("beta")
        let publisher = publisher
        let line = "\(sha256(Self.bytes).value)  a.img\n"
        server = try RawHTTPServer { request in
            if request.path == "/SUMS" {
                return request[header: "if-none-match"] == "\"1\""
                    ? .status(304) : .status(200, headers: [("ETag", "\"1\"")], text: line)
            }
            switch publisher.data.withLock({ $0 }) {
            case .vanishing where request.isLook, .whole: return .status(200, body: Self.bytes)
            case .short: return .status(200, body: Array(Self.bytes.dropLast(100)))
            case .vanishing, .gone: return .status(404)
            }
        }
    }

    /// - Returns: also the requests that were made for the plan.
    private func night(_ now: Data) async throws -> (night: Nights.Night, asked: Set<String>) {
        publisher.data.withLock { $0 = now }
        let before = server.requests.count
        let run = try nights.run(
            rules: "method: upload",
            sources: """
                sources:
                  - url: \(server.url)/a.img
                    checksum_file: \(server.url)/SUMS
                    image: { name: a, disk_format: raw }
                """, tuned: { $0.retries = { $0.backoffSecondsMax = 0.01 } })
        let night = try await nights.night(run)
        return (night, Set(server.requests.dropFirst(before).filter(\.isPlans).map(\.path)))
    }

    @Test func `A plan looks at data again that could not be copied`() async throws {
        let first = try await night(.vanishing).night
        #expect(first.summary.failures.map(\.code) == [.sourceUnavailable])
        for _ in 1...2 {
            let (gone, asked) = try await night(.gone)
            #expect(gone.items.map(\.action) == [.refuse] && asked.contains("/a.img"))
            #expect(gone.items.first?.refusal?.message.contains("planned") == false)
            #expect(gone.items.first?.refusal?.hint?.contains("publisher") == true)
        }
        // Data that has come back is examined, and its checksum counts.
        for _ in 1...2 {
            let (short, _) = try await night(.short)
            #expect(short.summary.failures.map(\.code) == [.checksumMismatch])
        }
        let (whole, _) = try await night(.whole)
        #expect(whole.summary.exitStatus == .done)
        let (quiet, asked) = try await night(.whole)
        #expect(quiet.summary.isNothingToDo && asked == ["/SUMS"])
    }
}

extension ReceivedRequest {
    fileprivate var isPlans: Bool { isLook || path == "/SUMS" }
}
