// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationJournal
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit
@testable import tranship

/// The output of reports and hooks about images that have no transfer.
@Suite struct RefusedReportTests {
    private let reported: ReportedRun

    init() async throws {
        var refused = Sample.item("a")
        refused.action = .refuse
        refused.refusal = .init(TranshipError(.sourceUnavailable, "no such <file>", hint: "look"))
        var conflict = Sample.item("b")
        conflict.action = .conflict
        conflict.reason = .nameTaken(imageID: "t", .fail)
        reported = try await ReportedRun([refused, conflict, Sample.item("c")])
    }

    @Test func `A table has a line for each, with the columns of the others`() async throws {
        let audit = try await reported.audit
        #expect(audit.status.refused.count == 2)
        let problems = AuditProblems(audit)
        #expect(problems.rows.count == 2)
        let values = try #require(problems.rows.first)
        #expect(problems.columns.first == AuditFields.names.map { values[$0] ?? "" })
        #expect(values["source_id"] == "a" && values["target"] == "beta")
        #expect(values["state"] == "refused" && values["code"] == "source-unavailable")
        #expect(values["error"] == "no such <file>")
        #expect(problems.rows[1]["state"] == "in conflict")
        for fields in try await reported.entries() {
            #expect(fields.columns.map(\.name) == AuditFields.names)
        }
    }

    @Test func `JSON has an object for each`() async throws {
        let refused = try #require((try await reported.audit.json["refused"] ?? nil)?.array)
        #expect(refused.map { $0["action"]?.string } == ["refuse", "conflict"])
        #expect(refused.map { $0["source_id"]?.string } == ["a", "b"])
        #expect(refused.first?["hint"]?.string == "look")
    }

    @Test func `The page has each image`() async throws {
        let page = try await AuditPage(reported.audit).text()
        #expect(page.contains("no such \\u003cfile>") && page.contains(#""source_id":"b""#))
        #expect(page.contains("run.refused") && !page.contains("run.refusals"))
    }

    @Test func `The page takes the place of an earlier page and of nothing else`() async throws {
        let page = AuditPage(try await reported.audit)
        let folder = try TemporaryFolder()
        let path = folder.file("r.html")
        for _ in 0..<2 { try await page.write(to: path) }
        #expect(try folder.bytes(of: "r.html").starts(with: Array("<!".utf8)))
        // Opening a named pipe would wait for a process that writes to it.
        #expect(mkfifo(folder.file("pipe.html"), 0o600) == 0)
        #expect(mkdir(folder.file("folder.html"), 0o700) == 0)
        try folder.write([1, 2, 3], to: "other.html")
        for (name, words) in [
            ("pipe", "is a named pipe, not a regular file"),
            ("folder", "is a directory, not a regular file"),
            ("other", "is there already, and is not a page of `report`"),
        ] {
            let path = folder.file("\(name).html")
            let error = await #expect(throws: TranshipError.self) { try await page.write(to: path) }
            #expect(error?.code == .usage)
            #expect(error?.message == "\(path) \(words)")
        }
        #expect(try folder.bytes(of: "other.html") == [1, 2, 3])
    }

    @Test func `A hook gets each image, before those that arrived`() async throws {
        let report = try await RunReport(
            pipelineName: "p", journalPath: reported.journal.path, status: .someFailed,
            summary: RunSummary(run: reported.run, journal: reported.journal), error: nil,
            runID: reported.run.id
        ).text(bytesMax: 60_000)
        #expect(report.contains(#""type":"refused""#) && report.contains(#""source_id":"b""#))
        #expect(report.contains("source-unavailable") && report.contains("no such <file>"))
    }

    @Test func `What another process copied is counted, and has no row`() async throws {
        for var transfer in try await reported.journal.unfinished(run: reported.run, limit: 9) {
            transfer.move(to: .skipped)
            try await reported.journal.commit(transfer)
        }
        let audit = try await reported.audit
        #expect(try await reported.entries().isEmpty)
        #expect(audit.status.outcomes.first { $0.kind == .skipped }?.images == 1)
    }
}
