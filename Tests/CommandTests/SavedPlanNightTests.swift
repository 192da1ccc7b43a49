// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import TestSupport
import Testing

/// A saved plan whose run was killed, and a source that has one more image since then.
@Suite(.timeLimit(.minutes(5)))
struct SavedPlanNightTests {
    private static let pipeline = Desk.pipeline([
        ("./a.raw", "\"./*.raw\""), ("name: copy", "name: \"{stem}\""),
    ])

    /// Kills a run of the plan `p.json` after it was planned, and adds `b.raw`.
    private func kill(_ desk: Desk) async throws {
        try desk.write("night.yaml", Self.pipeline)
        let plan = try await desk.run("tranship plan night.yaml --save p.json")
        #expect(plan.status == 0, "\(plan.said)")
        let night = try await desk.run(
            "TRANSHIP_KILL_AT_COMMIT=after:6 tranship run night.yaml --plan p.json")
        #expect(night.status == 137, "\(night.said)")
        let status = try await desk.run("tranship status")
        #expect(status.output.contains("plan          create 1"), "\(status.said)")
        try addImage(desk)
    }

    /// Adds another image to the source, which the plan does not have.
    private func addImage(_ desk: Desk) throws {
        try Data(noise(3000, seed: 2)).write(
            to: desk.shell.folder.appendingPathComponent("b.raw"))
    }

    private func drift(_ desk: Desk) async throws -> Outcome {
        let drifted = try await desk.run("tranship run night.yaml --plan p.json")
        #expect(drifted.status == 4, "\(drifted.said)")
        return drifted
    }

    @Test func `A refused run of the plan does not keep the killed one from going on`()
        async throws
    {
        let desk = try Desk()
        defer { desk.remove() }
        try await kill(desk)
        for _ in 1...2 { _ = try await drift(desk) }
        let resume = try await desk.run("tranship resume night.yaml")
        #expect(resume.status == 0, "\(resume.said)")
        #expect(desk.beta.active.count == 1, "\(resume.said)")
        let status = try await desk.run("tranship status")
        #expect(status.output.contains("run           1, started "), "\(status.said)")
        #expect(status.output.contains(", done "), "\(status.said)")
        #expect(try await desk.run("tranship resume night.yaml").status == 0)
    }

    /// Returns the commands below `Next:`.
    private func next(_ desk: Desk) async throws -> [String] {
        let status = try await desk.run("tranship status")
        return status.output.split(separator: "\n").compactMap { line in
            line.firstRange(of: "tranship ").flatMap { start in
                line.contains(#/^ +[0-9]+\. /#) ? String(line[start.lowerBound...]) : nil
            }
        }
    }

    @Test func `The next step after a killed run keeps the plan, and after drift makes another`()
        async throws
    {
        let desk = try Desk()
        defer { desk.remove() }
        try await kill(desk)
        let command = try #require(try await next(desk).first)
        #expect(command.hasPrefix("tranship run ") && command.contains("night.yaml --plan "))
        #expect(command.hasSuffix("/p.json"), "\(command)")
        let drifted = try await desk.run(command)
        #expect(drifted.status == 4, "\(drifted.said)")
        let steps = try await next(desk)
        #expect(steps.count == 2, "\(steps)")
        #expect(desk.beta.active.isEmpty)
        for step in steps {
            let outcome = try await desk.run(step)
            #expect(outcome.status == 0, "\(step) \(outcome.said)")
        }
        #expect(desk.beta.active.count == 2)
    }

    @Test func `Each difference has a line of its own, once`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try await kill(desk)
        let said = try await desk.run("tranship run night.yaml --plan p.json -v")
        #expect(said.status == 4, "\(said.said)")
        let parts = said.talk.components(separatedBy: "not planned -> create")
        #expect(parts.count == 2, "\(said.said)")
        for (command, indent) in [("status", 16), ("report", 4)] {
            let outcome = try await desk.run("tranship \(command)")
            let lines = outcome.output.split(separator: "\n")
            #expect(!outcome.output.contains(#"\n"#), "\(outcome.said)")
            let line = try #require(
                lines.first { $0.hasSuffix("not planned -> create") }, "\(outcome.said)")
            #expect(line.prefix { $0 == " " }.count == indent, "\(outcome.said)")
        }
    }

    @Test func `Where nothing is left to resume, the way on keeps the plan`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write("night.yaml", Self.pipeline)
        _ = try await desk.run("tranship plan night.yaml --save p.json")
        try desk.write(
            "clouds.yaml", Desk.clouds(alpha: desk.alpha.url, beta: Desk.deadAddress))
        let night = try await desk.run("tranship run night.yaml --plan p.json")
        #expect(night.status == 7, "\(night.said)")
        var resume = try await desk.run("tranship resume night.yaml")
        #expect(resume.status == 7, "\(resume.said)")
        #expect(resume.talk.contains("/p.json` plans again"), "\(resume.said)")
        #expect(try await next(desk).last?.hasSuffix("/p.json") == true)
        try desk.write("clouds.yaml", Desk.clouds(alpha: desk.alpha.url, beta: desk.beta.url))
        try addImage(desk)
        _ = try await drift(desk)
        resume = try await desk.run("tranship resume night.yaml")
        #expect(resume.status == 4, "\(resume.said)")
        #expect(
            resume.talk.contains("is not what this run would do; save a new plan"),
            "\(resume.said)")
    }
}
