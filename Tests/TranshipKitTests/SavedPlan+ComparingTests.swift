// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// A saved plan compared with the plans of later runs, which find a part of it done.
@Suite(.timeLimit(.minutes(5))) struct SavedPlanComparingTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func plan(_ name: String, _ items: [PlanItem]) async throws -> SavedPlan {
        let journal = try await Journal.open(path: folder.file("\(name).sqlite"))
        let plan = try Plan(beside: journal)
        _ = try await journal.takeOver(items, in: plan)
        return try await PipelinePlan(plan, pipelineName: "p").saved()
    }

    @Test(arguments: [
        PlanReason.toBePublished(imageID: "copy"), .toBeProved(imageID: "copy"),
        .missingInStores(imageID: "copy", stores: ["slow"]),
    ])
    func `What an earlier run of the same plan has begun is not drift`(
        reason: PlanReason
    ) async throws {
        var item = Sample.item("a")
        item.notes = [.membersHaveToAccept(["p"])]
        item.start = .fresh(item.intent, promised: item.promise)
        let before = try await plan("1", [item])
        var now = item
        now.action = .update
        now.reason = reason
        now.notes = []
        try before.check(against: try await plan("2", [now]))
        now.intent.record.minDiskGiB += 1
        now.start = .fresh(now.intent, promised: now.promise)
        let other = try await plan("3", [now])
        #expect(throws: TranshipError.self) { try before.check(against: other) }
        // This plan did not begin the update of another plan's copy.
        now = item
        now.action = .update
        now.reason = .fieldsChanged(imageID: "copy", fields: ["tags"])
        let changed = try await plan("4", [now])
        #expect(throws: TranshipError.self) { try before.check(against: changed) }
    }

    /// Most clouds let only administrators publish an image.
    @Test(arguments: ["journal.sqlite", "another.sqlite"])
    func `A run goes on with its plan after a refused publication`(journal: String) async throws {
        let scene = try CloudScene(seesAll: false)
        scene.put(["visibility": "public"])
        let saved = try await scene.start(writes: false).plan().saved()
        #expect(saved.entries.map(\.action) == [.create])
        #expect(try await scene.run(to: "{ cloud: beta }").transfer?.state == .unpublished)
        let next = try await scene.start(journal: journal, writes: false).plan().saved()
        #expect(next.entries.map(\.action) == [.update])
        try saved.check(against: next)
    }
}
