// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit
@testable import tranship

/// What reports and hooks say of images that have no transfer.
@Suite struct RefusedReportTests {
    private let folder: TemporaryFolder
    private let journal: Journal
    private let run: MigrationModel.Run

    init() async throws {
        folder = try TemporaryFolder()
        journal = try await .open(path: folder.file("journal.sqlite"))
        var refused = Sample.item("a")
        refused.action = .refuse
        refused.refusal = .init(TranshipError(.sourceUnavailable, "no such <file>", hint: "look"))
        var conflict = Sample.item("b")
        conflict.action = .conflict
        conflict.reason = .nameTaken(imageID: "t", .fail)
        run = try await journal.takeOver([refused, conflict, Sample.item("c")])
    }

    private var audit: RunAudit {
        get async throws { try await RunAudit.read(journalPath: journal.path) }
    }

    @Test func `A table has a line for each, with the columns of the others`() async throws {
        let audit = try await audit
        #expect(audit.status.refused.count == 2)
        let problems = AuditProblems(audit)
        #expect(problems.rows.count == 2)
        let values = try #require(problems.rows.first)
        #expect(problems.columns.first == AuditFields.names.map { values[$0] ?? "" })
        #expect(values["source_id"] == "a" && values["target"] == "beta")
        #expect(values["state"] == "refused" && values["code"] == "source-unavailable")
        #expect(values["error"] == "no such <file>")
        #expect(problems.rows[1]["state"] == "in conflict")
        try await audit.eachEntry { (entry) throws(TranshipError) in
            let names = AuditFields(entry: entry, audit: audit).columns.map(\.name)
            #expect(names == AuditFields.names)
        }
    }

    @Test func `JSON has an object for each`() async throws {
        let refused = try #require((try await audit.json["refused"] ?? nil)?.array)
        #expect(refused.map { $0["action"]?.string } == ["refuse", "conflict"])
        #expect(refused.map { $0["source_id"]?.string } == ["a", "b"])
        #expect(refused.first?["hint"]?.string == "look")
    }

    @Test func `The page has each image`() async throws {
        let page = try await AuditPage(audit).text()
        #expect(page.contains("no such \\u003cfile>") && page.contains(#""source_id":"b""#))
        #expect(page.contains("run.refused") && !page.contains("run.refusals"))
    }

    @Test func `A hook gets each image, before those that arrived`() async throws {
        let report = try await RunReport(
            pipelineName: "p", journalPath: journal.path, status: .someFailed,
            summary: RunSummary(run: run, journal: journal), error: nil, runID: run.id
        ).text(bytesMax: 60_000)
        #expect(report.contains(#""type":"refused""#) && report.contains(#""source_id":"b""#))
        #expect(report.contains("source-unavailable") && report.contains("no such <file>"))
    }

    @Test func `What another process copied is counted, and has no row`() async throws {
        for var transfer in try await journal.unfinished(run: run, limit: 9) {
            transfer.move(to: .skipped)
            try await journal.commit(transfer)
        }
        let audit = try await audit
        var rows = 0
        try await audit.eachEntry { (_) throws(TranshipError) in rows += 1 }
        #expect(rows == 0)
        #expect(audit.status.outcomes.first { $0.kind == .skipped }?.images == 1)
    }
}
