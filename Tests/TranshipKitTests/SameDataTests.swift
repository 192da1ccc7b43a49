// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// A file on this machine whose data the target already has under its name. The file promises no
/// digest that the target reports.
@Suite(.timeLimit(.minutes(2))) struct SameDataTests {
    private static let rules = ["keep-both", "update", "replace", "rename", "fail"]
    private let scene: CloudScene
    private let data = noise(3000, seed: 3)

    init() throws {
        scene = try CloudScene()
        try write(data)
    }

    private var path: String { scene.folder.file("web.raw") }

    private func write(_ data: [UInt8]) throws {
        try Data(data).write(to: URL(fileURLWithPath: path))
    }

    /// Plans a run and carries it out.
    ///
    /// - Parameter settings: settings of the source, in YAML.
    private func run(
        _ rule: String, _ settings: String = "", journal: String = "journal.sqlite"
    ) async throws -> (item: PlanItem, transfers: [Transfer]) {
        let run = try await scene.start(
            to: "{ cloud: beta, on_conflict: \(rule) }",
            from: "{ file: '\(path)', image: { name: web, disk_format: raw }\(settings) }",
            journal: journal)
        let plan = try await run.plan()
        var items: [PlanItem] = []
        try await plan.items { items += $0 }
        let summary = try await run.carryOut(plan)
        let transfers = try await summary.status.transfers(in: TransferState.allCases, limit: 9)
        return (try #require(items.first), transfers)
    }

    private var posts: Int { scene.beta.changes.count { $0 == "POST /v2/images" } }

    @Test(arguments: rules, [false, true])
    func `A file with the data of an image of its name is not copied`(
        rule: String, isPromised: Bool
    ) async throws {
        scene.beta.put("there", data: data, ["name": "web"])
        let checksum = isPromised ? ", checksum: '\(sha256(data))'" : ""
        let first = try await run(rule, checksum)
        #expect(first.item.action == .skip)
        #expect(first.item.reason == .sameDataSameName(imageID: "there"))
        #expect(first.transfers.allSatisfy { $0.state == .skipped })
        #expect(posts == 0 && scene.beta.image("there")?["os_hidden"] != true)
        // The same with a journal that knows the image, and with a new one.
        #expect(try await run(rule, checksum).item.action == .skip)
        #expect(try await run(rule, checksum, journal: "second.sqlite").item.action == .skip)
        #expect(posts == 0)
    }

    /// If the size differs, the data is not even read.
    @Test(arguments: [3000, 2999])
    func `Other data under its name obeys the rule`(bytes: Int) async throws {
        scene.beta.put("there", data: noise(bytes, seed: 4), ["name": "web"])
        let failing = try await run("fail")
        #expect(failing.item.action == .conflict)
        #expect(failing.item.reason == .nameTaken(imageID: "there", .fail))
        let keeping = try await run("keep-both")
        #expect(keeping.item.action == .create && keeping.transfers.map(\.state) == [.done])
        #expect(posts == 1)
    }

    @Test func `An image of its data that is not active, or has another name, is not enough`()
        async throws
    {
        scene.beta.put("other", data: data, ["name": "other"])
        scene.beta.put("there", data: data, ["name": "web", "status": "deactivated"])
        #expect(try await run("keep-both").item.action == .create)
    }

    @Test func `A copy of this pipeline that is gone comes back unless another image has its data`()
        async throws
    {
        let first = try await run("keep-both")
        let id = try #require(first.transfers.first?.imageID)
        scene.beta.burn(id)
        #expect(try await run("keep-both").item.action == .create)
        let second = try #require(scene.beta.active.first?.id)
        scene.beta.burn(second)
        scene.beta.put("there", data: data, ["name": "web"])
        let third = try await run("keep-both")
        #expect(third.item.reason == .sameDataSameName(imageID: "there"))
    }
}
