// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// One URL, two targets.
@Suite(.timeLimit(.minutes(2))) struct FanOutTests {
    /// A web server that counts the bytes that it sends, also those of ranges.
    private final class Upstream: Sendable {
        static let count = 3_000_000
        let server: RawHTTPServer
        private let state: State

        private final class State: Sendable {
            let version = Guarded<UInt64>(1)
            let sent = Guarded(0)
        }

        init() throws {
            let state = State()
            self.state = state
            server = try RawHTTPServer { request in
                let version = state.version.withLock { $0 }
                let data = noise(Upstream.count, seed: version)
                let range = request.headers.first { $0.name.lowercased() == "range" }
                    .flatMap { Self.range($0.value) }
                var headers = [("ETag", "\"v\(version)\""), ("Accept-Ranges", "bytes")]
                if let range {
                    headers.append(
                        (
                            "Content-Range",
                            "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(data.count)"
                        ))
                }
                let body = Array(data[range ?? 0..<data.count])
                headers.append(("Content-Length", "\(body.count)"))
                return Reply { [headers] exchange in
                    exchange.sendHead(range == nil ? 200 : 206, headers)
                    guard exchange.request.method == "GET" else { return }
                    var rest = body[...]
                    while !rest.isEmpty {
                        let piece = rest.prefix(16 << 10)
                        rest = rest.dropFirst(piece.count)
                        guard exchange.send(Array(piece)) else { return exchange.close() }
                        state.sent.withLock { $0 += piece.count }
                    }
                }
            }
        }

        private static func range(_ value: String) -> Range<Int>? {
            let ends = value.dropFirst("bytes=".count).split(
                separator: "-", omittingEmptySubsequences: false)
            guard ends.count == 2, let first = Int(ends[0]) else { return nil }
            let last = Int(ends[1]) ?? count - 1
            return first..<min(last + 1, count)
        }

        func publish(_ version: UInt64) { state.version.withLock { $0 = version } }

        /// Returns how many times the data was sent since the last call. A look at its head is a
        /// small part.
        func readings() -> Double {
            state.sent.withLock { sent in
                defer { sent = 0 }
                return Double(sent) / Double(Self.count)
            }
        }
    }

    private let upstream: Upstream
    private let nights: Nights
    private let beta: GlanceServer
    private let gamma: GlanceServer

    init() throws {
        upstream = try Upstream()
        nights = try Nights("beta", "gamma")
        beta = try #require(nights.clouds["beta"])
        gamma = try #require(nights.clouds["gamma"])
    }

    private func night(
        rules: String = "previous: hide", down: Set<String> = [],
        refusing: [String: TranshipError.Code] = [:]
    ) async throws -> RunSummary {
        let run = try nights.run(
            rules: rules,
            sources: """
                sources:
                  - url: \(upstream.server.url)/a.img
                    image: { name: a, disk_format: raw, container_format: bare }
                """, settings: "limits: { attempts: 1 }", down: down, refusing: refusing)
        return try await nights.night(run).summary
    }

    /// Returns the versions that are active in a cloud.
    private func versions(_ cloud: GlanceServer) -> Set<UInt64> {
        Set(
            (1...4 as ClosedRange<UInt64>).filter { version in
                let data = noise(Upstream.count, seed: version)
                return cloud.ids.contains {
                    cloud.data($0) == data && cloud.image($0)?["status"] == "active"
                }
            })
    }

    @Test func `The source is read once for both targets`() async throws {
        #expect(try await night().exitStatus == .done)
        #expect(versions(beta) == [1] && versions(gamma) == [1])
        let readings = upstream.readings()
        #expect((1...1.1).contains(readings), "\(readings)")
        // Nothing is new: the run looks at the data and does not read it.
        #expect(try await night().isNothingToDo)
        #expect(upstream.readings() < 0.1)
    }

    @Test func `A target that takes its time keeps the other one from nothing`() async throws {
        let (beta, sawBeta) = (beta, Seen())
        gamma.holdBodies {
            let limit = Date().addingTimeInterval(20)
            while Date() < limit {
                if beta.ids.contains(where: { beta.image($0)?["status"] == "active" }) {
                    return sawBeta.isDone.withLock { $0 = true }
                }
                usleep(10_000)
            }
        }
        #expect(try await night().exitStatus == .done)
        #expect(sawBeta.isDone.withLock { $0 })
        #expect(versions(gamma) == [1])
        #expect(upstream.readings() <= 1.1)
    }

    @Test(arguments: ["previous: hide", "previous: rename"])
    func `A target that takes its time keeps the other one from no change`(
        rules: String
    ) async throws {
        #expect(try await night(rules: rules).exitStatus == .done)
        upstream.publish(2)
        let (beta, sawBeta) = (beta, Seen())
        gamma.holdBodies {
            let limit = Date().addingTimeInterval(20)
            while Date() < limit {
                let shown = beta.ids.filter { id in
                    let image = beta.image(id)
                    return image?["name"] == "a" && image?["status"] == "active"
                        && image?["os_hidden"] != true
                }
                if shown.count == 1, beta.data(shown[0]) == noise(Upstream.count, seed: 2) {
                    return sawBeta.isDone.withLock { $0 = true }
                }
                usleep(10_000)
            }
        }
        #expect(try await night(rules: rules).exitStatus == .done)
        #expect(sawBeta.isDone.withLock { $0 })
        #expect(versions(gamma).contains(2))
    }

    private final class Seen: Sendable {
        let isDone = Guarded(false)
    }

    @Test func `A target that is down for two nights catches up alone`() async throws {
        for version in [1, 2] as [UInt64] {
            upstream.publish(version)
            let night = try await night(down: ["gamma"])
            #expect(night.exitStatus == .retryableLeft)
            #expect(Array(night.absentTargets.keys) == ["gamma"] && !night.isInterrupted)
            #expect(versions(beta).contains(version) && versions(gamma).isEmpty)
            #expect((1...1.1).contains(upstream.readings()))
        }
        let changes = beta.changes.count
        #expect(try await night().exitStatus == .done)
        #expect(versions(gamma) == [2])
        // The data is read only for gamma; beta is not changed.
        #expect((1...1.1).contains(upstream.readings()))
        #expect(beta.changes.count == changes)
        #expect(try await night().isNothingToDo)
    }

    @Test(arguments: [
        TranshipError.Code.authenticationFailed, .unauthorized, .notKeystone, .noImageService,
    ])
    func `A target that refuses the login keeps the other one from nothing`(
        code: TranshipError.Code
    ) async throws {
        let first = try await night(refusing: ["gamma": code])
        #expect(first.exitStatus == .fatal)
        #expect(first.absentTargets["gamma"]?.code == code && !first.isInterrupted)
        #expect(versions(beta) == [1] && versions(gamma).isEmpty)
        // Not even if the other target needs nothing.
        #expect(try await night(refusing: ["gamma": code]).exitStatus == .fatal)
        #expect(try await night().exitStatus == .done)
        #expect(versions(gamma) == [1])
        let error = await failure {
            _ = try await night(refusing: ["beta": code, "gamma": code])
        }
        #expect(error?.code == code)
    }

    @Test func `A target that the clouds file lacks stops all`() async throws {
        let error = await failure { _ = try await night(refusing: ["gamma": .unknownCloud]) }
        #expect(error?.code == .unknownCloud && versions(beta).isEmpty)
    }

    @Test func `A run goes on with data that an earlier run has read whole`() async throws {
        gamma.answer(times: 3, with: .status(503, text: "no")) { $0.method == "PUT" }
        func pipeline(_ attempts: Int) throws -> PipelineRun {
            try nights.run(
                rules: "previous: hide",
                sources: """
                    sources:
                      - url: \(upstream.server.url)/a.img
                        image: { name: a, disk_format: raw, container_format: bare }
                    """, settings: "limits: { attempts: \(attempts) }")
        }
        let first = try pipeline(20)
        let task = Task { try await first.carryOut(first.plan()) }
        let beta = beta
        #expect(
            await eventually {
                beta.ids.contains { beta.image($0)?["status"] == "active" }
            })
        first.stop(drains: true, status: .limitReached)
        #expect(try await task.value.isInterrupted)
        #expect(versions(gamma).isEmpty && (1...1.1).contains(upstream.readings()))

        let night = try await nights.night(pipeline(20))
        let way = night.items.first { $0.targetKey == "gamma" }?.start?.intent.wayReason
        #expect(way == .isSpooled)
        #expect(night.summary.exitStatus == .done && versions(gamma) == [1])
        // The run looks at the data and does not read it.
        #expect(upstream.readings() < 0.1)
    }

    @Test func `A target that fails while data is sent costs the other nothing`() async throws {
        gamma.answer(times: 1, with: .status(503, text: "no")) { $0.method == "PUT" }
        let first = try await night()
        #expect(first.exitStatus == .retryableLeft)
        #expect(versions(beta) == [1] && versions(gamma).isEmpty)
        #expect(upstream.readings() <= 1.1)
        let changes = beta.changes.count
        #expect(try await night().exitStatus == .done)
        #expect(versions(gamma) == [1] && beta.changes.count == changes)
        #expect(upstream.readings() <= 1.1)
    }

    @Test func `If no target answers, the run ends with the reason`() async throws {
        let error = await failure { _ = try await night(down: ["beta", "gamma"]) }
        #expect(error?.code == .unreachable)
        #expect(upstream.readings() == 0)
    }
}
