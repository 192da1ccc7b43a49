// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

@Suite struct PipelinePlanTests {
    /// A plan of one image, from the project `p1` to the project `p2`.
    private func words(_ projects: ProjectsOfPlan) async throws -> String? {
        let folder = try TemporaryFolder()
        let journal = try await Journal.open(path: folder.file("journal.sqlite"))
        let plan = try await PipelinePlan(
            try Plan.finished(beside: journal), pipelineName: "p", moving: projects)
        var item = Sample.item("a")
        item.intent.source.ownerID = "p1"
        item.intent.record.ownerID = "p2"
        return plan.projectWords(of: item)
    }

    @Test func `Projects are named where a plan has several`() async throws {
        var projects = ProjectsOfPlan()
        projects.names = ["p1": "pay", "p2": "pay"]
        #expect(try await words(projects) == nil)
        projects.areSeveral = true
        #expect(try await words(projects) == "pay -> pay")
        projects.names["p2"] = nil
        #expect(try await words(projects) == "pay -> p2")
    }

    @Test func `A name of several projects has the id beside it`() async throws {
        var projects = ProjectsOfPlan()
        projects.areSeveral = true
        projects.names = ["p1": "pay", "p2": "payroll", "p3": "pay", "p4": "pay"]
        #expect(try await words(projects) == "pay (p1) -> payroll")
    }
}
