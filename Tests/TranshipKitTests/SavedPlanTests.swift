// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

@Suite struct SavedPlanTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func plan(_ name: String, _ items: [PlanItem]) async throws -> SavedPlan {
        let journal = try await Journal.open(path: folder.file("\(name).sqlite"))
        let plan = try Plan(beside: journal)
        _ = try await journal.adopt(items, in: plan)
        return try await PipelinePlan(plan, pipelineName: "p").saved()
    }

    @Test func `A plan is read back as it was written, in an order of its own`() async throws {
        let first = try await plan("1", ["b", "a"].map { Sample.item($0) })
        let second = try await plan("2", ["a", "b"].map { Sample.item($0) })
        #expect(first == second)
        try first.write(to: folder.file("plan.json"))
        let read = try SavedPlan.read(from: folder.file("plan.json"))
        #expect(read == first)
        try read.check(against: second)
    }

    @Test func `What changed since is told, source by source`() async throws {
        let before = try await plan("1", ["a", "b"].map { Sample.item($0) })
        var changed = Sample.item("b")
        changed.intent.origin.versionID = "version-2"
        let after = try await plan("2", [Sample.item("a"), changed, Sample.item("c")])
        let error = try #require(throws: TranshipError.self) { try before.check(against: after) }
        #expect(error.code == .planDrifted)
        #expect(
            error.message == """
                the world is not as it was planned:
                  - create image:b -> beta
                  + create image:b -> beta
                  + create image:c -> beta
                """)
    }

    @Test func `Another action is drift as well`() async throws {
        let before = try await plan("1", [Sample.item("a")])
        var after = before
        after.entries[0].action = .conflict
        let error = #expect(throws: TranshipError.self) { try before.check(against: after) }
        #expect(error?.code == .planDrifted)
    }

    @Test func `A plan of another pipeline is no plan for this one`() async throws {
        let before = try await plan("1", [])
        var after = before
        after.pipeline = "q"
        let error = #expect(throws: TranshipError.self) { try before.check(against: after) }
        #expect(error?.code == .usage)
    }

    @Test(arguments: ["", "[]", "{\"version\":1}"])
    func `A file that is not a saved plan is refused, with how to make one`(text: String) throws {
        try folder.write(Array(text.utf8), to: "plan.json")
        let error = #expect(throws: TranshipError.self) {
            try SavedPlan.read(from: folder.file("plan.json"))
        }
        #expect(error?.code == .usage)
        #expect(error?.hint?.contains("--save") == true)
    }

    @Test func `A plan that cannot be written is told`() async throws {
        let plan = try await plan("1", [])
        let error = #expect(throws: TranshipError.self) {
            try plan.write(to: folder.file("none/plan.json"))
        }
        #expect(error?.message.contains("none/plan.json") == true)
    }
}
