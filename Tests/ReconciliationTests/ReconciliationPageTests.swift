// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Writes the table of docs/journal.md from the tested rules.
@Suite(.serialized) struct ReconciliationPageTests {
    private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../docs/journal.md").standardizedFileURL
    private static func marks(_ name: String) -> (String, String) {
        ("<!-- \(name): written by `make docs` -->\n", "<!-- end of \(name) -->\n")
    }

    @Test(arguments: ["rules", "archive rules"])
    func `The journal's page has the rules that are tested`(name: String) throws {
        let table = name == "rules" ? Self.table : Self.archiveTable
        var text = try String(contentsOf: Self.file, encoding: .utf8)
        let marks = Self.marks(name)
        let begin = try #require(text.range(of: marks.0))
        let end = try #require(text.range(of: marks.1))
        let place = begin.upperBound..<end.lowerBound
        if ProcessInfo.processInfo.environment["TRANSHIP_WRITE_DOCS"] == "1" {
            text.replaceSubrange(place, with: table)
            try Data(text.utf8).write(to: Self.file)
            return
        }
        #expect(text[place] == table, "docs/journal.md is stale: run `make docs`")
    }

    private static var table: String {
        table(
            Ours.allCases, Found.allCases.map { found in (found.rawValue, { Rule.of($0, found) }) })
    }

    private static var archiveTable: String {
        table(
            ArchiveRule.ours,
            Archived.allCases.map { found in (found.rawValue, { ArchiveRule.of($0, found) }) })
    }

    private static func table(
        _ ours: [Ours], _ rows: [(name: String, rule: (Ours) -> String)]
    ) -> String {
        let columns = ours.map { $0 == .unknown ? $0.rawValue : "`\($0.rawValue)`" }
        var text = "| the image is | \(columns.joined(separator: " | ")) |\n"
        text += "|---|" + ours.map { _ in "---|" }.joined() + "\n"
        for row in rows {
            text += "| \(row.name) | \(ours.map(row.rule).joined(separator: " | ")) |\n"
        }
        return text
    }
}
