// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Digests
import Foundation
import ImageArchives
import MigrationModel
import MigrationPipeline
import OpenStackImage
import Publishing
import TestSupport
import Testing

@testable import ImageUploaders

/// An archive target in a folder of its own.
private final class ArchiveSite: Sendable {
    let folder: TemporaryFolder
    let archive: ArchiveFolder
    let uploader: ArchiveUploader
    let publisher: ArchivePublisher
    let committed = Guarded<[Transfer]>([])

    init() throws {
        folder = try TemporaryFolder()
        archive = ArchiveFolder(folder.file("export"), as: .target)
        uploader = ArchiveUploader(
            targetKey: "beta", archive: archive, now: { 1_800_000_000_000 })
        publisher = ArchivePublisher(archive: archive, now: { 1_800_000_000_000 })
    }

    static func id(_ generation: Int = 0) -> String {
        ImageIdentity.imageID(of: Sample.source("a"), project: "", generation: generation)
    }

    func register(
        _ transfer: Transfer, references: [String: String] = [:]
    ) async throws(TranshipError) -> MigrationPipeline.Outcome {
        try await uploader.register(transfer, references: references) {
            (transfer) throws(TranshipError) in self.committed.withLock { $0.append(transfer) }
        }
    }

    /// Registers a transfer, and sends these bytes.
    func send(
        _ transfer: Transfer, _ bytes: [UInt8], references: [String: String] = [:]
    ) async throws -> Transfer {
        guard case .send(var next) = try await register(transfer, references: references) else {
            throw NotSent()
        }
        next.move(to: .sending)
        next.placement.claimContents()
        next.proof.sizeBytes = Int64(bytes.count)
        let ring = ByteRing()
        try bytes.withUnsafeBytes { try ring.write($0) }
        ring.finishWriting()
        return try await uploader.send(next, from: ring)
    }

    /// Performs all steps of a copy.
    func copy(
        _ transfer: Transfer, _ bytes: [UInt8], references: [String: String] = [:]
    ) async throws -> Transfer {
        var sent = try await send(transfer, bytes, references: references)
        sent.move(to: .publishing)
        return try await publisher.publish(sent, references: references)
    }

    func fileNames() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.file("export/images"))
    }

    func listed() async throws -> [TargetImage] {
        let found = Guarded<[TargetImage]>([])
        try await uploader.list(ownerID: "ignored") { page in found.withLock { $0 += page } }
        return found.withLock { $0 }
    }

    struct NotSent: Error {}
}

