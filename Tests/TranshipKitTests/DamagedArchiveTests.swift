// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import MigrationJournal
import MigrationModel
import MigrationPipeline
import PipelineFiles
import Synchronization
import TestSupport
import Testing

@testable import TranshipKit

/// An archive that lost data after its images were published, and the next run.
@Suite(.timeLimit(.minutes(5))) struct DamagedArchiveTests {
    enum Damage: CaseIterable, Sendable { case missing, short, long, removed }

    private let folder: TemporaryFolder
    private let alpha: GlanceServer
    private let bytes = noise(100_000, seed: 7)

    init() throws {
        folder = try TemporaryFolder()
        alpha = try GlanceServer()
        put("web")
    }

    private func put(_ name: String) {
        alpha.put(
            "s", data: bytes,
            [
                "name": .string(name), "disk_format": "raw", "container_format": "bare",
                "visibility": "private",
            ])
    }

    private func pipelineRun(journal: String) async throws -> PipelineRun {
        let pipeline = try Pipeline.parse(
            text: """
                version: 1
                name: damaged
                sources: [{ cloud: alpha }]
                targets: [{ archive: \(folder.file("export")) }]
                """, file: folder.file("damaged.yaml"), environment: [:])
        let path = folder.file(journal)
        _ = await eventually { Journal.holder(path: path) == nil }
        var tuning = RunTuning()
        tuning.connections = ModelClouds(urls: ["alpha": alpha.url])
        return PipelineRun(
            pipeline, journal: try await .open(path: path), environment: [:], tuning: tuning)
    }

    private func run(
        journal: String = "journal.sqlite"
    ) async throws -> (item: PlanItem, transfer: Transfer?) {
        let run = try await pipelineRun(journal: journal)
        let plan = try await run.plan()
        var items: [PlanItem] = []
        try await plan.items { items += $0 }
        let summary = try await run.carryOut(plan)
        let transfers = try await summary.status.transfers(
            in: TransferState.allCases, limit: 10)
        return (try #require(items.first), transfers.first)
    }

    private func damage(_ damage: Damage, _ id: String) throws {
        let data = "export/images/\(id).data"
        switch damage {
        case .missing: try FileManager.default.removeItem(atPath: folder.file(data))
        case .short: try folder.write(Array(bytes.prefix(500)), to: data)
        case .long: try folder.write(bytes + [1], to: data)
        case .removed:
            try FileManager.default.removeItem(atPath: folder.file(data))
            try FileManager.default.removeItem(atPath: folder.file("export/images/\(id).json"))
        }
    }

    private func fileNames() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.file("export/images")).sorted()
    }

    @Test(arguments: Damage.allCases, ["journal.sqlite", "other.sqlite"])
    func `The copy is made again under its id, as the source is now, and only there`(
        damage: Damage, journal: String
    ) async throws {
        let id = try #require(try await run().transfer?.imageID)
        try self.damage(damage, id)
        put("web 2")
        let second = try await run(journal: journal)
        if journal == "journal.sqlite" {
            #expect(
                second.item.reason
                    == (damage == .removed
                        ? .deletedAtTarget(imageID: id) : .dataLost(imageID: id)))
        }
        #expect(second.transfer?.state == .done)
        #expect(second.transfer?.imageID == id)
        #expect(try fileNames() == ["\(id).data", "\(id).json"])
        #expect(try folder.bytes(of: "export/images/\(id).data") == bytes)
        let record = try JSONDecoder().decode(
            JSONValue.self, from: Data(try folder.bytes(of: "export/images/\(id).json")))
        #expect(record["image"]?["name"] == "web 2")
        #expect(try await run(journal: journal).item.action == .skip)
    }

    @Test
    func `While the source cannot be read, the record stays, and data that is restored counts`()
        async throws
    {
        let id = try #require(try await run().transfer?.imageID)
        try damage(.short, id)
        alpha.refuse("GET", "/v2/images/s/file", status: 404, times: 3)
        #expect(try await run().transfer?.state == .failed)
        #expect(try fileNames() == ["\(id).data", "\(id).json"])
        try folder.write(bytes, to: "export/images/\(id).data")
        let third = try await run()
        #expect(third.item.reason == .alreadyAtTarget(imageID: id))
        #expect(try fileNames() == ["\(id).data", "\(id).json"])
    }

    /// The journal was lost before the image was published. Archive sources do not see it.
    @Test func `A private image that is not published yet is published`() async throws {
        let id = try #require(try await run().transfer?.imageID)
        let images = folder.file("export/images")
        try FileManager.default.moveItem(
            atPath: "\(images)/\(id).json", toPath: "\(images)/.\(id).json")
        let checked = Mutex<[CheckedImage]>([])
        _ = try await pipelineRun(journal: "journal.sqlite").check(downloads: false) { image in
            checked.withLock { $0.append(image) }
        }
        #expect(
            checked.withLock { $0.map(\.differences) } == [
                [FieldDifference("published", wanted: "true", found: "false")]
            ])
        let second = try await run(journal: "other.sqlite")
        #expect(second.item.reason == .toBeProved(imageID: id))
        #expect(second.transfer?.state == .done)
        #expect(try fileNames() == ["\(id).data", "\(id).json"])
    }
}
