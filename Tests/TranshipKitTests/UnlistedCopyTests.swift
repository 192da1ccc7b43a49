// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// Copies that the target has and does not list, and copies that others changed, in complete runs.
@Suite(.timeLimit(.minutes(5))) struct UnlistedCopyTests {
    private let scene: CloudScene

    init() throws {
        scene = try CloudScene()
        scene.put()
    }

    private var beta: GlanceServer { scene.beta }

    private func run(
        _ keys: String = "image: { visibility: community }"
    ) async throws -> (item: PlanItem, transfer: Transfer?) {
        try await scene.run(to: "{ cloud: beta, \(keys) }")
    }

    private func check() async throws -> CheckedImage {
        let target = "{ cloud: beta, image: { visibility: community } }"
        return try #require(try await scene.checked(to: target).first)
    }

    private var made: Int { beta.changes.count { $0 == "POST /v2/images" } }

    @Test func `A copy that another project has now is not made again`() async throws {
        let id = try #require(try await run().transfer?.imageID)
        beta.put(id, ["owner": "someone"])
        let second = try await run()
        #expect(second.item.action == .skip)
        #expect(second.item.reason == .alreadyAtTarget(imageID: id))
        #expect(second.item.notes == [.notListed(imageID: id, ownerID: "someone")])
        #expect(made == 1)
        let checked = try await check()
        #expect(checked.verdict == .differs && checked.imageID == id)
        #expect(
            checked.differences == [
                FieldDifference(.owner, wanted: "project", found: "someone")
            ])
        #expect(checked.note?.contains("project someone") == true)
    }

    @Test func `A record that this journal gave up is the copy once another host published it`()
        async throws
    {
        let scene = try CloudScene(damages: true)
        let id = "0f1e2d3c-0000-4000-8000-000000000001"
        scene.alpha.put(
            id, data: noise(1000), ["disk_format": "raw", "container_format": "bare"])
        let target = "{ cloud: beta, image: { keep_id: prefer, visibility: community } }"
        let first = try await scene.run(to: target)
        #expect(first.transfer?.failure?.code == .verificationMismatch)
        #expect(first.transfer?.imageID == nil && scene.beta.image(id) != nil)
        var proved = (scene.alpha.image(id) ?? [:]).filter {
            ["checksum", "os_hash_algo", "os_hash_value"].contains($0.key)
        }
        proved["visibility"] = "community"
        scene.beta.put(id, proved)
        let second = try await scene.run(to: target)
        #expect(second.item.action == .skip)
        #expect(second.item.reason == .alreadyAtTarget(imageID: id))
        #expect(scene.beta.changes.count { $0 == "POST /v2/images" } == 1)
    }

    @Test func `Nothing is changed in another project`() async throws {
        let id = try #require(try await run().transfer?.imageID)
        beta.put(id, ["owner": "someone"])
        func changes() -> [String] { beta.changes.filter { !$0.hasSuffix("/tokens") } }
        let before = changes()
        let second = try await run(
            "on_conflict: update, image: { visibility: community, name: other }")
        #expect(second.item.action == .refuse)
        #expect(changes() == before)
    }

    @Test func `A copy that the list leaves out is not made again`() async throws {
        let id = try #require(try await run().transfer?.imageID)
        beta.answer("GET", "/v2/images", with: .status(200, text: #"{"images":[]}"#))
        let second = try await run()
        #expect(second.item.action == .skip)
        #expect(second.item.notes == [.notListed(imageID: id, ownerID: nil)])
        #expect(made == 1)
        let checked = try await check()
        #expect(checked.verdict == .same && checked.imageID == id)
        #expect(checked.note?.contains("list does not have it") == true)
    }

    @Test func `A copy that no user is shown is refused, not copied again`() async throws {
        let id = try #require(try await run().transfer?.imageID)
        beta.answer("GET", "/v2/images", with: .status(200, text: #"{"images":[]}"#))
        beta.refuse("GET", "/v2/images/\(id)", status: 403, text: "policy")
        let second = try await run()
        #expect(second.item.action == .refuse)
        #expect(second.item.refusal?.message.contains(id) == true)
        #expect(made == 1)
    }

    @Test func `A copy that is deleted is asked for once, and made again`() async throws {
        let id = try #require(try await run().transfer?.imageID)
        func looks() -> Int { beta.asked.count { $0 == "GET /v2/images/\(id)" } }
        var before = looks()
        #expect(try await run().item.action == .skip)
        #expect(looks() == before)
        beta.burn(id)
        let checked = try await check()
        #expect(checked.verdict == .missing)
        #expect(checked.note?.contains("was deleted at the target") == true)
        before = looks()
        let second = try await run()
        #expect(second.item.reason == .deletedAtTarget(imageID: id))
        #expect(second.transfer?.state == .done)
        #expect(looks() == before + 1)
        #expect(made == 2)
    }

    @Test func `A marker that is gone is a difference`() async throws {
        let first = try await run()
        let id = try #require(first.transfer?.imageID)
        beta.put(id, [Origin.propertyName: .null])
        let checked = try await check()
        #expect(checked.verdict == .differs)
        #expect(checked.differences.map(\.field) == [.property(Origin.propertyName)])
        #expect(checked.differences.first?.wanted == first.transfer?.origin.propertyValue)
    }

    @Test func `What the target makes otherwise than asked is a remark of the run`() async throws {
        beta.making(["min_disk": 40, "os_distro": "imposed", "tags": ["imposed"]])
        let transfer = try #require(try await run().transfer)
        let id = try #require(transfer.imageID)
        #expect(transfer.state == .done)
        #expect(
            transfer.remarks == [
                .changedByTarget(
                    imageID: id, [FieldDifference(.minDisk, wanted: "0", found: "40")], more: 0)
            ])
        #expect(
            transfer.remarks.first?.words
                == "the target has min_disk 40 instead of 0 (image \(id))")
    }
}
