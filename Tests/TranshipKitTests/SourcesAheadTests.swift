// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// For a plan, publishers are asked in parallel. The plan has them in the order of its file.
@Suite(.timeLimit(.minutes(2))) struct SourcesAheadTests {
    /// The requested names, and the largest number of parallel requests.
    private final class Asked: Sendable {
        private let state = Guarded((names: Set<String>(), now: 0, most: 0))

        func begin(_ name: String) {
            state.withLock { state in
                state.names.insert(name)
                state.now += 1
                state.most = max(state.most, state.now)
            }
        }

        func end() { state.withLock { $0.now -= 1 } }

        var count: Int { state.withLock(\.names.count) }
        var most: Int { state.withLock(\.most) }

        /// Waits for the given number of requests, on a thread of a server.
        func wait(for count: Int) {
            let limit = Date().addingTimeInterval(20)
            while self.count < count, Date() < limit { usleep(5000) }
        }
    }

    private func server(
        _ asked: Asked, _ wait: @escaping @Sendable () -> Void
    ) throws -> RawHTTPServer {
        try RawHTTPServer { request in
            let host = request.headers.first { $0.name.lowercased() == "host" }?.value ?? ""
            asked.begin(host + request.path)
            return Reply { exchange in
                wait()
                asked.end()
                let data = noise(2000, seed: UInt64(exchange.request.path.utf8.count))
                exchange.sendHead(200, [("ETag", "\"1\""), ("Content-Length", "\(data.count)")])
                if exchange.request.method == "GET" { _ = exchange.send(data) }
            }
        }
    }

    private func names(_ urls: [String]) async throws -> [String] {
        let entries = urls.enumerated().map { index, url in
            "  - { url: \"\(url)\", image: { name: i\(index), disk_format: raw, "
                + "container_format: bare } }\n"
        }
        let run = try Nights("beta").run(
            rules: "previous: hide", sources: "sources:\n" + entries.joined())
        let plan = try await run.plan()
        var names: [String] = []
        try await plan.items { page in
            names += page.filter { $0.action == .create }.compactMap(\.record.name)
        }
        return names
    }

    @Test func `No publisher waits for another one`() async throws {
        let asked = Asked()
        let count = 5
        // Each server answers once all were asked, the first one last.
        let servers = try (0..<count).map { number in
            try server(asked) {
                asked.wait(for: count)
                if number == 0 { usleep(100_000) }
            }
        }
        let names = try await names(servers.map { "\($0.url)/a.img" })
        #expect(asked.count == count)
        #expect(asked.most >= count)
        #expect(names == (0..<count).map { "i\($0)" })
    }

    @Test func `Sources of one host that do not answer keep few others of it waiting`()
        async throws
    {
        let asked = Asked()
        let count = 6
        // The server answers no request before all have arrived.
        let server = try server(asked) { asked.wait(for: count) }
        let names = try await names((0..<count).map { "\(server.url)/\($0).img" })
        #expect(names.count == count)
        #expect(asked.most == count)
    }

    @Test func `One host gets few requests at once`() async throws {
        let asked = Asked()
        let server = try server(asked) { usleep(30_000) }
        let count = 12
        let names = try await names((0..<count).map { "\(server.url)/\($0).img" })
        #expect(names.count == count)
        #expect((2...4).contains(asked.most), "\(asked.most)")
    }
}
