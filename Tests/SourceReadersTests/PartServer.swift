// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation
import TestSupport

@testable import SourceReaders

/// A server with one file that supports ranges, and that records its requests for a test.
final class PartServer: Sendable {
    static let partBytes = 64 << 10
    static let openingBytes = SourceConnections.connectionsMax * partBytes
    /// The opening, and seven rounds of parts.
    static let data = noise(8 * openingBytes, seed: 7)
    static let tag = "\"v1\""

    /// The range of a request.
    struct Asked: Sendable {
        let first: Int
        /// The last byte; nil for the rest of the file.
        let last: Int?
        let request: ReceivedRequest

        /// The number of the part, counted from the first one after the opening; nil for other
        /// requests.
        var part: Int? {
            guard let last, first >= openingBytes, last - first < partBytes else { return nil }
            return (first - openingBytes) / partBytes
        }

        var isOpening: Bool { first == 0 && last == openingBytes - 1 }
        var isRest: Bool { last == nil && first > 0 }
        var isWhole: Bool { request[header: "range"] == nil }
    }

    private struct State {
        var turns: [Int: Int] = [:]
        var nanoseconds: UInt64 = 0
    }

    let server: RawHTTPServer
    private let state: Guarded<State>

    /// - Parameter reply: returns the reply in place of the right answer; nil for the right answer.
    ///   `turn` counts the requests with that first byte, from 1.
    init(_ reply: @escaping @Sendable (Asked, _ turn: Int) -> Reply? = { _, _ in nil }) throws {
        let state = Guarded(State())
        self.state = state
        server = try RawHTTPServer { request in
            let asked = Self.asked(request)
            let turn = state.withLock { state in
                state.turns[asked.first, default: 0] += 1
                // By this clock, one connection takes a long time, and several take none.
                if asked.isOpening { state.nanoseconds += 10_000_000_000 }
                return state.turns[asked.first, default: 0]
            }
            return reply(asked, turn) ?? Self.right(asked)
        }
    }

    static func asked(_ request: ReceivedRequest) -> Asked {
        let ends = (request[header: "range"] ?? "bytes=0-").dropFirst("bytes=".count)
            .split(separator: "-", omittingEmptySubsequences: false)
        return Asked(
            first: ends.first.flatMap { Int($0) } ?? 0,
            last: ends.count > 1 ? Int(ends[1]) : nil, request: request)
    }

    static func right(
        _ asked: Asked, head: [(String, String)] = [("ETag", tag)], total: String? = nil,
        shift: Int = 0, declaring extra: Int = 0, sending sent: Int? = nil
    ) -> Reply {
        let last = min(asked.last ?? .max, data.count - 1)
        guard !asked.isWhole else { return .status(200, headers: head, body: data) }
        return Reply { exchange in
            let count = last - asked.first + 1
            exchange.sendHead(
                206,
                head + [
                    (
                        "Content-Range",
                        "bytes \(asked.first + shift)-\(last + shift)/\(total ?? "\(data.count)")"
                    ), ("Content-Length", "\(count + extra)"),
                ])
            exchange.send(Array(data[asked.first..<asked.first + (sent ?? count)]))
            if sent != nil || extra > 0 { exchange.close() }
        }
    }

    /// The requested ranges, in the order of arrival.
    var asked: [Asked] { server.requests.map(Self.asked) }

    func connections(
        answerSeconds: Double? = 1, now: (@Sendable () -> UInt64)? = nil
    ) -> SourceConnections {
        let state = state
        return SourceConnections(
            partBytes: Int64(Self.partBytes), answerSeconds: { answerSeconds },
            nowNanoseconds: now ?? { state.withLock { $0.nanoseconds } })
    }
}
