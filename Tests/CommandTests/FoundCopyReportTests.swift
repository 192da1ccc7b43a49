// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit
@testable import tranship

/// The reports about copies that a run found at the target.
@Suite struct FoundCopyReportTests {
    private let reported: ReportedRun

    /// Makes a run in which `a` was promised, the source of `b` was read, and `c` was sent.
    init() async throws {
        reported = try await ReportedRun(["a", "b", "c"].map { Sample.item($0) })
        let digest = try Sample.checksum(.sha512, "d")
        for var transfer in try await reported.journal.unfinished(run: reported.run, limit: 9) {
            let id = transfer.source.imageID ?? ""
            transfer.move(to: .registered)
            transfer.placement.imageID = "copy-\(id)"
            if id == "c" {
                transfer.move(to: .sending)
                transfer.placement.claimContents()
            }
            transfer = transfer.foundWhole()
            transfer.proof.promised = id == "a" ? digest : nil
            transfer.proof.computed = id == "a" ? [] : [digest]
            transfer.proof.reported = [digest]
            transfer.move(to: .publishing)
            transfer.move(to: .done)
            try await reported.journal.commit(transfer)
        }
    }

    @Test func `What was found was not sent, and the report says what proves it`() async throws {
        let entries = try await reported.entries()
        #expect(entries.count == 3)
        for fields in entries {
            let columns = Dictionary(fields.columns.map { ($0.name, $0.value) }) { $1 }
            let isSent = fields.sourceID == "c"
            let proof =
                switch fields.sourceID {
                case "a": "found at the target, which reports what was promised; nothing was sent"
                case "b": "found at the target, which reports what the source has; nothing was sent"
                default: "the target reports what was sent"
                }
            let method = isSent ? "upload" : "none"
            #expect(columns["proof"] == proof && columns["method"] == method)
            #expect((fields.json["proof"] ?? nil)?.string == proof)
            #expect((fields.json["method"] ?? nil)?.string == method)
            #expect((fields.entry.transfer.jsonMembers["method"] ?? nil)?.string == method)
        }
    }
}
