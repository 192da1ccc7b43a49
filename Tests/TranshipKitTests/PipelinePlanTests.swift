// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

@Suite struct PipelinePlanTests {
    /// Returns the words of a plan of one image, from the project `p1` to the project `p2`.
    private func words(
        _ names: [String: String], moving: Set<String>
    ) async throws -> String? {
        let folder = try TemporaryFolder()
        let journal = try await Journal.open(path: folder.file("journal.sqlite"))
        let plan = try await PipelinePlan(
            try Plan.finished(beside: journal), pipelineName: "p",
            projects: ProjectWords(names, moving: moving))
        var item = Sample.item("a")
        item.intent.source.ownerID = "p1"
        item.intent.record.ownerID = "p2"
        return plan.projectWords(of: item)
    }

    @Test func `Projects are named where a plan has several`() async throws {
        let names = ["p1": "pay", "p2": "pay"]
        #expect(try await words(names, moving: []) == nil)
        #expect(try await words(names, moving: ["p1", "p2", "p3"]) == "pay -> pay")
        #expect(try await words(["p1": "pay"], moving: ["p1", "p2", "p3"]) == "pay -> p2")
    }

    @Test func `A name of several projects has the id beside it`() async throws {
        let names = ["p1": "pay", "p2": "payroll", "p3": "pay", "p4": "pay", "p5": "payroll"]
        let moving: Set = ["p1", "p2", "p3", "p4"]
        #expect(try await words(names, moving: moving) == "pay (p1) -> payroll")
    }
}
