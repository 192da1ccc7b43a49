// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Writes `Sources/tranship/PipelineReference.swift` from the tables of `docs/pipeline-format.md`:
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
        let lines = outcome.output.split(separator: "\n").map(String.init)
        let headings = Set(lines.filter { $0.first?.isLetter == true && $0 == $0.uppercased() })
        // The sections to which the rows refer the reader.
        for match in outcome.output.matches(of: /see\s+([a-z][a-z ]+[a-z])\s*\n/) {
            let name = match.1.uppercased()
            let isThere = headings.contains { $0.hasPrefix(name) }
            #expect(name == "BELOW" || isThere, "no section \(name)")
        }
        let block = try #require(lines.firstIndex(of: "THE IMAGE BLOCK OF A TARGET"))
        #expect(lines[block...].prefix(6).contains { $0.hasPrefix("  visibility") })
        let conflict = try #require(lines.firstIndex(of: "WHAT ON_CONFLICT DOES"))
        for value in ["keep-both", "update", "replace", "rename", "skip", "fail"] {
            #expect(lines[conflict..<block].contains { $0.hasPrefix("  \(value) ") }, "\(value)")
        }
    }
}

/// The tables of the page, formatted for a terminal.
struct PipelineReferenceText {
    let page: String

    /// The column where descriptions begin.
    private static let margin = 24
    private static let columns = 79

    var swift: String {
        """
        // SPDX-FileCopyrightText: The Tranship authors
        // SPDX-License-Identifier: Apache-2.0

        /// The text that `tranship help pipeline` prints. `make docs` writes it from
        /// docs/pipeline-format.md; changes here are lost.
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
                if line.hasPrefix("#"), Self.explained.contains(title) {
                    lines += ["", title.uppercased()] + explanation(below: String(line))
                }
                continue
            }
            rows.append(Self.cells(line))
        }
        lines += ["", "More: docs/pipeline-format.md. A file to begin with: tranship init", ""]
        return lines.joined(separator: "\n")
    }

    /// The headings that keys of the tables refer to, and that no table has.
    private static let explained: Set = [
        "Bandwidth", "Hooks", "Many projects", "series", "Earlier versions", "Globs",
    ]

    /// Returns the paragraphs and examples below a heading, up to its first list or table.
    private func explanation(below heading: String) -> [String] {
        var lines: [String] = []
        var paragraph: [Substring] = []
        var isExample = false
        let below = page.components(separatedBy: "\n\(heading)\n").last ?? ""
        for line in (below + "\n").split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                isExample.toggle()
            } else if isExample {
                lines += Self.example(line)
            } else if ["#", "|", "- "].contains(where: { line.hasPrefix($0) }) {
                break
            } else if line.isEmpty, !paragraph.isEmpty {
                let words = Self.plain(paragraph.joined(separator: " ")[...])
                lines += Self.wrapped(words, margin: 2)
                paragraph = []
            } else if !line.isEmpty {
                paragraph.append(line)
            }
        }
        return lines
    }

    /// Returns a line of an example, with its comment above it: side by side, they are too wide.
    private static func example(_ line: Substring) -> [String] {
        guard let mark = line.firstRange(of: "  #") else { return ["      \(line)"] }
        let indentation = line.prefix { $0 == " " }
        let code = line[..<mark.lowerBound].reversed().drop { $0 == " " }.reversed()
        return ["      \(indentation)#\(line[mark.upperBound...])", "      \(String(code))"]
    }

    private static func wrapped(_ words: String, margin: Int) -> [String] {
        var lines: [String] = []
        var line = String(repeating: " ", count: margin)
        for word in words.split(separator: " ") {
            if line.count + word.count + 1 > columns {
                lines.append(line)
                line = String(repeating: " ", count: margin)
            }
            line += (line.hasSuffix(" ") ? "" : " ") + word
        }
        return lines + [line]
    }

    private var yaml: [String] {
        page.components(separatedBy: "```yaml\n").dropFirst().compactMap {
            $0.components(separatedBy: "```").first
        }
    }

    /// - Parameter rows: a header, a rule, and the rows after them; none for text that is not a
    ///   table.
    private func section(_ title: String, _ rows: [[String]]) -> [String] {
        let known = ["Key", "Placeholder", "Kind of value", "Value"]
        guard let header = rows.first, known.contains(header[0]) else { return [] }
        var heading = title.uppercased()
        if header.count > 2, header[2] == "Default in images" {
            heading = "IMAGES AND EXCLUDE OF A CLOUD SOURCE"
        }
        var lines = ["", heading]
        if header[0] == "Value" {
            lines += Self.wrapped("\(header[1]):", margin: 2)
            lines += rows.dropFirst(2).flatMap { Self.entry($0[0], Self.firstSentence($0[1])) }
            lines += Self.wrapped("\(header[2]):", margin: 2)
            return lines
                + rows.dropFirst(2).flatMap { Self.entry($0[0], Self.firstSentence($0[2])) }
        }
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

    /// Returns the text without links and code marks.
    private static func plain(_ text: Substring) -> String {
        String(text).replacing(/\[([^\]]+)\]\([^)]+\)/) { String($0.output.1) }
            .replacing("`", with: "")
    }

    private static func firstSentence(_ text: String) -> String {
        let ends = ["; ", ". "].compactMap { text.range(of: $0)?.lowerBound }
        return String(text[..<(ends.min() ?? text.endIndex)])
    }

    /// Returns the lines of a name and its description.
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
