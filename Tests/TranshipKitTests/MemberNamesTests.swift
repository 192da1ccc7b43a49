// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// The members of images in the output of plans, runs and `check`.
@Suite(.timeLimit(.minutes(5))) struct MemberNamesTests {
    private static let named = "5f2c8c0e5d0b4a1f9a7e6d3c2b1a0987"
    private static let nameless = String(named.reversed())
    private static let target = "{ cloud: beta, on_conflict: update, image: { members: keep } }"

    private let scene: CloudScene

    init() throws {
        scene = try CloudScene()
        scene.put(["visibility": "shared"])
        scene.alpha.answer(
            "GET", "/v3/projects/\(Self.named)",
            with: .status(200, text: #"{"project":{"name":"payroll"}}"#))
    }

    /// Returns the plan's notes on the image, with the names that it knows.
    private func said(_ plan: PipelinePlan) async throws -> [String] {
        var notes: [String] = []
        try await plan.items { items in
            notes += items.flatMap(\.notes).map {
                plan.projects.naming(projectsIn: $0.words)
            }
        }
        return notes
    }

    @Test(arguments: [true, false])
    func `A plan has the names of those who have to accept the copy`(runs: Bool) async throws {
        scene.alpha.setMembers([Self.named, Self.nameless], of: "s")
        let run = try await scene.start(to: Self.target, writes: runs)
        let plan = try await run.plan()
        let notes = try await said(plan)
        #expect(
            notes.contains { $0.contains(": payroll (\(Self.named)), \(Self.nameless)") },
            "\(notes)")
        guard runs else { return }
        let status = try await run.carryOut(plan).status
        #expect(status.projects.names[Self.named] == "payroll")
        let remarks = try await status.transfers(in: [.done], limit: 1).flatMap(\.remarks)
        let words = remarks.map { status.projects.naming(projectsIn: $0.words) }
        #expect(words.contains { $0.contains("payroll (\(Self.named))") }, "\(words)")
    }

    @Test func `A plan has the name of one who was removed at the source`() async throws {
        scene.alpha.setMembers([Self.named, Self.nameless], of: "s")
        _ = try await scene.run(to: Self.target)
        scene.alpha.setMembers([], of: "s")
        let notes = try await said(try await scene.start(to: Self.target).plan())
        #expect(notes.contains { $0.contains("payroll (\(Self.named))") }, "\(notes)")
    }

    @Test func `A saved plan has the names of those whom a copy is shared with`() async throws {
        scene.alpha.setMembers([Self.named, Self.nameless], of: "s")
        let saved = try await scene.start(to: Self.target, writes: false).plan().saved()
        #expect(saved.projectNames == [Self.named: "payroll"])
        let ids = [Self.named, Self.nameless].sorted().joined(separator: ", ")
        #expect(saved.entries.map { $0.fields["shared with"] } == [ids])
        #expect(
            saved.text.contains(
                "shared with: " + ids.replacing(Self.named, with: "payroll (\(Self.named))")),
            "\(saved.text)")
    }

    @Test func `A difference in an answer has the name of its project`() {
        let difference = FieldDifference(
            .answer(ofMember: Self.named), wanted: "accepted", found: "pending")
        #expect(difference.projectIDs == [Self.named])
        #expect(
            difference.words(naming: [Self.named: "payroll"])
                == "members.payroll (\(Self.named)): accepted -> pending")
        #expect(FieldDifference(.minDisk, wanted: "0", found: "1").projectIDs.isEmpty)
    }

    @Test func `check has the names of those who still have to accept`() async throws {
        scene.alpha.setMembers([Self.named, Self.nameless], of: "s")
        _ = try await scene.run(to: Self.target)
        let checked = try #require(try await scene.checked(to: Self.target).first)
        #expect(checked.verdict == .same)
        #expect(checked.projectNames == [Self.named: "payroll"])
        let words = ProjectWords(checked.projectNames).naming(projectsIn: checked.note ?? "")
        #expect(words.contains("payroll (\(Self.named))"), "\(words)")
    }
}
