// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// A source that cannot be listed does not affect the others, and the copies of its images stay as
/// they are: an unread listing is not an empty one.
@Suite(.timeLimit(.minutes(5))) struct AbsentSourcesTests {
    private let scene: CloudScene
    private let old: GlanceServer
    private static let both = "{ cloud: old }, { cloud: alpha }"

    init() throws {
        scene = try CloudScene("old")
        old = try scene.cloud("old")
        scene.put()
        put("o1", "one")
    }

    private func put(_ id: String, _ name: String, _ fields: [String: JSONValue] = [:]) {
        let base: [String: JSONValue] = [
            "name": .string(name), "disk_format": "raw", "container_format": "bare",
        ]
        old.put(id, data: noise(2000, seed: UInt64(name.utf8.count)), base.merging(fields) { $1 })
    }

    private func night(
        from sources: String = both, down: Set<String> = []
    ) async throws -> RunSummary {
        let run = try await scene.start(from: sources, down: down)
        return try await run.carryOut(try await run.plan())
    }

    /// The names of the target's images.
    private var names: [String] {
        scene.beta.ids.compactMap { scene.beta.image($0)?["name"]?.string }.sorted()
    }

    @Test func `A cloud that is down keeps the other one from nothing, and catches up`()
        async throws
    {
        let first = try await night(down: ["old"])
        #expect(first.exitStatus == .retryableLeft && !first.isInterrupted)
        #expect(first.absences.map(\.failure.code) == [.unreachable])
        #expect(first.absentTargets.isEmpty && !first.isNothingToDo)
        #expect(names == ["web"])
        // The journal knows the absence, for `status`, reports and metrics.
        let path = scene.folder.file("journal.sqlite")
        let status = try #require(try await RunStatus.read(journalPath: path))
        #expect(status.absences.map(\.label) == ["source old"])
        #expect(try await RunSummary(status).exitStatus == .retryableLeft)
        let metrics = try #require(try await RunMetrics.read(journalPath: path))
        #expect(metrics.absences == status.absences && metrics.lastSuccessAt == nil)

        #expect(try await night().exitStatus == .done)
        #expect(names == ["one", "web"])
        let before = scene.beta.changes
        let third = try await night(down: ["old"])
        #expect(third.exitStatus == .retryableLeft && !third.isNothingToDo)
        #expect(
            scene.beta.changes.filter { !$0.contains("/v3/") }
                == before.filter { !$0.contains("/v3/") })
        #expect(names == ["one", "web"])
    }

    @Test func `A cloud that refuses the login is named with the way out`() async throws {
        old.refuse("POST", "/v3/auth/tokens", status: 401)
        let night = try await night()
        #expect(night.exitStatus == .fatal && names == ["web"])
        let absence = try #require(night.absences.first)
        #expect(absence.isRefusedLogin && absence.failure.hint != nil)
        #expect(absence.words == "source old cannot be logged in to")
    }

    /// The page with the image has arrived before the listing fails.
    @Test func `Of a listing that fails half-way, nothing is planned`() async throws {
        put("o2", "kernel", ["disk_format": "aki", "container_format": "aki"])
        put("o3", "machine", ["kernel_id": "o2"])
        old.refuse("GET", "/v2/images/o2", status: 503)
        let night = try await night()
        #expect(night.exitStatus == .retryableLeft && names == ["web"])
        #expect(night.absences.map(\.words) == ["source old cannot be listed"])
        #expect(night.images(.refuse) == 0 && night.images(.create) == 1)
    }

    @Test func `A source that does not say any more whom it shares images with is left out whole`()
        async throws
    {
        put("o2", "shared", ["visibility": "shared"])
        old.setMembers(["p1"], of: "o2")
        old.refuse("GET", "/v2/images/o2/members", status: 503)
        let run = try await scene.start(
            to: "{ cloud: beta, image: { members: keep } }", from: Self.both)
        let plan = try await run.plan()
        var items: [PlanItem] = []
        try await plan.items { items += $0 }
        #expect(items.map(\.source.displayName) == ["web"])
        #expect(plan.absences.map(\.label) == ["source old"])
    }

    @Test func `An archive that is gone is named, and the cloud goes on`() async throws {
        let night = try await night(
            from: "{ archive: \(scene.folder.file("gone")) }, { cloud: alpha }")
        #expect(night.exitStatus == .someFailed && names == ["web"])
        #expect(night.absences.map(\.name) == ["archive \(scene.folder.file("gone"))"])
    }

    @Test func `A plan says that an archive has no place, and nothing is made of its path`()
        async throws
    {
        let archive = scene.folder.file("none/deeper")
        let parent = scene.folder.file("none")
        let error = await failure {
            _ = try await scene.start(to: "{ archive: \(archive) }", writes: false).plan()
        }
        #expect(error?.code == .targetFailed)
        #expect(
            error?.message
                == "there is no folder \(parent), in which the archive \(archive) is to be made")
        #expect(error?.hint?.hasSuffix("make the folder: mkdir -p \(parent)") == true)
        // The missing folder does not delay a cloud.
        let plan = try await scene.start(
            to: "{ archive: \(archive) }, { cloud: beta }", journal: "second.sqlite", writes: false
        ).plan()
        #expect(plan.absences.map(\.failure.code) == [.targetFailed])
        #expect(!FileManager.default.fileExists(atPath: parent))
        try FileManager.default.createDirectory(
            atPath: parent, withIntermediateDirectories: false)
        _ = try await scene.start(to: "{ archive: \(archive) }", writes: false).plan()
    }

    @Test func `Two entries of one cloud are one absence`() async throws {
        let night = try await night(
            from: "{ cloud: old, images: { name: a } }, { cloud: old }, { cloud: alpha }",
            down: ["old"])
        #expect(night.absences.count == 1 && names == ["web"])
    }

    @Test func `The only source, or the last one, ends the run`() async throws {
        for sources in ["{ cloud: old }", "{ cloud: old }, { cloud: old, images: { name: a } }"] {
            let error = await failure { _ = try await night(from: sources, down: ["old"]) }
            #expect(error?.code == .unreachable)
        }
        let unknown = await failure { _ = try await night(from: "{ cloud: no }, { cloud: alpha }") }
        #expect(unknown?.code == .unknownCloud && names.isEmpty)
    }

    /// The rules delete all versions of a series but the current one at once, and the source that
    /// cannot be read has a current one.
    @Test func `The versions of an absent source are neither hidden nor deleted`() async throws {
        let rules = "previous: hide, keep: 0, expired: { action: delete, after: 0s }"
        let archive = scene.folder.file("arc")
        _ = try await scene.run(to: "{ archive: \(archive) }", journal: "archive.sqlite")
        try FileManager.default.createDirectory(
            atPath: scene.folder.file("x"), withIntermediateDirectories: true)
        func night() async throws -> RunSummary {
            let series = "series: { name: s, several: true }"
            let run = try await scene.start(
                to: "{ cloud: beta, \(rules) }",
                from: """
                    { archive: \(archive), \(series) }, { file: ./x/, latest: "d-@v.raw", \(series),
                    image: { name: x, disk_format: raw, container_format: bare } }
                    """)
            return try await run.carryOut(try await run.plan())
        }
        try scene.folder.write(noise(3000, seed: 1), to: "x/d-1.raw")
        #expect(try await night().exitStatus == .done)
        #expect(names == ["web", "x"])
        try scene.folder.write(noise(3000, seed: 2), to: "x/d-2.raw")
        try FileManager.default.moveItem(atPath: archive, toPath: archive + ".away")
        let second = try await night()
        #expect(second.exitStatus == .someFailed)
        #expect(second.changes.map { "\($0.action) \($0.state)" } == ["delete done"])
        #expect(names == ["web", "x"])
        let kept = scene.beta.ids.compactMap { scene.beta.image($0) }
        #expect(kept.allSatisfy { $0["os_hidden"] == false })

        try FileManager.default.moveItem(atPath: archive + ".away", toPath: archive)
        #expect(try await night().isNothingToDo)
    }

    @Test
    func `A saved plan says what it lacks, and a source that is down does not count as a deletion`()
        async throws
    {
        let whole = try await scene.start(from: Self.both).plan().saved()
        #expect(whole.absent == nil && whole.entries.count == 2)
        let error = await failure {
            _ = try await scene.start(from: Self.both, down: ["old"]).plan(matching: whole)
        }
        #expect(error?.code == .unreachable)
        #expect(
            error?.message.hasPrefix("source old does not answer, so its part of the saved plan")
                == true, "\(error?.message ?? "none")")
        #expect(error?.hint?.contains("run the saved plan when it answers") == true)
        #expect(names.isEmpty)

        let partial = try await scene.start(from: Self.both, down: ["old"]).plan().saved()
        #expect(partial.absent == ["source old"] && partial.entries.count == 1)
        #expect(partial.digest != whole.digest)
        #expect(partial.text.contains("without source old, which did not answer\n"))
        try partial.write(to: scene.folder.file("plan.json"))
        let read = try SavedPlan.read(from: scene.folder.file("plan.json"))
        #expect(read == partial)

        let drift = await failure {
            _ = try await scene.start(from: Self.both).plan(matching: read)
        }
        #expect(drift?.code == .planDrifted)
        #expect(drift?.message.contains("source old: did not answer -> answers") == true)
        let same = try await scene.start(from: Self.both, down: ["old"])
        let summary = try await same.carryOut(try await same.plan(matching: read))
        #expect(summary.exitStatus == .retryableLeft && names == ["web"])
    }

    @Test func `A target that is down does not count as a deletion of a saved plan either`()
        async throws
    {
        let targets = "{ cloud: beta }, { cloud: old }"
        let saved = try await scene.start(to: targets).plan().saved()
        let error = await failure {
            _ = try await scene.start(to: targets, down: ["old"]).plan(matching: saved)
        }
        #expect(error?.code == .unreachable)
        #expect(error?.message.hasPrefix("target old does not answer") == true)
    }

    @Test func `check compares the others, and calls no copy of an absent source extra`()
        async throws
    {
        #expect(try await night().exitStatus == .done)
        func check(down: Set<String>) async throws -> (
            [CheckedImage.Verdict: Int], [Absence]
        ) {
            let run = try await scene.start(from: Self.both, down: down)
            let found = try await run.check(downloads: false) { _ in }
            return (found.tally, found.absences)
        }
        var (tally, absences) = try await check(down: ["old"])
        #expect(tally == [.same: 1] && absences.map(\.label) == ["source old"])
        #expect(absences.exitStatus == .retryableLeft)
        (tally, absences) = try await check(down: [])
        #expect(tally == [.same: 2] && absences.exitStatus == nil)
        old.burn("o1")
        #expect(try await check(down: []).0 == [.same: 1, .extra: 1])
    }

    @Test func `A run that was planned without a source goes on without it`() async throws {
        func start(down: Set<String>, resuming interrupted: Run?) async throws -> PipelineRun {
            try await scene.start(from: Self.both, down: down, resuming: interrupted)
        }
        do {
            let run = try await start(down: ["old"], resuming: nil)
            let plan = try await run.plan()
            run.stop(drains: false)
            #expect(try await run.carryOut(plan).exitStatus == .interrupted)
        }
        let path = scene.folder.file("journal.sqlite")
        let interrupted = try #require(try await RunStatus.read(journalPath: path)?.run)
        let needed = await failure {
            _ = try await start(down: ["alpha"], resuming: interrupted).plan()
        }
        #expect(needed?.code == .unreachable)
        let run = try await start(down: ["old"], resuming: interrupted)
        let rest = try await run.plan()
        #expect(rest.isResumed && rest.absences.map(\.label) == ["source old"])
        #expect(try await run.carryOut(rest).exitStatus == .retryableLeft)
        #expect(names == ["web"])
    }

    @Test func `No half-made copy of an absent source is cleaned away`() async throws {
        for work in ["clean", "adopt", "prune"] {
            let run = try await scene.start(from: Self.both, down: ["old"])
            let error = await failure {
                switch work {
                case "clean": _ = try await run.clean(removes: true) { _ in }
                case "adopt": _ = try await run.adopt { _ in }
                default: _ = try await run.prunable()
                }
            }
            #expect(error?.code == .unreachable, "\(work)")
        }
    }
}
