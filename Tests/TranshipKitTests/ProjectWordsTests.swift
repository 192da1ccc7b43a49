// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

@Suite(.timeLimit(.minutes(5))) struct ProjectWordsTests {
    private static let id = "5f2c8c0e5d0b4a1f9a7e6d3c2b1a0987"

    @Test func `A message has each name once, before its id, and a hint stays a command`() {
        let words = ProjectWords([Self.id: "payroll", "demo": "Demo"])
        let once = words.naming(projectsIn: "its owner \(Self.id) is not in demo")
        #expect(once == "its owner payroll (\(Self.id)) is not in demo")
        #expect(words.naming(projectsIn: once) == once)
        let failure = Transfer.Failure(
            code: .refused, message: Self.id, hint: "run: show \(Self.id)", isTransient: false)
        #expect(words.naming(failure).message == "payroll (\(Self.id))")
        #expect(words.naming(failure).hint == failure.hint)
        #expect(ProjectWords().naming(projectsIn: once) == once)
    }

    @Test(arguments: [true, false])
    func `What an administrator's entry refuses has the name of its project`(runs: Bool)
        async throws
    {
        let scene = try CloudScene()
        scene.put(["owner": .string(Self.id), "visibility": "public"])
        scene.alpha.answer(
            "GET", "/v3/projects/\(Self.id)",
            with: .status(200, text: #"{"project":{"name":"payroll"}}"#))
        let other = String(Self.id.reversed())
        for cloud in [scene.alpha, scene.beta] {
            cloud.refuse("GET", "/v3/projects/\(other)", status: 403)
        }
        let run = try await scene.start(
            to: "{ cloud: beta, image: { owner: { \(other): \(other) } } }",
            from: "{ cloud: alpha, images: { owner: any } }", writes: runs)
        let plan = try await run.plan()
        var messages: [String] = []
        try await plan.items { messages += $0.compactMap(\.refusal?.message) }
        let message = try #require(messages.first)
        #expect(
            plan.projects.naming(projectsIn: message).hasPrefix(
                "its owner payroll (\(Self.id)) is not in"))
        guard runs else { return }
        let status = try await run.carryOut(plan).status
        #expect(status.projects.names[Self.id] == "payroll")
    }

    @Test func `A refused image has the target project of its line, or none`() async throws {
        let scene = try CloudScene()
        let ids = "abcdef".map { String(repeating: $0, count: 32) }
        let (mapped, other, unmapped) = (ids[0], ids[1], ids[2])
        for cloud in [scene.alpha, scene.beta] {
            for id in ids { cloud.refuse("GET", "/v3/projects/\(id)", status: 403) }
        }
        scene.put([
            "owner": .string(mapped), "cinder_encryption_key_id": "k", "visibility": "public",
        ])
        scene.alpha.put(
            "u", data: noise(900),
            [
                "name": "u", "disk_format": "raw", "container_format": "bare",
                "owner": .string(unmapped), "visibility": "public",
            ])
        let plan = try await scene.start(
            to: "{ cloud: beta, image: { owner: { \(mapped): \(ids[3]), \(other): \(ids[4]) } } }",
            from: "{ cloud: alpha, images: { owner: any } }", writes: false
        ).plan()
        var items: [String: PlanItem] = [:]
        try await plan.items { for item in $0 { items[item.source.ownerID ?? ""] = item } }
        #expect(items.values.map(\.action) == [.refuse, .refuse])
        let encrypted = try #require(items[mapped])
        #expect(plan.projects(of: encrypted).target?.id == ids[3])
        let left = try #require(items[unmapped])
        #expect(plan.projects(of: left).target == nil)
        #expect(plan.projectWords(of: left) == unmapped)
    }
}
