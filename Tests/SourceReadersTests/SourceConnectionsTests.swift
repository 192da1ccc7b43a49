// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import SourceReaders

/// The number of connections that the images of a run share.
@Suite struct SourceConnectionsTests {
    private let connections = SourceConnections()

    @Test func `All images of an endpoint share its connections`() {
        #expect(connections.take(SourceConnections.extraMax - 1, at: "a", limit: nil))
        #expect(!connections.take(2, at: "a", limit: nil))
        #expect(connections.take(1, at: "a", limit: nil))
        #expect(!connections.take(1, at: "a", limit: nil))
        connections.giveBack(SourceConnections.extraMax, at: "a")
        #expect(connections.take(SourceConnections.extraMax, at: "a", limit: nil))
    }

    @Test func `All endpoints share those of the run`() {
        let endpoints = SourceConnections.extraMaxInAll / SourceConnections.extraMax
        for number in 0..<endpoints {
            #expect(connections.take(SourceConnections.extraMax, at: "\(number)", limit: nil))
        }
        #expect(!connections.take(1, at: "another", limit: nil))
        connections.giveBack(1, at: "0")
        #expect(connections.take(1, at: "another", limit: nil))
    }

    @Test func `A host that cannot be reached is asked once, and others are asked`() async {
        let asked = Guarded<[String]>([])
        func ask(_ url: String, _ words: String) async -> TranshipError? {
            do throws(TranshipError) {
                try await connections.asking(url) { () throws(TranshipError) in
                    asked.withLock { $0.append(url) }
                    throw TranshipError(
                        .unreachable, "HEAD \(url): \(words)", hint: "look", isTransient: true)
                }
                return nil
            } catch {
                return error
            }
        }
        let refused = "failed to connect to h port 9 after 0 ms"
        let first = await ask("http://h:9/a", refused)
        let second = await ask("http://h:9/b", refused)
        #expect(asked.withLock { $0 } == ["http://h:9/a"])
        #expect(first?.message == "http://h:9: \(refused)" && first?.hint == "look")
        #expect(first?.message == second?.message)
        // The failed request had been redirected to another host.
        for path in ["c", "d"] { _ = await ask("http://g/\(path)", refused) }
        #expect(asked.withLock { $0.count } == 3)
    }

    @Test func `A limit counts the images as well`() {
        connections.begin(at: "a")
        connections.begin(at: "a")
        #expect(!connections.take(3, at: "a", limit: 4))
        #expect(connections.take(2, at: "a", limit: 4))
        #expect(!connections.isCrowded("a", limit: 4))
        connections.begin(at: "a")
        #expect(connections.isCrowded("a", limit: 4))
        #expect(!connections.isCrowded("a", limit: nil))
        connections.end(at: "a")
        #expect(!connections.isCrowded("a", limit: 4))
    }

    @Test func `Refusals count until a part is served`() {
        for _ in 0..<SourceConnections.refusalsMax - 1 { connections.refused(by: "a") }
        connections.served(by: "a")
        for _ in 0..<SourceConnections.refusalsMax - 1 { connections.refused(by: "a") }
        #expect(connections.verdict(on: "a") == .unknown)
        connections.refused(by: "a")
        #expect(connections.verdict(on: "a") == .paysNot)
        #expect(connections.verdict(on: "b") == .unknown)
    }
}
