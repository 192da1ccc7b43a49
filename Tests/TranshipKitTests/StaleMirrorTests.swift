// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import MigrationJournal
import MigrationModel
import MigrationPipeline
import PipelineFiles
import TestSupport
import Testing

@testable import TranshipKit

/// A pool of mirrors: the list of checksums is new, and some hosts have older data.
@Suite(.timeLimit(.minutes(2))) struct StaleMirrorTests {
    private static let fresh = noise(30_000)
    /// Older data: of the same size, longer and shorter than the new data.
    private static let others = [
        noise(30_000, seed: 2), noise(31_000, seed: 2), noise(29_000, seed: 2),
    ]

    private let folder: TemporaryFolder
    private let glance: GlanceServer

    init() throws {
        folder = try TemporaryFolder()
        glance = try GlanceServer()
    }

    /// Makes a host that answers complete reads with these data in turn, and repeats the last one.
    private func host(_ reads: [[UInt8]], looks: [UInt8] = Self.fresh) throws -> RawHTTPServer {
        let list = "\(sha256(Self.fresh).value)  disk.raw\n"
        let turn = Guarded(0)
        return try RawHTTPServer { request in
            if request.path == "/SHA256SUMS" { return .status(200, text: list) }
            if request.isLook { return .status(200, body: looks) }
            let number = turn.withLock { turn in
                defer { turn += 1 }
                return turn
            }
            return .status(200, body: reads[min(number, reads.count - 1)])
        }
    }

    private func run(_ url: String, _ settings: String = "") async throws -> RunSummary {
        let pipeline = try Pipeline.parse(
            text: """
                version: 1
                name: mirrors
                \(settings)
                sources:
                  - url: \(url)/disk.raw
                    checksum_file: \(url)/SHA256SUMS
                    image: { name: a, disk_format: raw }
                targets: [{ cloud: beta, method: upload }]
                """, file: folder.file("mirrors.yaml"), environment: [:])
        let path = folder.file("journal.sqlite")
        _ = await eventually { Journal.holder(path: path) == nil }
        var tuning = RunTuning()
        tuning.connections = ModelClouds(urls: ["beta": glance.url])
        tuning.retries = { $0.backoffSecondsMax = 0.01 }
        let run = PipelineRun(
            pipeline, journal: try await .open(path: path), environment: [:], tuning: tuning)
        return try await run.carryOut(try await run.plan())
    }

    private func wholeReads(_ server: RawHTTPServer) -> Int {
        server.requests.count { $0.path == "/disk.raw" && !$0.isLook }
    }

    private static let settings = ["", "transfer: spool"]

    @Test(arguments: others.indices, settings)
    func `Another host of the pool is asked when one has other data`(
        other: Int, settings: String
    ) async throws {
        let server = try host([Self.others[other], Self.fresh])
        defer { server.stop() }
        let summary = try await run(server.url, settings)
        #expect(summary.exitStatus == .done, "\(summary.failures)")
        #expect(glance.ids.count == 1)
        #expect(glance.data(try #require(glance.ids.first)) == Self.fresh)
        #expect(wholeReads(server) == 2)
    }

    @Test(arguments: others.indices)
    func `The size that the plan saw at a stale host does not bind the others`(
        other: Int
    ) async throws {
        let server = try host([Self.fresh], looks: Self.others[other])
        defer { server.stop() }
        let summary = try await run(server.url)
        #expect(summary.exitStatus == .done, "\(summary.failures)")
        #expect(glance.data(try #require(glance.ids.first)) == Self.fresh)
        #expect(wholeReads(server) == 1)
    }

    @Test(arguments: others.indices, settings)
    func `Other data at every host fails after a few tries, and leaves nothing`(
        other: Int, settings: String
    ) async throws {
        let server = try host([Self.others[other]])
        defer { server.stop() }
        let summary = try await run(server.url, settings)
        #expect(summary.exitStatus == (other == 0 ? .verificationMismatch : .someFailed))
        #expect(summary.failures.map(\.code) == [other == 0 ? .checksumMismatch : .sourceTruncated])
        if other > 0 {
            #expect(summary.failures.first?.message.contains("has changed since it was") == true)
            #expect(summary.failures.first?.hint?.hasPrefix("run again") == true)
        }
        #expect(wholeReads(server) == 3)
        #expect(glance.ids.isEmpty)
    }

    @Test func `attempts limits these tries as well`() async throws {
        let server = try host([Self.others[0]])
        defer { server.stop() }
        #expect(try await run(server.url, "limits: { attempts: 1 }").failures.count == 1)
        #expect(wholeReads(server) == 1)
    }

    @Test(arguments: settings)
    func `The error names the host of the pool that answered`(settings: String) async throws {
        let server = try host([Self.others[0]])
        let pool = try RawHTTPServer { request in .redirect(to: server.url + request.target) }
        defer {
            pool.stop()
            server.stop()
        }
        let summary = try await run(pool.url, settings)
        #expect(summary.exitStatus == .verificationMismatch)
        #expect(
            summary.failures.first?.message.contains("redirected to \(server.url)/disk.raw")
                == true,
            "\(summary.failures)")
    }
}
