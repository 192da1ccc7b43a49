// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit
@testable import tranship

/// The entries about copies that a rollback removed later, in each form of a report.
@Suite struct RolledBackReportTests {
    private let reported: ReportedRun
    private var journal: Journal { reported.journal }
    private var run: MigrationModel.Run { reported.run }

    init() async throws {
        reported = try await ReportedRun(["a", "b"].map { Sample.item($0) })
        for var transfer in try await journal.unfinished(run: run, limit: 9) {
            for state in [TransferState.registered, .sending, .verifying, .publishing, .done] {
                transfer.move(to: state)
            }
            transfer.placement.imageID = "copy-\(transfer.source.imageID ?? "")"
            transfer.proof.reported = [try Sample.checksum(.md5, "d")]
            try await journal.commit(transfer)
        }
    }

    /// Marks the copies of these images as removed by a rollback.
    private func remove(_ ids: Set<String>) async throws {
        let all = try await journal.transfers(run: run, in: [.done], limit: 9)
        let chosen = all.filter { ids.contains($0.source.imageID ?? "") }
        #expect(chosen.count == ids.count)
        for transfer in chosen { try await journal.recordRemoval(of: transfer, madeBy: run) }
    }

    @Test func `JSON and CSV have the time at each copy that was removed`() async throws {
        try await remove(["a"])
        let audit = try await reported.audit
        #expect((audit.json["rolled_back"] ?? nil)?.integer == 1)
        #expect(audit.status.rolledBackWords == "1 image of these, removed at the targets since")
        for fields in try await reported.entries() {
            let isRemoved = fields.sourceID == "a"
            #expect((fields.rolledBackAt.isEmpty) == !isRemoved)
            #expect(((fields.json["rolled_back_at"] ?? nil)?.string != nil) == isRemoved)
            #expect(fields.columns.map(\.name) == AuditFields.names)
            let column = fields.columns.first { $0.name == "rolled_back_at" }
            #expect(column?.value == fields.rolledBackAt)
        }
    }

    @Test func `The page has the number and the time`() async throws {
        var page = try await AuditPage(reported.audit).text()
        #expect(page.contains(#""rolled_back":0"#) && !page.contains(#""rolled_back_at":""#))
        try await remove(["b"])
        page = try await AuditPage(reported.audit).text()
        #expect(page.contains(#""rolled_back":1"#) && page.contains(#""rolled_back_at":""#))
        #expect(page.contains("removed at the targets since"))
    }

    @Test func `A statement has only copies that are there as its subjects`() async throws {
        var statement = try await AuditStatement(reported.audit).statement()
        #expect(statement["subject"]?.array?.count == 2)
        try await remove(["a"])
        statement = try await AuditStatement(reported.audit).statement()
        let names = statement["subject"]?.array?.map { $0["name"]?.string }
        #expect(names == ["beta/images/copy-b"])
        let transfers = try #require(statement["predicate"]?["transfers"]?.array)
        #expect(transfers.count == 2)
        #expect(transfers.count { $0["rolled_back_at"]?.string != nil } == 1)
    }

    @Test func `A run without a copy to attest has no statement`() async throws {
        try await remove(["a", "b"])
        let audit = try await reported.audit
        let error = await #expect(throws: TranshipError.self) {
            try await AuditStatement(audit).statement()
        }
        #expect(error?.message.contains("a rollback removed 2 images of it since") == true)
        let empty = try await ReportedRun([])
        let other = await #expect(throws: TranshipError.self) {
            try await AuditStatement(empty.audit).statement()
        }
        #expect(other?.message.hasSuffix("it made no copy whose data is proved") == true)
        let failure = try #require(other)
        #expect(ExitStatus(failure) == .unclassified && failure.hint?.contains("--json") == true)
    }
}
