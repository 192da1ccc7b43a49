// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import TranshipKit

struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Report what a run did, for people, spreadsheets, auditors and browsers.",
        discussion: """
              $ tranship report
              $ tranship report leave-alpha 3 --csv > run-3.csv
              $ tranship report leave-alpha --html run.html
              $ tranship report leave-alpha --in-toto > statement.json

            Asks no cloud: the journal knows it all. The request ids are in the logs of the
            clouds, as the global request id. The page of --html needs no network.
            """)

    @OptionGroup var place: RunArgument
    @OptionGroup var common: RowOptions

    @Flag(help: "JSON Lines, as --format json.")
    var json = false

    @Flag(help: "Comma-separated values (RFC 4180), a line for each image and target, or failure.")
    var csv = false

    @Flag(help: "An in-toto Statement v1: the copies are its subjects, by their digests.")
    var inToto = false

    @Option(
        help: .value("file", "Write one HTML page, with a timeline of each transfer."),
        completion: .file(extensions: ["html"]))
    var html: String?

    private static let columns: [RecordList.Column] = [
        ("Name", "name"), ("Target", "target"), ("State", "state"), ("Bytes", "bytes"),
        ("Method", "method"), ("Started", "started"), ("Ended", "ended"), ("Attempts", "attempts"),
    ]
    private static let more: [RecordList.Column] = [
        ("Source", "source"), ("Target ID", "target_id"), ("Project", "project"),
        ("Project Name", "project_name"), ("Source Project", "source_project"),
        ("Source Project Name", "source_project_name"), ("Rolled Back At", "rolled_back_at"),
        ("Digest", "digest"), ("Promise", "promise"), ("Proof", "proof"), ("Error", "error"),
        ("Message", "message"),
    ]

    func validate() throws {
        let chosen = [json, csv, inToto, html != nil].count { $0 }
        guard chosen <= 1 else {
            throw ValidationError("choose one of --json, --csv, --in-toto and --html")
        }
        // A page replaces only an earlier page; see ``AuditPage``.
        if let html, !html.hasSuffix(".html") {
            throw ValidationError("--html \(html): the page's name has to end in .html")
        }
    }

    func run() async throws {
        let audit = try await RunAudit.read(
            journalPath: try await place.journalPath(common), run: place.number)
        if csv { return try await AuditTable(audit).put() }
        if inToto { return try await AuditStatement(audit).put() }
        if let html { return try await AuditPage(audit).write(to: html) }
        try await common.output.withRows(
            of: ["report-transfer", "report-problem"], Self.columns, more: Self.more
        ) {
            try await AuditRendering(
                format: json ? .json : common.format, verbose: common.verbose
            ).render(audit)
        }
    }
}
