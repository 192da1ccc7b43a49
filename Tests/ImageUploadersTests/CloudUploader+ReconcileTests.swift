// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import MigrationModel
import MigrationPipeline
import TestSupport
import Testing

@testable import ImageUploaders

/// One test for each row of the table in the source.
@Suite(.timeLimit(.minutes(5))) struct CloudUploaderReconcileTests {
    private let target: Target

    init() throws { target = try Target() }

    private func reconcile(_ transfer: Transfer) async throws(TranshipError) -> Outcome {
        try await target.uploader.reconcile(transfer)
    }

    /// Returns the transfer that continues; nil for another outcome.
    private func advanced(_ transfer: Transfer) async throws(TranshipError) -> Transfer? {
        guard case .advance(let next) = try await reconcile(transfer) else { return nil }
        return next
    }

    @Test(arguments: [TransferState.registered, .sending])
    func `A record that is not there is made again under the same id`(
        state: TransferState
    ) async throws {
        var given = target.begun(state)
        given.placement.adoptContents()
        guard case .send(let transfer) = try await reconcile(given) else {
            Issue.record("nothing is to be sent")
            return
        }
        #expect(transfer.state == .registered)
        #expect(transfer.imageID == target.id() && transfer.placement.generation == 0)
        // It is not the record that existed before.
        #expect(!transfer.placement.isAdopted)
    }

    @Test(arguments: [TransferState.registered, .sending])
    func `An empty record gets its body`(state: TransferState) async throws {
        let given = target.begun(state, ["status": "queued"])
        guard case .send(let transfer) = try await reconcile(given) else {
            Issue.record("nothing is to be sent")
            return
        }
        #expect(transfer.state == .registered && transfer.imageID == given.imageID)
        // The next sender fills the record.
        #expect(!transfer.placement.isFilledByUs)
        #expect(target.glance.changes.isEmpty)
    }

    @Test(arguments: ["checksum", "os_hash_value"])
    func `A record that a refused body spoiled is discarded`(key: String) async throws {
        let given = target.begun(.sending, ["status": "queued", key: "d41d8cd98f00b204"])
        guard case .send(let transfer) = try await reconcile(given) else {
            Issue.record("nothing is to be sent")
            return
        }
        #expect(transfer.state == .planned && transfer.placement.generation == 1)
        #expect(transfer.imageID == nil)
        #expect(target.glance.isBurned(target.id()))
    }

    @Test func `A record that holds stores is never filled`() async throws {
        let given = target.begun(.sending, ["status": "queued", "stores": "fast"])
        guard case .send(let transfer) = try await reconcile(given) else {
            Issue.record("nothing is to be sent")
            return
        }
        #expect(transfer.state == .planned && transfer.placement.generation == 1)
        #expect(target.glance.isBurned(target.id()))
    }

    @Test(arguments: [(1, false), (2, true)])
    func `An empty record that refuses data twice is discarded`(
        surprises: Int, discarded: Bool
    ) async throws {
        var given = target.begun(.registered, ["status": "queued"])
        given.tries.surprises = surprises
        guard case .send(let transfer) = try await reconcile(given) else {
            Issue.record("nothing is to be sent")
            return
        }
        #expect(transfer.placement.generation == (discarded ? 1 : 0))
        #expect(target.glance.isBurned(target.id()) == discarded)
    }

    @Test(arguments: ["saving", "uploading"])
    func `A body that still arrives is looked at again`(status: String) async throws {
        let given = target.begun(.sending, ["status": .string(status)])
        guard case .snooze(let transfer, let seconds, let reason) = try await reconcile(given)
        else {
            Issue.record("it did not wait")
            return
        }
        #expect(transfer.wait.busy?.looks == 1 && transfer.state == .sending)
        #expect(transfer.placement.isFilledByUs)
        #expect(seconds == 0.3)
        #expect(reason == .brokenBody(status: ImageStatus(rawValue: status)))
        #expect(target.glance.changes.isEmpty)
    }

    /// The service writes the size of staged data when all of it has arrived.
    @Test(
        arguments: [
            (1000, true, .glanceDirect, true), (999, true, .glanceDirect, false),
            (nil, true, .glanceDirect, false), (1000, false, .glanceDirect, false),
            (1000, true, .upload, false),
        ] as [(Int64?, Bool, UploadMethod, Bool)])
    func `Staged data that is whole is imported`(
        sizeBytes: Int64?, isOurs: Bool, method: UploadMethod, isImported: Bool
    ) async throws {
        var given = target.begun(
            .sending,
            ["status": "uploading", "size": sizeBytes.map(JSONValue.integer) ?? .null])
        given.intent.method = method
        given.proof.sizeBytes = 1000
        given.proof.computed = [try Sample.checksum(.sha512, "a")]
        if !isOurs { given.placement.yieldContents() }
        let next = try await advanced(given)
        #expect(next?.state == (isImported ? .importing : nil))
        // Without a digest to compare, nothing would show which data was imported.
        given.proof.computed = []
        #expect(try await advanced(given) == nil)
        given.proof.promised = try Sample.checksum(.sha512, "a")
        #expect(try await advanced(given)?.state == (isImported ? .importing : nil))
        #expect(target.glance.changes.isEmpty)
    }

    @Test func `A body that never ends is given up, and its record with it`() async throws {
        var given = target.begun(.sending, ["status": "saving", "updated_at": nil])
        _ = given.wait.noteBusy(nil, now: 0)
        given.wait.busy?.looks = CloudUploader.busyLooksMax - 1
        guard case .snooze(let last, let seconds, _) = try await reconcile(given) else {
            Issue.record("it gave up too early")
            return
        }
        #expect(seconds == 1)
        guard case .send(let transfer) = try await reconcile(last) else {
            Issue.record("it did not give up")
            return
        }
        #expect(transfer.placement.generation == 1)
        #expect(target.glance.isBurned(target.id()))
    }

    // MARK: Other hosts

    @Test func `A body of another host is waited for an hour, and then given up`() async throws {
        var transfer = target.begun(.registered, ["status": "saving", "updated_at": "1"])
        let looks: [(afterSeconds: Int64, pause: Double)] = [
            (0, 1), (100, 10), (2900, 60), (600, 60),
        ]
        for look in looks {
            target.pass(seconds: look.afterSeconds)
            guard case .snooze(let next, let seconds, let reason) = try await reconcile(transfer)
            else {
                Issue.record("it did not wait")
                return
            }
            #expect(seconds == look.pause)
            #expect(
                reason.words.hasPrefix(
                    "another process is sending it, or died while it did (saving)"))
            transfer = next
        }
        #expect(target.glance.changes.isEmpty)
        target.pass(seconds: 1)
        guard case .send(let next) = try await reconcile(transfer) else {
            Issue.record("it did not give up")
            return
        }
        #expect(next.placement.generation == 1 && next.state == .planned)
        #expect(target.glance.isBurned(target.id()))
    }

    @Test func `Large bodies of other hosts are waited for longer`() {
        #expect(Transfer.othersPatienceSeconds(sizeBytes: nil) == 3600)
        #expect(Transfer.othersPatienceSeconds(sizeBytes: 10 << 30) == 3600 + 10240)
    }

    /// The service resets the record when a body ends, and writes its time.
    @Test func `A body that comes after ours broke off is another host's`() async throws {
        var given = target.begun(.sending, ["status": "saving", "updated_at": "1"])
        guard case .snooze(let first, _, _) = try await reconcile(given) else {
            Issue.record("it did not wait")
            return
        }
        #expect(first.placement.isFilledByUs)
        given = first
        given.wait.busy?.looks = CloudUploader.busyLooksMax
        target.putOurs(["status": "saving", "updated_at": "2"])
        guard case .snooze(let second, _, let reason) = try await reconcile(given) else {
            Issue.record("it took the other's body for its own")
            return
        }
        #expect(!second.placement.isFilledByUs && second.wait.busy?.looks == 1)
        #expect(reason.code == "other-process-sends")
    }

    @Test(arguments: ["active", "deactivated"])
    func `A whole copy that another host sent is adopted`(status: String) async throws {
        let given = target.begun(.registered, ["status": .string(status), "size": 10])
        guard case .advance(let transfer) = try await reconcile(given) else {
            Issue.record("it did not go on")
            return
        }
        #expect(transfer.state == .verifying && transfer.placement.isAdopted)
    }

    @Test func `An import of another host is waited for and not ours to discard`() async throws {
        let given = target.begun(.registered, ["status": "importing"])
        guard case .advance(let transfer) = try await reconcile(given) else {
            Issue.record("it did not go on")
            return
        }
        #expect(transfer.state == .importing && !transfer.placement.isFilledByUs)
        let error = await failure { try await target.uploader.discard(transfer) }
        #expect(error?.code == .targetConflict)
        #expect(target.glance.changes.isEmpty)
    }

    @Test(arguments: ["saving", "uploading", "importing", "active", "deactivated"])
    func `What another host fills is not discarded when this one gives up`(
        status: String
    ) async throws {
        let given = target.begun(.registered, ["status": .string(status)])
        let error = await failure { try await target.uploader.discard(given) }
        #expect(
            error?.message
                == "image \(target.id()) at the target is \(status), and this journal did not send it"
        )
        #expect(target.glance.changes.isEmpty)
        try await target.uploader.discard(target.begun(.sending))
        #expect(target.glance.isBurned(target.id()))
    }

    @Test func `An empty record is discarded, of any maker`() async throws {
        try await target.uploader.discard(target.begun(.registered, ["status": "queued"]))
        #expect(target.glance.isBurned(target.id()))
    }

    @Test func `An import is waited for`() async throws {
        let given = target.begun(.sending, ["status": "importing"])
        #expect(try await advanced(given) == given.moved(to: .importing))
    }

    @Test(arguments: ["active", "deactivated"])
    func `A whole copy is compared`(status: String) async throws {
        let given = target.begun(.sending, ["status": .string(status), "size": 9])
        guard case .advance(let transfer) = try await reconcile(given) else {
            Issue.record("it did not go on")
            return
        }
        #expect(transfer.state == .verifying)
        // The size is that of the sent data, so that a short copy is noticed.
        #expect(transfer.proof.sizeBytes == 10)
        var unsized = given
        unsized.proof.sizeBytes = nil
        #expect(try await advanced(unsized) == transfer.with(sizeBytes: 9))
        #expect(target.glance.changes.isEmpty)
    }

    @Test(arguments: ["pending_delete", "deleted"])
    func `A record that is being deleted counts as gone`(status: String) async throws {
        let given = target.begun(.sending, ["status": .string(status)])
        guard case .send(let transfer) = try await reconcile(given) else {
            Issue.record("nothing is to be sent")
            return
        }
        // A new create request shows whether its id is free.
        #expect(transfer.state == .registered && transfer.placement.generation == 0)
        #expect(target.glance.changes.isEmpty)
    }

    @Test func `What can only be deleted is deleted`() async throws {
        let given = target.begun(.sending, ["status": "killed"])
        guard case .send(let transfer) = try await reconcile(given) else {
            Issue.record("nothing is to be sent")
            return
        }
        #expect(transfer.placement.generation == 1)
        #expect(target.glance.isBurned(target.id()))
    }

    @Test(arguments: ["queued", "saving", "active", "killed"])
    func `Someone else's record is a conflict in every state`(status: String) async throws {
        target.glance.put(target.id(), ["status": .string(status), Origin.propertyName: "l/v"])
        let error = await failure { _ = try await reconcile(target.begun(.sending)) }
        #expect(error?.code == .targetConflict)
        #expect(error?.message.contains("its tranship_origin is \"l/v\"") == true)
        #expect(target.glance.changes.isEmpty)
    }
}

extension Transfer {
    fileprivate func with(sizeBytes: Int64) -> Transfer {
        var copy = self
        copy.proof.sizeBytes = sizeBytes
        return copy
    }
}
