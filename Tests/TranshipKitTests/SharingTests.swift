// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// Members that the source gains and loses after the copy, in complete runs between two clouds.
@Suite(.timeLimit(.minutes(5))) struct SharingTests {
    private let scene: CloudScene
    private var alpha: GlanceServer { scene.alpha }
    private var beta: GlanceServer { scene.beta }

    init() throws {
        scene = try CloudScene()
        scene.put(["visibility": "shared"])
    }

    private func run(
        _ keys: String = "on_conflict: update", target: String = "cloud: beta",
        journal: String = "journal.sqlite"
    ) async throws -> (item: PlanItem, transfer: Transfer?) {
        let members = target.hasPrefix("cloud") ? ", image: { members: keep }" : ""
        return try await scene.run(to: "{ \(target), \(keys)\(members) }", journal: journal)
    }

    @Test func `A new member gets the copy by the next update, and a former one keeps it, named`()
        async throws
    {
        alpha.setMembers(["p1"], of: "s")
        let id = try #require(try await run().transfer?.imageID)
        #expect(beta.members(of: id) == ["p1"])
        #expect(try await run().item.action == .skip)

        alpha.setMembers(["p1", "p2"], of: "s")
        let second = try await run()
        #expect(second.item.action == .update)
        #expect(second.item.reason == .fieldsChanged(imageID: id, fields: ["members"]))
        #expect(second.transfer?.state == .done)
        #expect(beta.members(of: id) == ["p1", "p2"])

        alpha.setMembers(["p2"], of: "s")
        let third = try await run()
        #expect(third.item.action == .skip)
        #expect(third.item.notes == [.membersGone(["p1"], imageID: id)])
        #expect(beta.members(of: id) == ["p1", "p2"])
    }

    @Test func `A member that was removed at the target does not come back`() async throws {
        alpha.setMembers(["p1", "p2"], of: "s")
        let id = try #require(try await run().transfer?.imageID)
        beta.setMembers(["p2"], of: id)
        #expect(try await run().item.action == .skip)
        #expect(beta.members(of: id) == ["p2"])
    }

    @Test func `Without the rule new members change nothing`() async throws {
        let id = try #require(try await run("on_conflict: keep-both").transfer?.imageID)
        alpha.setMembers(["p1"], of: "s")
        #expect(try await run("on_conflict: keep-both").item.action == .skip)
        #expect(beta.members(of: id).isEmpty)
    }

    @Test func `Without a table, only the number of members can be compared`() async throws {
        let target = "{ cloud: beta, image: { members: map } }"
        let id = try #require(try await scene.run(to: target).transfer?.imageID)
        beta.setMembers(["q1"], of: id)
        for (members, differing) in [([], []), (["p1"], []), (["p1", "p2"], [.members])]
            as [([String], [RecordField])]
        {
            alpha.setMembers(members, of: "s")
            let checked = try await scene.checked(to: target).first
            #expect(checked?.differences.map(\.field) == differing, "\(members)")
        }
    }

    @Test func `A copy that an operator has made private is not shared`() async throws {
        let id = try #require(try await run().transfer?.imageID)
        beta.put(id, ["visibility": "private"])
        alpha.setMembers(["p1"], of: "s")
        let second = try await run()
        #expect(second.item.action == .update)
        #expect(second.transfer?.state == .done)
        #expect(beta.members(of: id).isEmpty)
        #expect(beta.image(id)?["visibility"] == "private")
    }

    @Test func `An image that became shared after its copy is shared with its members`()
        async throws
    {
        scene.put(["visibility": "private"])
        let id = try #require(try await run().transfer?.imageID)
        scene.put(["visibility": "shared"])
        alpha.setMembers(["p1"], of: "s")
        #expect(try await run().transfer?.state == .done)
        #expect(beta.members(of: id) == ["p1"])
    }

    // MARK: Tables of owners

    /// Ids of projects that no Keystone shows to the users of the scene.
    private static let ids = "abcdef".map { String(repeating: $0, count: 32) }
    private static let allOwners = "{ cloud: alpha, images: { owner: any } }"

    private func target(owners: String) -> String { "{ cloud: beta, image: { owner: \(owners) } }" }

    private func hideProjects() {
        for id in Self.ids {
            alpha.refuse("GET", "/v3/projects/\(id)", status: 403)
            beta.refuse("GET", "/v3/projects/\(id)", status: 403)
        }
        scene.put(["visibility": "shared", "owner": .string(Self.ids[0])])
    }

    private func run(owners: String) async throws -> (item: PlanItem, transfer: Transfer?) {
        let run = try await scene.start(to: target(owners: owners), from: Self.allOwners)
        let plan = try await run.plan()
        var items: [PlanItem] = []
        try await plan.items { items += $0 }
        let summary = try await run.carryOut(plan)
        let transfers = try await summary.status.transfers(in: TransferState.allCases, limit: 10)
        return (try #require(items.first), transfers.first)
    }

    private func checked(owners: String) async throws -> [CheckedImage] {
        let checked = Guarded<[CheckedImage]>([])
        let run = try await scene.start(to: target(owners: owners), from: Self.allOwners)
        _ = try await run.check(downloads: false) { image in
            checked.withLock { $0.append(image) }
        }
        return checked.withLock { $0 }
    }

    @Test func `A member without a line in the table is named by check and by later plans`()
        async throws
    {
        hideProjects()
        let (left, mapped, other) = (Self.ids[2], Self.ids[4], Self.ids[5])
        let owners = "{ \(Self.ids[0]): \(Self.ids[3]), \(Self.ids[1]): \(mapped) }"
        alpha.setMembers([Self.ids[1], left], of: "s")
        let first = try await run(owners: owners)
        let id = try #require(first.transfer?.imageID)
        #expect(first.item.notes.contains(.notShared(projectID: left)))
        #expect(beta.members(of: id) == [mapped])
        let check = try #require(try await checked(owners: owners).first)
        #expect(check.verdict == .same && check.differences.isEmpty)
        #expect(check.note?.contains("image \(id) was not shared with \(left)") == true)
        let later = try await run(owners: owners).item
        #expect(later.action == .skip)
        #expect(later.notes == [.membersLeftOut([left], imageID: id)])

        // The operator has found the project.
        beta.setMembers([mapped, other], of: id)
        #expect(try await checked(owners: owners).first?.differences == [])
    }

    @Test func `A copy whose project has left the table is extra, with the reason of the plan`()
        async throws
    {
        hideProjects()
        let owner = Self.ids[0]
        let first = try await run(owners: "{ \(owner): \(Self.ids[3]) }")
        let id = try #require(first.transfer?.imageID)
        let images = try await checked(owners: "{ \(Self.ids[1]): \(Self.ids[3]) }")
        let extra = try #require(images.first { $0.verdict == .extra })
        #expect(extra.imageID == id)
        #expect(extra.note?.contains("refuses now: its owner \(owner) is not in") == true)
    }

    // MARK: Lost journals

    /// The journal was lost after the data was sent, and before the copy was published.
    @Test func `A copy that is adopted before it was published gets its members`() async throws {
        let first = try await run("on_conflict: keep-both")
        let id = try #require(first.transfer?.imageID)
        beta.put(id, ["visibility": "private"])
        alpha.setMembers(["p1"], of: "s")
        let second = try await run("on_conflict: keep-both", journal: "other.sqlite")
        #expect(second.item.reason == .toBeProved(imageID: id))
        #expect(second.transfer?.state == .done)
        #expect(beta.members(of: id) == ["p1"])
    }

    @Test func `An archive has the members of the source, also former ones`() async throws {
        let target = "archive: \(scene.folder.file("export"))"
        alpha.setMembers(["p1"], of: "s")
        let id = try #require(try await run(target: target).transfer?.imageID)
        func members() throws -> [String] {
            let text = String(
                decoding: try scene.folder.bytes(of: "export/images/\(id).json"), as: UTF8.self)
            return ["p1", "p2"].filter { text.contains("\"member_id\" : \"\($0)\"") }
        }
        #expect(try members() == ["p1"])
        alpha.setMembers(["p2"], of: "s")
        #expect(try await run(target: target).item.action == .update)
        #expect(try members() == ["p2"])
        alpha.setMembers([], of: "s")
        #expect(try await run(target: target).item.notes.isEmpty)
        #expect(try members().isEmpty)
    }
}

/// A target that accepts few members for an image (`image_member_quota`).
@Suite(.timeLimit(.minutes(5))) struct MemberQuotaTests {
    private let scene: CloudScene
    private let quota: Quota

    /// Refuses members as Glance does, for one image beyond two.
    private final class Quota: Sendable {
        private struct State {
            var max = 2
            /// The number of members of each image, by the path of its members.
            var members: [String: Int] = [:]
        }

        private let state = Guarded(State())

        func raise() { state.withLock { $0.max = .max } }

        func refuses(_ request: ReceivedRequest) -> Bool {
            guard request.method == "POST", request.path.hasSuffix("/members") else { return false }
            return state.withLock { state in
                guard state.members[request.path, default: 0] < state.max else { return true }
                state.members[request.path, default: 0] += 1
                return false
            }
        }
    }

    init() throws {
        scene = try CloudScene()
        quota = Quota()
        for (size, members) in [(1000, 3), (2000, 2), (3000, 5), (4000, 0)] {
            let id = "size-\(size)"
            scene.alpha.put(
                id, data: noise(size),
                [
                    "name": .string(id), "disk_format": "raw", "container_format": "bare",
                    "visibility": "shared",
                ])
            scene.alpha.setMembers((0..<members).map { "p\($0)" }, of: id)
        }
        scene.beta.answer(
            with: .status(
                413,
                text: "The limit has been exceeded on the number of allowed image members. "
                    + "Attempted: 3, Maximum: 2"), where: { [quota] in quota.refuses($0) })
    }

    private func run() async throws -> (summary: RunSummary, transfers: [String: Transfer]) {
        let run = try await scene.start(
            to: "{ cloud: beta, limits: { images: 1 }, image: { members: keep } }")
        let summary = try await run.carryOut(try await run.plan())
        let all = try await summary.status.transfers(in: TransferState.allCases, limit: 10)
        return (
            summary,
            Dictionary(
                all.map { ($0.source.name ?? "", $0) }, uniquingKeysWith: { $1 })
        )
    }

    @Test
    func `A refused member costs its image alone, whose data stays, and the next run goes on`()
        async throws
    {
        let (summary, first) = try await run()
        #expect(summary.exitStatus == .someFailed && summary.pausedTargets.isEmpty)
        #expect(
            first.mapValues(\.state) == [
                "size-1000": .unpublished, "size-2000": .done, "size-3000": .failed,
                "size-4000": .done,
            ])
        let half = try #require(first["size-1000"])
        let id = try #require(half.imageID)
        #expect(half.failure?.code == .unpublished)
        #expect(half.failure?.message.contains("sharing it with 3 projects (p0, p1, p2)") == true)
        #expect(half.failure?.message.contains("allowed image members") == true)
        #expect(half.failure?.hint?.contains("image_member_quota") == true)
        #expect(scene.beta.image(id)?["status"] == "active")
        #expect(scene.beta.members(of: id) == ["p0", "p1"])
        let unsent = try #require(first["size-3000"])
        #expect(unsent.failure?.message.contains("this one has 5 members") == true)
        #expect(scene.beta.asked.count { $0.hasSuffix("/file") } == 3)

        quota.raise()
        let (again, second) = try await run()
        #expect(again.exitStatus == .done)
        #expect(second.values.allSatisfy { [.done, .skipped].contains($0.state) })
        #expect(second["size-1000"]?.imageID == id)
        #expect(scene.beta.members(of: id) == ["p0", "p1", "p2"])
        #expect(scene.beta.ids.count == 4)
        // Only the image that was not sent before.
        #expect(scene.beta.asked.count { $0.hasSuffix("/file") } == 4)
    }
}
