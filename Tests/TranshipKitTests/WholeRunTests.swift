// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import HTTPTransport
import MigrationJournal
import MigrationModel
import MigrationPipeline
import OpenStackImage
import PipelineFiles
import SourceReaders
import TestSupport
import Testing

@testable import TranshipKit

/// Whole runs of a kind of source that the factory does not know.
@Suite(.timeLimit(.minutes(1))) struct WholeRunTests {
    private let folder: TemporaryFolder
    private let glance: GlanceServer
    private let pipeline: Pipeline

    /// One line opens the kind.
    private struct TestConnections: Connections {
        let glance: GlanceServer
        let images: [String: [UInt8]]

        func open(
            _ source: Source, index: Int
        ) async throws(TranshipError) -> (any ImageSource)? {
            MemoryImages(images, sourceIndex: index)
        }

        func client(for url: URLSource) -> HTTPClient { HTTPClient() }

        func signIn(_ name: CloudName) async throws(TranshipError) -> SignedInCloud {
            SignedInCloud(
                glance.service.session, endpoint: glance.server.url, region: nil, projectID: nil)
        }
    }

    init() throws {
        folder = try TemporaryFolder()
        glance = try GlanceServer()
        pipeline = try Pipeline.parse(
            text: """
                version: 1
                name: memory
                sources:
                  - file: "memory:*"
                    image: { name: a, disk_format: raw, container_format: bare }
                targets: [{ cloud: beta }]
                """, file: folder.file("memory.yaml"), environment: [:])
    }

    /// One start: how it ended, and the data of the copies by name.
    private func run(
        _ images: [String: [UInt8]]
    ) async throws -> (summary: RunSummary, copies: [String: [UInt8]]) {
        let path = folder.file("journal.sqlite")
        _ = await eventually { Journal.holder(path: path) == nil }
        var tuning = RunTuning()
        tuning.connections = TestConnections(glance: glance, images: images)
        let run = try await PipelineRun(
            pipeline, journalPath: path, environment: [:], tuning: tuning)
        let summary = try await run.run()
        var copies: [String: [UInt8]] = [:]
        for transfer in try await run.journal.transfers(
            run: summary.run, in: [.done, .skipped], limit: 10)
        {
            copies[transfer.source.location] = glance.data(transfer.imageID ?? "")
        }
        return (summary, copies)
    }

    @Test func `Images in memory arrive, and a second run finds nothing to do`() async throws {
        let images = ["small": noise(1), "large": noise(300_001), "empty": []]
        let (summary, copies) = try await run(images)
        #expect(summary.failures == [])
        #expect(summary.exitStatus == .done && !summary.isNothingToDo)
        #expect(copies == images)
        let changes = glance.changes.count
        #expect(try await run(images).summary.isNothingToDo)
        #expect(glance.changes.count == changes)
    }

    @Test func `Another version is another copy`() async throws {
        _ = try await run(["a": noise(1000)])
        let (summary, copies) = try await run(["a": noise(1000, seed: 2)])
        #expect(summary.images(in: .done) == 1)
        #expect(copies == ["a": noise(1000, seed: 2)])
        #expect(glance.changes.count { $0 == "POST /v2/images" } == 2)
    }
}
