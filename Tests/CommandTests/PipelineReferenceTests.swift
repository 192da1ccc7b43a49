// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `Sources/tranship/PipelineReference.swift` is written from the tables of
/// `docs/pipeline-format.md`:
/// `TRANSHIP_WRITE_DOCS=1 swift test --filter PipelineReferenceTests`.
@Suite struct PipelineReferenceTests {
    private static func file(_ path: String) -> URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../\(path)").standardizedFileURL
    }

    @Test func `The reference in the binary is that of the documentation`() throws {
        let page = try String(contentsOf: Self.file("docs/pipeline-format.md"), encoding: .utf8)
        let source = Self.file("Sources/tranship/PipelineReference.swift")
        let text = PipelineReferenceText(page: page).swift
        if ProcessInfo.processInfo.environment["TRANSHIP_WRITE_DOCS"] == "1" {
            try Data(text.utf8).write(to: source)
        }
        #expect(
            try String(contentsOf: source, encoding: .utf8) == text,
            "\(source.lastPathComponent) is stale: run `make docs` and build again")
    }

    @Test func `tranship help pipeline prints it, within 80 columns`() async throws {
        let shell = try Shell()
        defer { shell.remove() }
        let outcome = try await shell.run("tranship help pipeline")
        #expect(outcome.status == 0)
        let wide = outcome.output.split(separator: "\n").filter { $0.count > 80 }
        #expect(wide.isEmpty, "\(wide)")
        for key in ["on_conflict", "checksum_file", "updated_after", "allow_empty", "{stem}"] {
            #expect(outcome.output.contains("  \(key)"), "\(key)")
        }
    }
}

/// The tables of the page, for a terminal.
struct PipelineReferenceText {
    let page: String

    /// The column where descriptions begin.
    private static let margin = 24
    private static let columns = 79

    var swift: String {
        """
        // SPDX-FileCopyrightText: The Tranship authors
        // SPDX-License-Identifier: Apache-2.0

        /// What `tranship help pipeline` prints. Written by `make docs` from docs/pipeline-format.md;
        /// changes here are lost.
        enum PipelineReference {
            static let text = #\"\"\"
        \(text.split(separator: "\n", omittingEmptySubsequences: false).map {
            $0.isEmpty ? "" : "        \($0)"
        }.joined(separator: "\n"))

                \"\"\"#
        }

        """
    }

    var text: String {
        var lines = [
            "THE PIPELINE FILE", "",
            "YAML that says which images go where. The smallest one copies "
                + "every active image", "that a project owns:", "",
        ]
        lines += (yaml.first ?? "").split(separator: "\n").map { "  \($0)" }
        lines += ["", "Below: each key, its values, and its default in brackets."]
        var title = ""
        var rows: [[String]] = []
        for line in (page + "\n\n").split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("#") { title = Self.plain(line.drop { "# ".contains($0) }) }
            if line.hasPrefix("`"), line.hasSuffix(":"), line.count < 20 {
                title = Self.plain(line.dropLast())
            }
            guard line.hasPrefix("|") else {
                lines += section(title, rows)
                rows = []
                continue
            }
            rows.append(Self.cells(line))
        }
        lines += ["", "More: docs/pipeline-format.md. A file to begin with: tranship init", ""]
        return lines.joined(separator: "\n")
    }

    private var yaml: [String] {
        page.components(separatedBy: "```yaml\n").dropFirst().compactMap {
            $0.components(separatedBy: "```").first
        }
    }

    /// - Parameter rows: a header, a rule, and what follows; none for text that is not a table.
    private func section(_ title: String, _ rows: [[String]]) -> [String] {
        guard let header = rows.first, ["Key", "Placeholder", "Kind of value"].contains(header[0])
        else { return [] }
        var heading = title.uppercased()
        if header.count > 2, header[2] == "Default in images" {
            heading = "IMAGES AND EXCLUDE OF A CLOUD SOURCE"
        }
        if heading == "CLOUD TARGETS", rows.contains(where: { $0[0] == "keep_id" }) {
            heading = "THE IMAGE BLOCK OF A TARGET"
        }
        var lines = ["", heading]
        for row in rows.dropFirst(2) {
            var words = row[1]
            if header[0] == "Key" {
                let value = row[2].isEmpty ? "" : "[\(row[2])]"
                words = [row[1], value].filter { !$0.isEmpty }.joined(separator: " ")
                let more = Self.firstSentence(row[3])
                if !more.isEmpty { words += words.isEmpty ? more : "; \(more)" }
            }
            lines += Self.entry(row[0], words)
        }
        return lines
    }

    private static func cells(_ line: Substring) -> [String] {
        line.dropFirst().dropLast().components(separatedBy: "|").map {
            plain($0[...].drop { $0 == " " }).trimmingCharacters(in: .whitespaces)
        }
    }

    /// Without links and code marks.
    private static func plain(_ text: Substring) -> String {
        String(text).replacing(/\[([^\]]+)\]\([^)]+\)/) { String($0.output.1) }
            .replacing("`", with: "")
    }

    private static func firstSentence(_ text: String) -> String {
        let ends = ["; ", ". "].compactMap { text.range(of: $0)?.lowerBound }
        return String(text[..<(ends.min() ?? text.endIndex)])
    }

    /// A name, and words beside it.
    private static func entry(_ name: String, _ words: String) -> [String] {
        var lines: [String] = []
        // Several keys may share a row.
        var line = ""
        for key in name.split(separator: " ") {
            if line.count + key.count + 3 > columns {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "  " : " ") + key
        }
        line += String(repeating: " ", count: max(2, margin - line.count))
        for word in words.split(separator: " ") {
            if line.count + word.count + 1 > columns {
                lines.append(line)
                line = String(repeating: " ", count: margin)
            }
            line += (line.hasSuffix(" ") ? "" : " ") + word
        }
        return (lines + [line]).map { String($0.reversed().drop { $0 == " " }.reversed()) }
    }
}