@Suite(.timeLimit(.minutes(5))) struct ArchiveUploaderTests {
    private static func planned() -> Transfer {
        var record = Sample.record(visibility: .shared)
        record.members = .keep
        record.isProtected = true
        record.isHidden = true
        record.isDeactivated = true
        record.tags = ["prod", "a"]
        record.properties = ["os_distro": "debian"]
        record.minDiskGiB = 2
        var transfer = Sample.transfer("a", record: record)
        transfer.members = ["p1", "p2"]
        transfer.memberAnswers = ["p1": "accepted"]
        return transfer
    }

    @Test func `The id is committed before anything is written, and fields are published last`()
        async throws
    {
        let site = try ArchiveSite()
        let bytes = noise(10)
        var sent = try await site.send(Self.planned(), bytes, references: ["kernel_id": "k"])
        #expect(site.committed.withLock { $0.map(\.imageID) } == [ArchiveSite.id()])
        #expect(sent.state == .verifying)
        let report = try await site.uploader.report(sent)
        #expect(report.checksums == [try digest(.sha512, of: bytes)])
        #expect(report.sizeBytes == 10 && report.status == .active)
        let before = try #require(try await site.listed().first)
        #expect(before.visibility == .private && before.isAsMade)
        #expect(before.originValue == Sample.origin(of: "a").propertyValue)

        sent.move(to: .publishing)
        let done = try await site.publisher.publish(sent, references: ["kernel_id": "k2"])
        #expect(done.state == .done)
        let found = try #require(
            try await site.uploader.record(ArchiveSite.id(), withMembers: true))
        #expect(found.image.status == .deactivated && found.image.visibility == .shared)
        #expect(found.image.isProtected && found.image.isHidden)
        #expect(found.members == ["p1", "p2"])
        #expect(found.properties["kernel_id"] == "k2" && found.properties["os_distro"] == "debian")
        #expect(
            RecordComparison(
                wanted: Self.planned().record, references: ["kernel_id": "k2"],
                members: ["p1", "p2"]
            ).differences(found).isEmpty)
        let id = try #require(ArchivedID(ArchiveSite.id()))
        let record = try #require(try site.archive.image(id)?.record)
        #expect(record.members[0] == ["member_id": "p1", "status": "accepted"])
        #expect(record.members[1]["status"] == "pending")
        #expect(record.image.ownerID == "project-1" && record.source["id"] == "a")
        // Publishing can be repeated.
        #expect(try await site.publisher.publish(sent, references: ["kernel_id": "k2"]) == done)
        let ring = ByteRing()
        try await site.uploader.readBack(done, into: ring)
        #expect(ring.writtenBytes == 10)
    }

    @Test func `What an earlier process left is found in every state`() async throws {
        let site = try ArchiveSite()
        let transfer = Sample.transfer("a", state: .registered, imageID: ArchiveSite.id())
        // The archive has nothing: another process died before it wrote the record.
        guard case .send = try await site.uploader.reconcile(transfer) else {
            Issue.record("not sent")
            return
        }
        // The archive has the record without data.
        guard case .send = try await site.register(transfer),
            case .send(let again) = try await site.uploader.reconcile(transfer)
        else {
            Issue.record("not sent")
            return
        }
        #expect(again.state == .registered)
        #expect(try await site.listed().map(\.status) == [.queued])
        // The archive has the data, not yet published: by this journal and by another one.
        _ = try await site.send(transfer, noise(10))
        guard case .advance(let whole) = try await site.uploader.reconcile(transfer) else {
            Issue.record("not found whole")
            return
        }
        #expect(whole.state == .verifying && whole.placement.isAdopted)
        guard case .advance = try await site.register(Sample.transfer("a")) else {
            Issue.record("a lost journal does not find it")
            return
        }
    }

    @Test func `An image of other origin under the id is not touched`() async throws {
        let site = try ArchiveSite()
        let id = try #require(ArchivedID(ArchiveSite.id()))
        try site.archive.prepare(
            id,
            ArchiveRecord(fields: [
                "id": .string(id.text), "status": "queued", "name": "other",
                "tranship_origin": "someone/else",
            ]))
        let error = await failure { _ = try await site.register(Sample.transfer("a")) }
        #expect(error?.code == .targetConflict)
        let transfer = Sample.transfer("a", state: .registered, imageID: id.text)
        let refused = await failure { _ = try await site.uploader.discard(transfer) }
        #expect(refused?.code == .targetConflict)
        #expect(try await site.listed().map(\.name) == ["other"])
    }

    @Test func `A kept id that another image has is given up or refused`() async throws {
        let kept = "0f2c8c0e-5d0b-4a1f-9a7e-6d3c2b1a0987"
        let other = try #require(ArchivedID(kept))
        for rule in [PlannedRecord.KeptID.preferred, .required] {
            let site = try ArchiveSite()
            try site.archive.prepare(
                other, ArchiveRecord(fields: ["id": .string(kept), "status": "queued"]))
            var record = Sample.record()
            record.keptID = rule
            let transfer = Sample.transfer(
                "a", source: Sample.source(kept), record: record)
            if rule == .required {
                let error = await failure { _ = try await site.register(transfer) }
                #expect(error?.code == .idBlocked)
            } else {
                let next = try await site.register(transfer)
                #expect(next.transfer.imageID != kept && next.transfer.state == .registered)
            }
        }
        let site = try ArchiveSite()
        var record = Sample.record()
        record.keptID = .required
        let done = try await site.copy(
            Sample.transfer("a", source: Sample.source(kept), record: record), noise(10))
        #expect(done.imageID == kept && done.state == .done)
    }

    @Test func `An unfinished copy of ours is discarded, and its id is used again`() async throws {
        let site = try ArchiveSite()
        var sent = try await site.send(Sample.transfer("a"), noise(10))
        #expect(try await site.uploader.abandon(sent, isWrong: true).placement.generation == 0)
        #expect(try await site.listed().isEmpty)
        // A published image stays.
        var record = Sample.record(visibility: .public)
        record.isProtected = true
        sent = try await site.copy(Sample.transfer("a", record: record), noise(10))
        let error = await failure { _ = try await site.uploader.discard(sent) }
        #expect(error?.code == .targetConflict)
        #expect(try await site.listed().count == 1)
    }

    @Test func `A rollback removes what the run left, and keeps what was edited since`()
        async throws
    {
        let site = try ArchiveSite()
        let done = try await site.copy(Self.planned(), noise(10))
        let id = try #require(ArchivedID(ArchiveSite.id()))
        let original = try #require(try site.archive.image(id)?.record)
        var edited = original
        edited.fields["os_distro"] = "mine"
        try site.archive.publish(id, edited)
        var deletes = 10
        var copy = UndoneCopy(done, .madeByRun(1))
        try await site.uploader.undo(&copy, references: [:], deletesLeft: &deletes)
        #expect(copy.fate == .keep && deletes == 10)
        try site.archive.publish(id, original)
        var (dry, none) = (UndoneCopy(done, .madeByRun(1)), 0)
        try await site.uploader.undo(&dry, references: [:], deletesLeft: &none)
        #expect(dry.fate == .remove)
        copy = UndoneCopy(done, .madeByRun(1))
        try await site.uploader.undo(&copy, references: [:], deletesLeft: &deletes)
        #expect(copy.fate == .removed && deletes == 9)
        #expect(try await site.listed().isEmpty)
    }

    @Test func `Earlier versions are hidden, renamed, deactivated, restored and deleted`()
        async throws
    {
        let site = try ArchiveSite()
        let transfer = try await site.copy(Sample.transfer("a"), noise(10))
        func change(_ action: Change.Action, newName: String? = nil) async throws -> TargetImage? {
            let image = try #require(try await site.listed().first)
            let change = Change(
                action, image, origin: transfer.origin, currentVersionID: "next",
                record: transfer.record, newName: newName, reason: .notAtTarget)
            let ended = try await site.uploader.carryOut(change)
            #expect(ended.state == .done, "\(action): \(ended.failure?.message ?? "")")
            #expect(
                try await site.uploader.carryOut(change).state
                    == (action == .delete ? .left : .done))
            return try await site.listed().first
        }
        #expect(try await change(.hide)?.isHidden == true)
        #expect(try await change(.rename, newName: "old")?.name == "old")
        #expect(try await change(.deactivate)?.status == .deactivated)
        let restored = try #require(try await change(.restore))
        #expect(restored.name == "sample" && !restored.isHidden && restored.status == .active)
        #expect(try await change(.delete) == nil)
    }

    @Test func `A process that dies between the two steps of publishing leaves nothing for good`()
        async throws
    {
        let site = try ArchiveSite()
        let done = try await site.copy(Self.planned(), noise(10))
        let id = try #require(ArchivedID(ArchiveSite.id()))
        let record = try #require(try site.archive.image(id)?.record)
        try site.archive.prepare(id, record)
        #expect(try site.fileNames().contains { $0.hasPrefix(".") })
        let again = try await site.publisher.publish(
            done.republished(as: done.record), references: [:])
        #expect(again.state == .done)
        #expect(try !site.fileNames().contains { $0.hasPrefix(".") })
    }

    @Test func `An update carries over what changed at the source, and keeps what was edited here`()
        async throws
    {
        let site = try ArchiveSite()
        let done = try await site.copy(Self.planned(), noise(10))
        let id = try #require(ArchivedID(ArchiveSite.id()))
        var edited = try #require(try site.archive.image(id)?.record)
        edited.fields["os_distro"] = "mine"
        try site.archive.publish(id, edited)
        var wanted = done.record
        wanted.name = "renamed"
        wanted.minDiskGiB = 9
        wanted.tags = ["new"]
        wanted.isDeactivated = false
        wanted.isProtected = false
        wanted.properties = ["os_distro": "ubuntu", "added": "yes"]
        let updated = try await site.publisher.publish(done.updated(to: wanted), references: [:])
        #expect(updated.state == .done && updated.record.updatedFrom == nil)
        #expect(updated.remarks == [.editedAtTarget(fields: ["properties.os_distro"])])
        let found = try #require(try await site.uploader.record(id.text, withMembers: true))
        #expect(found.image.name == "renamed" && found.minDiskGiB == 9 && found.tags == ["new"])
        #expect(found.image.status == .active && !found.image.isProtected)
        #expect(found.properties["os_distro"] == "mine" && found.properties["added"] == "yes")
        #expect(found.image.originValue == Sample.origin(of: "a").propertyValue)
        #expect(found.image.checksums == [try digest(.sha512, of: noise(10))])
    }

    @Test func `A record that cannot be read is listed as foreign, and the others go on`()
        async throws
    {
        let site = try ArchiveSite()
        _ = try await site.copy(Sample.transfer("a"), noise(10))
        try Data("{".utf8).write(
            to: URL(
                fileURLWithPath:
                    "\(site.archive.path)/images/00000000-0000-0000-0000-000000000000.json"))
        let listed = try await site.listed()
        #expect(listed.map(\.status) == [.killed, .active])
        #expect(listed[0].originValue == nil)
    }
}
