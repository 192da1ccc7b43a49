// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SourceReaders

/// How many connections the images of a run share.
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
