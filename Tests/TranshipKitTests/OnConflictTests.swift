// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// The rules `on_conflict: update` and `on_conflict: replace`, in complete runs between two clouds.
@Suite(.timeLimit(.minutes(5))) struct OnConflictTests {
    private let scene: CloudScene
    private var beta: GlanceServer { scene.beta }

    init() throws {
        scene = try CloudScene()
        put(["os_distro": "debian", "tags": ["a"]])
    }

    private func put(_ fields: [String: JSONValue]) { scene.put(fields) }

    private func run(
        _ target: String, journal: String = "journal.sqlite"
    ) async throws -> (item: PlanItem, transfer: Transfer?) {
        try await scene.run(to: "{ cloud: beta, \(target) }", journal: journal)
    }

    @Test func `An update carries over what changed at the source, and leaves what was edited`()
        async throws
    {
        let first = try await run("on_conflict: update")
        let id = try #require(first.transfer?.imageID)
        beta.put(id, ["os_distro": "edited"])
        put([
            "name": "web2", "os_distro": "ubuntu", "os_version": "24.04", "tags": ["a", "b"],
            "visibility": "community", "min_disk": 4,
        ])

        let second = try await run("on_conflict: update")
        #expect(second.item.action == .update)
        #expect(
            second.item.reason
                == .fieldsChanged(
                    imageID: id,
                    fields: [
                        "min_disk", "name", "properties.os_distro", "properties.os_version", "tags",
                        "visibility",
                    ]))
        #expect(second.transfer?.state == .done)
        #expect(
            second.transfer?.remarks.contains(.editedAtTarget(fields: ["properties.os_distro"]))
                == true)
        #expect(beta.changes.count { $0.hasPrefix("POST /v2/images") } == 1)
        let now = try #require(beta.image(id))
        #expect(now["id"] == .string(id))
        #expect(now["name"] == "web2")
        #expect(now["os_distro"] == "edited")
        #expect(now["os_version"] == "24.04")
        #expect(now["tags"]?.array?.count == 2)
        #expect(now["visibility"] == "community")
        #expect(now["min_disk"] == 4)

        // An operator's edits also stay in all later nights.
        let third = try await run("on_conflict: update")
        #expect(third.item.action == .skip)
        #expect(third.item.notes == [.editedCopy(imageID: id, fields: ["properties.os_distro"])])
        #expect(beta.image(id)?["os_distro"] == "edited")
    }

    @Test func `A later update says what was edited at the copy`() async throws {
        let first = try await run("on_conflict: update")
        let id = try #require(first.transfer?.imageID)
        #expect(try await run("on_conflict: update").item.notes == [])
        beta.put(id, ["min_disk": 9, "tags": [], "protected": true])
        let fields = ["protected", "min_disk", "tags"]
        let second = try await run("on_conflict: update")
        #expect(second.item.action == .skip)
        #expect(second.item.notes == [.editedCopy(imageID: id, fields: fields)])
        #expect(!second.item.notes.contains { !$0.isWarning })
        // Without the rule, only a check compares what is there.
        #expect(try await run("on_conflict: keep-both").item.notes == [])
    }

    @Test func `A refused publication is tried again, and does not count as an edit`()
        async throws
    {
        put(["visibility": "community"])
        let id = try #require(try await run("on_conflict: update").transfer?.imageID)
        put(["visibility": "public"])
        beta.refuse("PATCH", "/v2/images/\(id)", status: 403, times: 3)
        for _ in 0..<3 {
            let refused = try await run("on_conflict: update")
            #expect(refused.item.action == .update)
            #expect(refused.transfer?.state == .unpublished)
            #expect(refused.transfer?.remarks == [])
            #expect(beta.image(id)?["visibility"] == "community")
        }
        let allowed = try await run("on_conflict: update")
        #expect(allowed.transfer?.state == .done)
        #expect(beta.image(id)?["visibility"] == "public")
        #expect(try await run("on_conflict: update").item.action == .skip)
    }

    @Test(arguments: ["update", "keep-both"])
    func `A copy that was never published is published as its source is now`(
        rule: String
    ) async throws {
        put(["visibility": "public", "protected": true])
        let patches = Guarded(0)
        beta.answer(with: .status(403, text: "no")) { request in
            guard request.method == "PATCH" else { return false }
            return patches.withLock { count in
                count += 1
                return count == 2
            }
        }
        let first = try await run("on_conflict: \(rule)")
        let id = try #require(first.transfer?.imageID)
        // A run set its visibility; the service refused its protection.
        #expect(first.transfer?.state == .unpublished)
        #expect(beta.image(id)?["visibility"] == "public")

        put(["visibility": "community", "protected": true, "tags": ["later"]])
        let second = try await run("on_conflict: \(rule)")
        #expect(second.transfer?.state == .done)
        #expect(second.transfer?.remarks == [])
        #expect(beta.image(id)?["visibility"] == "community")
        #expect(beta.image(id)?["protected"] == true)
        #expect(beta.image(id)?["tags"]?.array == ["later"])
    }

    @Test func `An update sets what the pipeline that made the copy did not set`() async throws {
        let id = try #require(try await run("on_conflict: keep-both").transfer?.imageID)
        let rules = """
            image: { tags: { add: [mirrored] },
            properties: { drop: [os_distro], set: { color: red, shape: big } } }
            """
        beta.put(id, ["hint": "theirs", "color": "theirs"])
        let fields = ["tags", "properties.color", "properties.shape"]
        let kept = try await run("\(rules), on_conflict: keep-both", journal: "second.sqlite")
        #expect(kept.item.action == .skip)
        #expect(kept.item.notes == [.otherFields(imageID: id, fields: fields)])
        #expect(beta.image(id)?["color"] == "theirs")

        let updated = try await run("\(rules), on_conflict: update", journal: "third.sqlite")
        #expect(updated.item.action == .update)
        #expect(updated.item.reason == .copiedOtherwise(imageID: id, fields: fields))
        #expect(updated.transfer?.state == .done)
        #expect(
            updated.transfer?.remarks.contains(.editedAtTarget(fields: ["properties.color"]))
                == true, "\(updated.transfer?.remarks as Any)")
        let now = try #require(beta.image(id))
        #expect(Set(now["tags"]?.array ?? []) == ["a", "mirrored"])
        #expect(now["os_distro"] == nil)
        #expect(now["color"] == "theirs" && now["hint"] == "theirs" && now["shape"] == "big")

        let again = try await run("\(rules), on_conflict: update", journal: "third.sqlite")
        #expect(again.item.action == .skip)
    }

    @Test func `Without it nothing is changed, and the plan says what would be`() async throws {
        let id = try #require(try await run("on_conflict: keep-both").transfer?.imageID)
        put(["os_distro": "ubuntu"])
        let second = try await run("on_conflict: keep-both")
        #expect(second.item.action == .skip)
        #expect(
            second.item.notes.map(\.code) == ["fields-changed"], "\(second.item.notes)")
        #expect(beta.image(id)?["os_distro"] == "debian")
    }

    @Test func `A replaced image is hidden once the copy is there, and a rollback shows it again`()
        async throws
    {
        beta.put("old", data: [1], ["name": "web"])
        let first = try await run("on_conflict: replace")
        #expect(first.item.action == .create)
        #expect(first.item.reason == .nameTaken(imageID: "old", .replace))
        #expect(first.item.notes.contains(.hides(imageIDs: ["old"])))
        #expect(first.transfer?.state == .done)
        #expect(first.transfer?.remarks.contains(.hidden(imageID: "old")) == true)
        #expect(beta.image("old")?["os_hidden"] == true)
        let id = try #require(first.transfer?.imageID)
        #expect(beta.image(id) != nil)

        #expect(try await run("on_conflict: replace").item.action == .skip)

        let rollback = try await scene.start(to: "{ cloud: beta, on_conflict: replace }")
        for removes in [false, true] {
            var copies: [UndoneCopy] = []
            _ = try await rollback.undo(run: 1, removes: removes) { copies.append($0) }
            #expect(copies.map(\.shownAgain) == [["old"]])
            #expect((beta.image(id) == nil) == removes)
            #expect(beta.image("old")?["os_hidden"] == .bool(!removes))
        }
    }

    @Test func `A rollback says that a replaced image is gone`() async throws {
        beta.put("old", data: [1], ["name": "web"])
        _ = try await run("on_conflict: replace")
        beta.burn("old")
        var copies: [UndoneCopy] = []
        let rollback = try await scene.start(to: "{ cloud: beta, on_conflict: replace }")
        _ = try await rollback.undo(run: 1, removes: false) { copies.append($0) }
        #expect(copies.map(\.fate) == [.remove])
        #expect(copies.map(\.replacedGone) == [["old"]])
    }

    @Test func `An image that could not be hidden at first is hidden by the next run`()
        async throws
    {
        beta.put("old", data: [1], ["name": "web"])
        beta.refuse("PATCH", "/v2/images/old", status: 403, times: 1)
        let first = try await run("on_conflict: replace")
        #expect(first.transfer?.state == .unpublished)
        #expect(beta.image("old")?["os_hidden"] != true)
        let second = try await run("on_conflict: replace")
        #expect(second.item.action == .update)
        #expect(second.item.notes.contains(.hides(imageIDs: ["old"])))
        #expect(second.transfer?.state == .done)
        #expect(beta.image("old")?["os_hidden"] == true)
    }

    // MARK: Names

    @Test func `An edited name is a difference, and the one of another day or of a rule is none`()
        async throws
    {
        func names(_ keys: String) async throws -> [String] {
            let target = "{ cloud: beta, on_conflict: rename, image: { \(keys) } }"
            return try await scene.checked(to: target).flatMap { image in
                image.differences.map(\.words)
            }
        }
        let first = try await run("on_conflict: rename, image: { name: '{name}-ko' }")
        let id = try #require(first.transfer?.imageID)
        #expect(try await names("name: '{name}-ko'") == [])
        #expect(try await names("name: '{name}-kp'") == ["name: web-kp -> web-ko"])
        #expect(try await names("name: 'web-{date}'") != [])

        // First a copy with the name of another day, then one that was renamed because another
        // image has its name.
        beta.burn(id)
        let dated = try await run("on_conflict: rename, image: { name: 'web-{date}' }")
        let second = try #require(dated.transfer)
        var former = second
        former.intent.record.name = "web-2026-01-01"
        try await scene.start().journal.commit(former)
        beta.put(try #require(second.imageID), ["name": "web-2026-01-01"])
        #expect(try await names("name: 'web-{date}'") == [])
        beta.burn(try #require(second.imageID))
        beta.put("other", data: [1], ["name": "web-ko"])
        let third = try await run("on_conflict: rename, image: { name: '{name}-ko' }")
        #expect(third.item.record.name?.hasPrefix("web-ko (") == true)
        #expect(try await names("name: '{name}-ko'") == [])
        let again = try await run("on_conflict: rename, image: { name: '{name}-ko' }")
        #expect(again.item.action == .skip && again.item.notes == [])
    }

    // MARK: Markers that prove nothing

    /// A server's snapshot has such a marker: of this copy, of another one, or in an invalid form.
    @Test(arguments: ["this", "another", "none"])
    func `An image with a copied marker is a conflict as any other`(marker: String) async throws {
        let first = try await run("on_conflict: fail", journal: "first.sqlite")
        let id = try #require(first.transfer?.imageID)
        let own = try #require(beta.image(id)?["tranship_origin"]?.string)
        beta.burn(id)
        let values = [
            "this": own, "another": "\(UUID().uuidString)/\(UUID().uuidString)", "none": "yes",
        ]
        let snapshot = "0d5a4c1e-6f6b-4b8e-9c46-3f5d1a2b7c80"
        let value = try #require(values[marker])
        beta.put(snapshot, data: [1], ["name": "web", "tranship_origin": .string(value)])
        for journal in ["first.sqlite", "second.sqlite"] {
            let failing = try await run("on_conflict: fail", journal: journal)
            #expect(failing.item.action == .conflict, "\(journal)")
            #expect(failing.item.reason == .nameTaken(imageID: snapshot, .fail), "\(journal)")
            let replacing = try await run("on_conflict: replace", journal: journal)
            #expect(replacing.item.reason == .nameTaken(imageID: snapshot, .cannotReplace))
        }
        #expect(beta.changes.count { $0 == "POST /v2/images" } == 1)
        #expect(beta.image(snapshot)?["os_hidden"] != true)
    }

    /// Two source images may have one name. That also holds if only another journal, or none, knows
    /// the copy of the other image, and if copies keep the ids of their sources.
    @Test(arguments: ["", ", image: { keep_id: true }"], ["journal.sqlite", "second.sqlite"])
    func `A copy of ours of another image of that name does not conflict`(
        keys: String, journal: String
    ) async throws {
        let source = "3f2c9f0a-90c5-4d37-8f57-5d1f8f4f9a11"
        scene.alpha.burn("s")
        func put(_ id: String, seed: UInt64) {
            scene.alpha.put(
                id, data: noise(1000, seed: seed),
                ["name": "web", "disk_format": "raw", "container_format": "bare"])
        }
        put(source, seed: 7)
        let first = try await run("on_conflict: fail\(keys)")
        #expect(first.transfer?.state == .done)
        put("7b0f6f0e-2f0f-4f5e-8d39-0c5a3f6f3c22", seed: 8)
        let second = try await scene.start(
            to: "{ cloud: beta, on_conflict: fail\(keys) }", journal: journal)
        let plan = try await second.plan()
        var actions: [PlanAction?] = []
        try await plan.items { actions += $0.map(\.action) }
        #expect(actions.count == 2 && !actions.contains(.conflict), "\(actions)")
        _ = try await second.carryOut(plan)
        #expect(beta.changes.count { $0 == "POST /v2/images" } == 2)
    }

    /// The image that the other pipeline copied is not in this plan, and this journal has no copy
    /// of it.
    @Test(arguments: ["fail", "skip", "replace", "rename", "keep-both"])
    func `A copy that another pipeline made of another image counts`(rule: String) async throws {
        let other = try await run("on_conflict: keep-both", journal: "first.sqlite")
        let id = try #require(other.transfer?.imageID)
        scene.alpha.burn("s")
        scene.alpha.put(
            "7b0f6f0e-2f0f-4f5e-8d39-0c5a3f6f3c22", data: noise(1000, seed: 8),
            ["name": "web", "disk_format": "raw", "container_format": "bare"])
        let item = try await run("on_conflict: \(rule)", journal: "second.sqlite").item
        let expected: (PlanAction, PlanReason) =
            switch rule {
            case "fail": (.conflict, .nameTaken(imageID: id, .fail))
            case "skip": (.skip, .nameTaken(imageID: id, .skip))
            case "replace": (.conflict, .nameTaken(imageID: id, .cannotReplace))
            case "rename": (.create, .nameTaken(imageID: id, .rename))
            default: (.create, .notAtTarget)
            }
        #expect(
            item.action == expected.0 && item.reason == expected.1,
            "\(String(describing: item.reason))")
        #expect(beta.image(id)?["os_hidden"] != true)
    }

    @Test func `A copy of this pipeline counts for none of its rules, also without its source`()
        async throws
    {
        #expect(try await run("on_conflict: fail").transfer?.state == .done)
        scene.alpha.burn("s")
        scene.alpha.put(
            "7b0f6f0e-2f0f-4f5e-8d39-0c5a3f6f3c22", data: noise(1000, seed: 8),
            ["name": "web", "disk_format": "raw", "container_format": "bare"])
        #expect(try await run("on_conflict: fail").item.action == .create)
    }

    @Test func `A protected image is never replaced`() async throws {
        beta.put("old", data: [1], ["name": "web", "protected": true])
        let first = try await run("on_conflict: replace")
        #expect(first.item.action == .conflict)
        #expect(first.item.reason == .nameTaken(imageID: "old", .cannotReplace))
        #expect(!beta.changes.contains { $0.contains("/v2/") })
    }
}
