// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The table of docs/journal.md is written from the rules that are tested.
@Suite struct ReconciliationPageTests {
    private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../docs/journal.md").standardizedFileURL
    private static let marks = (
        "<!-- rules: written by `make docs` -->\n", "<!-- end of rules -->\n"
    )

    @Test func `The journal's page has the rules that are tested`() throws {
        var text = try String(contentsOf: Self.file, encoding: .utf8)
        let begin = try #require(text.range(of: Self.marks.0))
        let end = try #require(text.range(of: Self.marks.1))
        let place = begin.upperBound..<end.lowerBound
        if ProcessInfo.processInfo.environment["TRANSHIP_WRITE_DOCS"] == "1" {
            text.replaceSubrange(place, with: Self.table)
            try Data(text.utf8).write(to: Self.file)
            return
        }
        #expect(
            text[place] == Self.table,
            "docs/journal.md is stale: run `make docs`")
    }

    private static var table: String {
        let columns = Ours.allCases.map { $0 == .unknown ? $0.rawValue : "`\($0.rawValue)`" }
        var text = "| the image is | \(columns.joined(separator: " | ")) |\n"
        text += "|---|" + Ours.allCases.map { _ in "---|" }.joined() + "\n"
        for found in Found.allCases {
            let cells = Ours.allCases.map { Rule.of($0, found) }
            text += "| \(found.rawValue) | \(cells.joined(separator: " | ")) |\n"
        }
        return text
    }
}
