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
        transfer.dueAt = 5
        transfer.note = "waits"
        transfer.busyLooks = 3
        transfer.waitStartedAt = 7
        transfer.failure = .init(TranshipError(.timedOut, "slow", isTransient: true))
        transfer.computed = [try Sample.checksum(.md5, "a")]
        transfer.reported = [try Sample.checksum(.md5, "a")]
        transfer.attempts = 2
        return transfer
    }

    @Test func `Moving on forgets what was true of the state before`() throws {
        let moved = try busy().moved(to: .verifying)
        #expect(moved.state == .verifying)
        #expect(moved.dueAt == nil && moved.note == nil && moved.busyLooks == nil)
        #expect(moved.waitStartedAt == nil && moved.failure == nil)
        #expect(moved.attempts == 2)
        #expect(moved.imageID == "i")
        #expect(moved.computed.count == 1)
    }

    @Test func `The wait for an import keeps its start, and a failure its reason`() throws {
        #expect(try busy().moved(to: .importing).waitStartedAt == 7)
        #expect(try busy().moved(to: .failed).failure?.code == .timedOut)
    }

    @Test func `An abandoned record leaves its id and its digests behind`() throws {
        var transfer = try busy()
        transfer.isAdopted = true
        transfer.abandonRecord()
        #expect(transfer.state == .planned)
        #expect(transfer.generation == 1)
        #expect(transfer.imageID == nil)
        #expect(transfer.isAdopted == nil)
        #expect(transfer.computed.isEmpty && transfer.reported.isEmpty)
    }

    @Test func `A record that was not there leaves its id to be tried again`() throws {
        var transfer = try busy()
        transfer.abandonRecord(wasThere: false)
        #expect(transfer.state == .planned)
        #expect(transfer.generation == 0)
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
        transfer.record.members = .map(["a": "b"])
        transfer.isAdopted = true
        let data = try JSONEncoder().encode(transfer)
        #expect(try JSONDecoder().decode(Transfer.self, from: data) == transfer)
    }

    @Test func `A row of a journal that knew fewer keys can be read`() throws {
        var transfer = Sample.transfer()
        let data = try JSONEncoder().encode(transfer)
        var json = try JSONDecoder().decode([String: JSONValue].self, from: data)
        for key in ["busyLooks", "waitStartedAt", "isAdopted", "note", "dueAt"] { json[key] = nil }
        transfer = try JSONDecoder().decode(Transfer.self, from: try JSONEncoder().encode(json))
        #expect(transfer == Sample.transfer())
    }

    @Test func `A marker is two words and neither name nor address`() {
        let origin = Origin(lineageID: "l", versionID: "v")
        #expect(origin.propertyValue == "l/v")
        #expect(Origin.propertyName == "tranship_origin")
    }
}
