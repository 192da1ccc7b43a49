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

/// A pipeline that runs night after night, from images in memory to model clouds.
struct Nights {
    let folder: TemporaryFolder
    let clouds: [String: GlanceServer]
    private(set) var journal: Journal

    struct Night {
        var items: [PlanItem]
        var planned: [Change]
        var summary: RunSummary

        /// The changes of the plan, such as `rename planned`.
        var words: [String] {
            summary.changes.map { "\($0.action.rawValue) \($0.state.rawValue)" }
        }
    }

    private struct CloudConnections: Connections {
        let clouds: [String: GlanceServer]
        let down: Set<String>
        let refusing: [String: TranshipError.Code]

        func client(for url: URLSource) -> HTTPClient { HTTPClient() }

        func signIn(_ name: CloudName) async throws(TranshipError) -> SignedInCloud {
            guard let cloud = clouds[name.name] else {
                throw TranshipError(.unknownCloud, name.name)
            }
            guard !down.contains(name.name) else {
                throw TranshipError(.unreachable, "\(name.name) is down", isTransient: true)
            }
            if let code = refusing[name.name] { throw TranshipError(code, "\(name.name) says no") }
            return SignedInCloud(
                cloud.service.session, endpoint: cloud.server.url, region: nil,
                projectID: "project")
        }
    }

    init(_ names: String...) throws {
        folder = try TemporaryFolder()
        clouds = try names.reduce(into: [:]) { $0[$1] = try GlanceServer() }
        journal = try .inMemory()
    }

    /// Returns the same clouds, after the journal was lost.
    func withoutJournal() throws -> Nights {
        var nights = self
        nights.journal = try .inMemory()
        return nights
    }

    static let memory = """
        sources:
          - memory: images
        """

    /// - Parameter rules: the rules of every target.
    func run(
        _ images: [String: [UInt8]] = [:], rules: String, sources: String = memory,
        settings: String = "", down: Set<String> = [],
        refusing: [String: TranshipError.Code] = [:], passage: Journal.Passage? = nil,
        tuned: (inout RunTuning) -> Void = { _ in },
        tell: @escaping @Sendable (PlanningEvent) -> Void = { _ in }
    ) throws -> PipelineRun {
        var text = "version: 1\nname: nights\n\(settings)\n\(sources)\ntargets:\n"
        for name in clouds.keys.sorted() { text += "  - { cloud: \(name), \(rules) }\n" }
        var tuning = RunTuning()
        tuning.connections = CloudConnections(
            clouds: clouds, down: down, refusing: refusing)
        tuning.kinds[MemoryImages.kind] = { MemoryImages(images, sourceIndex: $1) }
        tuning.spool = .init(folder: folder.file("spool"), maxBytes: nil)
        tuned(&tuning)
        return PipelineRun(
            try Pipeline.parse(
                text: text, file: folder.file("nights.yaml"), environment: [:],
                kinds: [MemoryImages.kind]),
            journal: journal.reopened(through: passage), environment: [:], tuning: tuning,
            planning: tell)
    }

    @discardableResult
    func night(
        _ version: UInt64, rules: String, settings: String = "", down: Set<String> = [],
        passage: Journal.Passage? = nil
    ) async throws -> Night {
        try await night(
            try run(
                ["a": noise(5000, seed: version)], rules: rules, settings: settings, down: down,
                passage: passage))
    }

    func night(_ run: PipelineRun) async throws -> Night {
        let plan = try await run.plan()
        var items: [PlanItem] = []
        try await plan.items { items += $0 }
        return Night(
            items: items, planned: plan.changes, summary: try await run.carryOut(plan))
    }

    /// Returns the state of the image with a version's data at a cloud: `a`, `a hidden`, `a (…)`;
    /// nil if there is none.
    func standing(_ version: UInt64, at cloud: String = "beta") -> String? {
        guard let id = id(version, at: cloud), let image = clouds[cloud]?.image(id) else {
            return nil
        }
        var words = image["name"]?.string ?? ""
        if words.hasPrefix("a (") { words = "a (…)" }
        if image["os_hidden"] == true { words += " hidden" }
        if image["status"] == "deactivated" { words += " deactivated" }
        return words
    }

    func id(_ version: UInt64, at cloud: String = "beta") -> String? {
        let data = noise(5000, seed: version)
        return clouds[cloud]?.ids.first { clouds[cloud]?.data($0) == data }
    }
}
