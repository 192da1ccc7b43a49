// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

@Suite(.timeLimit(.minutes(2))) struct PipelineRunTests {
    @Test func `A run plans while someone looks at a plan`() async throws {
        let scene = try CloudScene()
        scene.put()
        let run = try await scene.start()
        let looked = try Plan(beside: run.journal)
        let plan = try await run.plan()
        #expect(plan.work.images == 1)
        #expect(try await run.carryOut(plan).exitStatus == .done)
        #expect(throws: TranshipError.self) { _ = try Plan(beside: run.journal) }
        withExtendedLifetime(looked) {}
    }

    @Test func `Commands that have the journal work while others make plans and lists`()
        async throws
    {
        let scene = try CloudScene()
        scene.put()
        let run = try await scene.start()
        _ = try await run.carryOut(try await run.plan())
        let others = try Plan.Purpose.allCases.filter { $0 != .run }.map {
            try Plan(beside: run.journal, for: $0)
        }
        #expect(try await run.clean(removes: true) { _ in }.isEmpty)
        #expect(try await run.adopt { _ in }[.known] == 1)
        #expect(try await run.prunable().isEmpty)
        withExtendedLifetime(others) {}
    }

    @Test func `A list works beside a plan, and a second one of its kind says what holds it up`()
        async throws
    {
        let scene = try CloudScene()
        scene.put()
        let run = try await scene.start(writes: false)
        let others = try [Plan.Purpose.plan, .check, .run, .rollback].map {
            try Plan(beside: run.journal, for: $0)
        }
        #expect(try await run.prunable().isEmpty)
        withExtendedLifetime(others) {}
        let same = try Plan(beside: run.journal, for: .prune)
        let error = await failure { _ = try await run.prunable() }
        #expect(error?.code == .journalInUse)
        #expect(
            error?.message.hasPrefix("the list of `prune` ") == true, "\(String(describing: error))"
        )
        #expect(error?.hint == "wait until that process ends")
        withExtendedLifetime(same) {}
    }
}
