// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import TestSupport
import Testing

@Suite struct TransferTests {
    private func busy() throws -> Transfer {
        var transfer = Sample.transfer(state: .sending, imageID: "i")
        transfer.wait.dueAt = 5
        transfer.wait.cause = .sourceIsRead
        _ = transfer.wait.noteBusy("v", now: 1)
        transfer.wait.importSince = 7
        transfer.tries.failure = .init(TranshipError(.timedOut, "slow", isTransient: true))
        transfer.proof.computed = [try Sample.checksum(.md5, "a")]
        transfer.proof.reported = [try Sample.checksum(.md5, "a")]
        transfer.tries.attempts = 2
        return transfer
    }

    @Test func `A copy is shared with each project once, and not with its owner`() {
        var record = Sample.transfer().record
        record.members = .map(["a": "x", "b": "x", "c": "own", "*": "rest"])
        let members = ["a", "b", "c", "d", "e"]
        #expect(record.sharedProjects(for: members, owner: "own") == ["x", "rest"])
        record.ownerID = "rest"
        #expect(record.sharedProjects(for: members, owner: "own") == ["x", "own"])
        #expect(record.projects(for: members, owner: nil).map(\.source) == ["a", "b", "c"])
        #expect(record.reaches("c") && record.reaches("unknown"))
        record.members = .map(["a": "x"])
        #expect(!record.reaches("b"))
    }

    @Test func `Moving on forgets what was true of the state before`() throws {
        let moved = try busy().moved(to: .verifying)
        #expect(moved.state == .verifying)
        #expect(moved.wait.dueAt == nil && moved.wait.reason == nil && moved.wait.busy == nil)
        #expect(moved.wait.importSince == nil && moved.failure == nil)
        #expect(moved.tries.attempts == 2)
        #expect(moved.imageID == "i")
        #expect(moved.proof.computed.count == 1)
    }

    @Test func `The wait for an import keeps its start, and a failure its reason`() throws {
        #expect(try busy().moved(to: .importing).wait.importSince == 7)
        #expect(try busy().moved(to: .failed).failure?.code == .timedOut)
    }

    @Test func `Of an image that failed it is not said that it was copied`() throws {
        var transfer = try busy()
        transfer.remark(.copiedAsIs(objection: "image a is text"))
        transfer.remark(.unverifiable(IncomparableDigests(reported: [], known: [])))
        transfer.fail(TranshipError(.formatRejected, "no"))
        #expect(transfer.remarks == [.unverifiable(IncomparableDigests(reported: [], known: []))])
    }

    @Test func `An abandoned record leaves its id and its digests behind`() throws {
        var transfer = try busy()
        transfer.placement.adoptContents()
        transfer.intent.record.updatedFrom = transfer.record.fields
        transfer.abandonRecord()
        #expect(transfer.state == .planned)
        // The fields of the lost copy say nothing of the next one.
        #expect(transfer.record.updatedFrom == nil)
        #expect(transfer.placement.generation == 1)
        #expect(transfer.imageID == nil)
        #expect(!transfer.placement.isAdopted)
        #expect(transfer.proof.computed.isEmpty && transfer.proof.reported.isEmpty)
    }

    @Test func `A record that was not there leaves its id to be tried again`() throws {
        var transfer = try busy()
        transfer.abandonRecord(wasThere: false)
        #expect(transfer.state == .planned)
        #expect(transfer.placement.generation == 0)
        #expect(transfer.imageID == nil)
    }

    @Test func `A step that the states do not allow is our mistake and stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var transfer = Sample.transfer(state: .planned)
            transfer.move(to: .done)
        }
    }

    @Test func `What the journal keeps can be read back`() throws {
        var transfer = try busy()
        transfer.intent.record.members = .map(["a": "b"])
        transfer.placement.adoptContents()
        let data = try JSONEncoder().encode(transfer)
        #expect(try JSONDecoder().decode(Transfer.self, from: data) == transfer)
    }

    @Test func `A busy record is another body when the service reports another change`() {
        var wait = Wait()
        var replaced = wait.noteBusy("1", now: 10)
        #expect(!replaced)
        replaced = wait.noteBusy("1", now: 20)
        #expect(!replaced && wait.busy?.looks == 2 && wait.busy?.since == 10)
        replaced = wait.noteBusy("2", now: 30)
        #expect(replaced)
        #expect(wait.busy?.looks == 1 && wait.busy?.since == 30)
    }

    @Test func `What is adopted stays adopted until the record is seen empty`() {
        var placement = Placement(imageID: "i")
        placement.adoptContents()
        placement.claimContents()
        placement.yieldContents()
        #expect(placement.contents == .adopted)
        placement.clearContents()
        placement.claimContents()
        #expect(placement.contents == .ours)
    }

    /// Planning takes a transfer up only with these functions.
    @Test func `Every entry starts in its state, without the tries of an earlier run`() throws {
        let intent = Sample.transfer().intent
        var old = try busy().moved(to: .failed)
        old.tries.importFailures = 2
        let entries: [(Transfer, TransferState, Placement.Contents)] = [
            (.fresh(intent, promised: nil, generation: 3), .planned, .empty),
            (.continued(intent, promised: nil, imageID: "i"), .registered, .empty),
            (.alreadyThere(intent, promised: nil, imageID: "i"), .skipped, .adopted),
            (
                .adopted(intent, promised: nil, imageID: "i", generation: 1, sizeBytes: 9),
                .verifying, .adopted
            ),
            (old.retried(), .registered, .ours),
            (old.republished(as: intent.record), .publishing, .ours),
            (old.spread(as: intent.record, imageID: "j"), .verifying, .adopted),
        ]
        for (transfer, state, contents) in entries {
            #expect(transfer.state == state)
            #expect(transfer.placement.contents == contents)
            #expect(transfer.tries == Tries())
            #expect(transfer.wait == Wait())
        }
    }

    @Test func `A marker is two words and neither name nor address`() {
        let origin = Origin(lineageID: "l", versionID: "v")
        #expect(origin.propertyValue == "l/v")
        #expect(Origin.propertyName == "tranship_origin")
    }

    @Test(arguments: [-1, .min, .max, (1 << 53) + 1] as [Int64])
    func `A number that no step of ours writes is damage`(number: Int64) {
        let changes: [(inout Transfer) -> Void] = [
            { $0.intent.source.sizeBytes = number }, { $0.proof.sizeBytes = number },
            { $0.placement.generation = Int(number) }, { $0.tries.attempts = Int(number) },
            { $0.wait.importSince = number }, { $0.wait.importRequestedAt = number },
            { $0.wait.busy = .init(since: number, version: nil) },
            { $0.wait.busy = .init(since: 0, version: nil, looks: Int(number)) },
            { $0.intent.record.minDiskGiB = Int(number) },
            { transfer in
                var reading = SourceReading()
                reading.savedBytes = number
                transfer.reading = reading
            },
        ]
        for (index, change) in changes.enumerated() {
            var transfer = Sample.transfer("a")
            #expect(transfer.isPlausible)
            change(&transfer)
            #expect(!transfer.isPlausible, "change \(index)")
        }
        var entry = SpoolEntry(sourceKey: "k", fingerprint: "f", path: "/p", reservedBytes: 5)
        #expect(entry.isPlausible)
        entry.offsetBytes = number
        #expect(!entry.isPlausible)
    }
}
