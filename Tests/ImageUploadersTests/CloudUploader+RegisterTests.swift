// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import MigrationModel
import MigrationPipeline
import TestSupport
import Testing

@testable import ImageUploaders

@Suite(.timeLimit(.minutes(5))) struct CloudUploaderRegisterTests {
    private let target: Target

    init() throws { target = try Target() }

    @Test func `The id is written down before the record is made`() async throws {
        let transfer = try await target.register(Sample.transfer("a", state: .reading))
        #expect(transfer.state == .registered && transfer.imageID == target.id())
        #expect(target.committed == [transfer])
        target.glance.burn(target.id())
        let error = await failure {
            _ = try await target.uploader.register(
                Sample.transfer("a", state: .reading), references: [:]
            ) {
                (_) throws(TranshipError) in throw TranshipError(.journalFailed, "disk full")
            }
        }
        #expect(error?.code == .journalFailed)
        #expect(target.glance.changes.count == 1)
    }

    @Test func `The record says all that can be said before the first byte, and is private`()
        async throws
    {
        var transfer = Sample.transfer("a", record: Sample.record(visibility: .public))
        transfer.intent.record.minDiskGiB = 4
        transfer.intent.record.minRAMMiB = 512
        transfer.intent.record.tags = ["t"]
        transfer.intent.record.properties = ["os_distro": "debian"]
        transfer.intent.record.isProtected = true
        transfer.intent.record.isHidden = true
        _ = try await target.register(transfer)
        let record = try #require(target.glance.image(target.id()))
        #expect(record["name"] == "sample")
        #expect(record["visibility"] == "private")
        #expect(record["protected"] == false && record["os_hidden"] == false)
        #expect(record["min_disk"] == 4 && record["min_ram"] == 512 && record["tags"] == ["t"])
        #expect(record["os_distro"] == "debian")
        #expect(record[Origin.propertyName] == "lineage-a/version-a")
    }

    @Test func `The owner at the target makes another id`() async throws {
        var transfer = Sample.transfer("a")
        transfer.intent.record.ownerID = "project-9"
        let registered = try await target.register(transfer)
        #expect(registered.imageID != target.id())
        #expect(target.glance.image(registered.imageID ?? "")?["owner"] == "project-9")
    }

    @Test(arguments: [403, 413, 400])
    func `A refusal before the first byte is told as it is`(status: Int) async throws {
        target.glance.refuse("POST", "/v2/images", status: status, text: "property x is protected")
        let error = await failure { _ = try await target.register(Sample.transfer("a")) }
        #expect(error?.answer?.status == status)
        #expect(error?.message.contains("property x is protected") == true)
        #expect(target.committed.count == 1)
    }

    // MARK: 409

    @Test func `Burned ids are passed over, each one written down before it is tried`()
        async throws
    {
        for generation in 0..<3 { target.glance.burn(target.id(generation)) }
        let transfer = try await target.register(Sample.transfer("a"))
        #expect(transfer.placement.generation == 3 && transfer.imageID == target.id(3))
        #expect(target.committed.map(\.imageID) == (0...3).map { target.id($0) })
        #expect(target.glance.image(target.id(3))?["status"] == "queued")
    }

    @Test func `The search for an unused id ends`() async throws {
        for generation in 0..<CloudUploader.generationsMax {
            target.glance.burn(target.id(generation))
        }
        let error = await failure { _ = try await target.register(Sample.transfer("a")) }
        #expect(error?.code == .conflict)
        #expect(error?.message.contains("\(CloudUploader.generationsMax) ids") == true)
        #expect(error?.message.contains("already exists") == true)
        #expect(target.glance.changes.count == CloudUploader.generationsMax)
    }

    @Test func `A refusal that names no id is told after a few, and burns none of them`()
        async throws
    {
        target.glance.refuse("POST", "/v2/images", status: 409, text: "the region is read-only")
        var given = Sample.transfer("a")
        given.placement.generation = 2
        let error = await failure { _ = try await target.register(given) }
        #expect(error?.code == .conflict)
        #expect(error?.message.contains("the region is read-only") == true)
        #expect(error?.hint?.contains("tries the same ids") == true)
        #expect(target.glance.changes.count == CloudUploader.unexplainedMax)
        #expect(target.committed.last?.placement == given.placement)
    }

    @Test func `An id that someone else uses is a conflict and stays untouched`() async throws {
        target.glance.put(target.id(), ["name": "theirs"])
        let error = await failure { _ = try await target.register(Sample.transfer("a")) }
        #expect(error?.code == .targetConflict)
        #expect(target.glance.image(target.id())?["name"] == "theirs")
        #expect(target.glance.changes == ["POST /v2/images"])
    }

    @Test func `An empty record of ours from another life is used`() async throws {
        target.putOurs([:])
        let transfer = try await target.register(Sample.transfer("a"))
        #expect(transfer.state == .registered && transfer.imageID == target.id())
        #expect(transfer.placement.generation == 0)
    }

    @Test func `A whole copy of ours from another life is adopted and not sent again`()
        async throws
    {
        target.putOurs(["status": "active", "size": 10])
        let transfer = try await target.register(Sample.transfer("a"))
        #expect(transfer.state == .verifying)
        #expect(transfer.placement.isAdopted)
        #expect(target.glance.changes == ["POST /v2/images"])
    }

    @Test func `A busy record of ours from another life is waited for`() async throws {
        target.putOurs(["status": "saving"])
        guard
            case .snooze(let transfer, let seconds, let reason) =
                try await target.registering(Sample.transfer("a"))
        else {
            Issue.record("it did not wait")
            return
        }
        #expect(transfer.state == .registered && transfer.imageID == target.id())
        #expect(seconds == 1)
        #expect(
            reason.words
                == "another process is sending it, or died while it did (saving); waited 0s of at "
                + "most 1h 00m")
        #expect(target.committed.last?.imageID == target.id())
        #expect(target.glance.changes == ["POST /v2/images"])
    }

    @Test func `A spoiled record of ours gives way to the next id`() async throws {
        target.putOurs(["status": "killed"])
        let transfer = try await target.register(Sample.transfer("a"))
        #expect(transfer.placement.generation == 1 && transfer.imageID == target.id(1))
        #expect(target.glance.isBurned(target.id()))
    }

    @Test(arguments: ["stores", "checksum", "os_hash_value"])
    func `A record that is made with something in it is not filled`(key: String) async throws {
        target.putOurs(["status": "queued", key: "fast"])
        let record = try #require(target.glance.image(target.id()))
        target.glance.answer(
            "POST", "/v2/images", times: 1,
            with: .status(201, body: Array(try JSONEncoder().encode(JSONValue.object(record)))))
        let transfer = try await target.register(Sample.transfer("a"))
        #expect(transfer.placement.generation == 1 && transfer.imageID == target.id(1))
        #expect(target.glance.isBurned(target.id()))
    }

    @Test func `A record that is known and there is not made again`() async throws {
        let given = target.begun(.registered, [:])
        #expect(try await target.register(given) == given)
        #expect(target.glance.changes.isEmpty)
    }

    @Test func `A kernel is named by the id that it has at the target`() async throws {
        let transfer = try await target.register(
            Sample.transfer("a"), references: ["kernel_id": "k-at-beta"])
        #expect(target.glance.image(transfer.imageID ?? "")?["kernel_id"] == "k-at-beta")
    }

    // MARK: Kept ids: `CloudUploader+MadeTests` has what the service makes otherwise

    private static let kept = "6f1cdf4c-6a3c-4d3e-9b0a-0a5b1e9f3c11"

    private func keeping(_ rule: PlannedRecord.KeptID) -> Transfer {
        var transfer = Sample.transfer("a")
        transfer.intent.source.imageID = Self.kept
        transfer.intent.record.keptID = rule
        return transfer
    }

    @Test(arguments: [PlannedRecord.KeptID.required, .preferred])
    func `A kept id is the source's own`(rule: PlannedRecord.KeptID) async throws {
        let transfer = try await target.register(keeping(rule))
        #expect(transfer.imageID == Self.kept && transfer.holdsKeptID)
        #expect(target.glance.image(Self.kept)?["status"] == "queued")
        // A record that was given up without its data is filled again.
        try await target.uploader.discard(transfer)
        #expect(target.glance.image(Self.kept)?["status"] == "queued")
        var again = transfer
        again.abandonRecord()
        #expect(again.state == .planned && again.placement.generation == 0)
        #expect(try await target.register(again).imageID == Self.kept)
    }

    @Test func `A kept id that cannot be had is told, and nothing is touched`() async throws {
        target.glance.burn(Self.kept)
        let burned = await failure { _ = try await target.register(keeping(.required)) }
        #expect(burned?.code == .idBlocked && burned?.isTransient == false)
        #expect(
            burned?.message
                == "id \(Self.kept) cannot be had at the target: the target has given it to an "
                + "image that was deleted, or that this project cannot see")
        let other = try Target()
        other.glance.put(Self.kept, ["name": "theirs", "owner": "p9"])
        let taken = await failure { _ = try await other.register(keeping(.required)) }
        #expect(taken?.code == .idBlocked)
        #expect(
            taken?.message
                == "id \(Self.kept) cannot be had at the target: it is the id of another image, "
                + "\"theirs\" of project p9")
        #expect(other.glance.image(Self.kept)?["name"] == "theirs")
    }

    @Test func `A preferred id that cannot be had gives way to a derived one, and is reported`()
        async throws
    {
        target.glance.put(Self.kept, ["name": "theirs"])
        let transfer = try await target.register(keeping(.preferred))
        #expect(transfer.state == .registered && transfer.placement.generation == 1)
        #expect(transfer.imageID != Self.kept && !transfer.holdsKeptID)
        #expect(
            transfer.remarks.map(\.words) == [
                "id \(Self.kept) could not be kept: it is the id of another image, "
                    + "\"theirs\" of project project"
            ])
        #expect(target.glance.image(Self.kept)?["name"] == "theirs")
    }

    @Test func `Data under a kept id that nothing proves stays, and is told`() async throws {
        let transfer = try await target.register(keeping(.required))
        target.glance.put(
            Self.kept,
            [
                "status": "active", "visibility": "private",
                Origin.propertyName: .string(transfer.origin.propertyValue),
            ])
        let error = await failure { _ = try await target.uploader.abandon(transfer, isWrong: true) }
        #expect(error?.code == .idBlocked)
        #expect(target.glance.image(Self.kept)?["status"] == "active")
        // If the id is only preferred, the copy continues without it.
        let given = keeping(transfer, .preferred)
        let passing = await failure { _ = try await target.uploader.abandon(given, isWrong: false) }
        #expect(passing?.code == .idBlocked)
        let preferred = try await target.uploader.abandon(given, isWrong: true)
        #expect(preferred.state == .planned && preferred.placement.generation == 1)
        #expect(preferred.imageID == nil && preferred.remarks.count == 1)
        #expect(target.glance.image(Self.kept)?["status"] == "active")
        // If the record is published, another host proved it: a second copy would be a duplicate.
        target.glance.put(Self.kept, ["visibility": "shared"])
        let published = await failure {
            _ = try await target.uploader.abandon(given, isWrong: true)
        }
        #expect(published?.code == .targetConflict)
        #expect(target.glance.image(Self.kept)?["status"] == "active")
    }

    private func keeping(_ given: Transfer, _ rule: PlannedRecord.KeptID) -> Transfer {
        var transfer = given
        transfer.intent.record.keptID = rule
        return transfer
    }
}
