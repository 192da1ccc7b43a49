// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit
@testable import tranship

/// The reports about copies that the target converted.
@Suite struct ConvertedReportTests {
    private let reported: ReportedRun
    private let sent: Checksum
    private let found: Checksum

    /// Makes a run in which `a` was sent and hashed, and `b` was fetched by the target without a
    /// promise.
    init() async throws {
        reported = try await ReportedRun(["a", "b"].map { Sample.item($0) })
        sent = try Sample.checksum(.sha512, "a")
        found = try Sample.checksum(.sha512, "f")
        for var transfer in try await reported.journal.unfinished(run: reported.run, limit: 9) {
            for state in [TransferState.registered, .sending, .verifying, .publishing, .done] {
                transfer.move(to: state)
            }
            let isSent = transfer.source.imageID == "a"
            transfer.placement.imageID = "copy-\(transfer.source.imageID ?? "")"
            transfer.intent.method = isSent ? .glanceDirect : .webDownload
            transfer.proof.promised = isSent ? sent : nil
            transfer.proof.computed = isSent ? [sent] : []
            transfer.proof.reported = [found]
            transfer.remark(.transformed(.diskFormat(sent: "qcow2", found: "raw")))
            try await reported.journal.commit(transfer)
        }
    }

    @Test func `The proof is of what was sent, and the digest of what the target has`()
        async throws
    {
        var words: [String: String] = [:]
        for fields in try await reported.entries() {
            let columns = Dictionary(fields.columns.map { ($0.name, $0.value) }) { $1 }
            words[fields.sourceID] = columns["proof"]
            #expect(columns["digest"] == "\(found)")
            #expect(columns["promise"] == (fields.sourceID == "a" ? "\(sent)" : ""))
            #expect((fields.json["promise"] ?? nil)?.string ?? "" == columns["promise"])
            #expect(columns["remarks"] == "transformed: disk format qcow2 -> raw")
        }
        #expect(
            words == [
                "a": "what was sent is proved; the target converted it (disk format qcow2 -> raw)",
                "b": "nothing proves it: the target converted it (disk format qcow2 -> raw)",
            ])
    }

    @Test func `A statement attests the target's digest of proved data alone`() async throws {
        let statement = try await AuditStatement(reported.audit).statement()
        let subjects = try #require(statement["subject"]?.array)
        #expect(subjects.map { $0["name"]?.string } == ["beta/images/copy-a"])
        #expect(subjects.first?["digest"]?["sha512"]?.string == found.value)
    }

    @Test func `Programs get no proof of a converted copy`() async throws {
        for fields in try await reported.entries() {
            let members = fields.entry.transfer.jsonMembers
            #expect((members["proofs"] ?? nil)?.array?.isEmpty == true)
        }
    }
}
