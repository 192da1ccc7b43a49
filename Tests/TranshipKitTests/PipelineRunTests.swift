// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
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
}
