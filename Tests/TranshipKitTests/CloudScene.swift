// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import GlanceModel
import GlanceServer
import MigrationJournal
import MigrationModel
import PipelineFiles
import TestSupport
import Testing

@testable import TranshipKit

/// Complete runs between model clouds, from `alpha` to `beta` unless a test names others. The
/// journals are files, and stay from run to run.
struct CloudScene {
    let folder: TemporaryFolder
    let alpha: GlanceServer
    let beta: GlanceServer
    private let more: [String: GlanceServer]

    /// - Parameters:
    ///   - more: the names of further clouds.
    ///   - seesAll: false if the user of beta is not an administrator.
    ///   - damages: true if beta stores other bytes than it gets.
    init(_ more: String..., seesAll: Bool = true, damages: Bool = false) throws {
        folder = try TemporaryFolder()
        alpha = try GlanceServer()
        var settings = GlanceModel.Settings()
        settings.caller.isAdmin = seesAll
        if damages {
            settings.digest = { (try? digest($0, of: $1 + [0]).value) ?? "" }
        }
        beta = try GlanceServer(settings)
        self.more = try more.reduce(into: [:]) { $0[$1] = try GlanceServer() }
    }

    func cloud(_ name: String) throws -> GlanceServer { try #require(more[name]) }

    /// Puts the image `s` into alpha, with the same data each time.
    func put(_ fields: [String: JSONValue] = [:]) {
        let base: [String: JSONValue] = [
            "name": "web", "disk_format": "raw", "container_format": "bare",
        ]
        alpha.put("s", data: noise(1000, seed: 7), base.merging(fields) { $1 })
    }

    /// Makes one start of a pipeline.
    ///
    /// - Parameters:
    ///   - targets: entries in YAML, with a comma between them.
    ///   - sources: likewise.
    ///   - limits: settings in YAML.
    ///   - down: clouds at whose address no server listens.
    ///   - leading: clouds whose entries lead to another cloud, by their names.
    ///   - projects: the projects that entries lead to, by the names of the clouds.
    ///   - writes: false for a run that only plans.
    func start(
        to targets: String = "{ cloud: beta }", from sources: String = "{ cloud: alpha }",
        limits: String = "", journal: String = "journal.sqlite", down: Set<String> = [],
        leading: [String: String] = [:], projects: [String: String] = [:],
        resuming: Run? = nil, writes: Bool = true
    ) async throws -> PipelineRun {
        let pipeline = try Pipeline.parse(
            text: """
                version: 1
                name: scene
                sources: [\(sources)]
                targets: [\(targets)]
                \(limits.isEmpty ? "" : "limits: { \(limits) }")
                """, file: folder.file("scene.yaml"), environment: [:])
        let path = folder.file(journal)
        _ = await eventually { Journal.holder(path: path) == nil }
        var urls = more.mapValues(\.url)
        urls["alpha"] = alpha.url
        urls["beta"] = beta.url
        // Ports below 1024 are for root, and no server uses this one.
        for name in down { urls[name] = "http://127.0.0.1:1" }
        for (name, other) in leading { urls[name] = urls[other] }
        var tuning = RunTuning()
        tuning.connections = ModelClouds(urls: urls, projects: projects)
        return PipelineRun(
            pipeline, journal: try await .open(path: path), environment: [:], tuning: tuning,
            writes: writes, resuming: resuming)
    }

    /// Returns the results of `check` for all images.
    func checked(
        to targets: String, journal: String = "journal.sqlite"
    ) async throws -> [CheckedImage] {
        let checked = Guarded<[CheckedImage]>([])
        _ = try await start(to: targets, journal: journal).check(downloads: false) { image in
            checked.withLock { $0.append(image) }
        }
        return checked.withLock { $0 }
    }

    /// Plans a start and carries it out.
    ///
    /// - Returns: the plan's item for the first image, and its transfer at the end.
    func run(
        to targets: String, journal: String = "journal.sqlite"
    ) async throws -> (item: PlanItem, transfer: Transfer?) {
        let run = try await start(to: targets, journal: journal)
        let plan = try await run.plan()
        var items: [PlanItem] = []
        try await plan.items { items += $0 }
        let summary = try await run.carryOut(plan)
        let transfers = try await summary.status.transfers(
            in: TransferState.allCases, limit: 10)
        return (try #require(items.first), transfers.first)
    }
}
