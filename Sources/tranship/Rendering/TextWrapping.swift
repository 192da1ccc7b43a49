// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension String {
    /// Returns lines of at most this many columns, broken at blanks. All lines after the first
    /// begin with `indent` blanks. Columns within a line keep their places. Text in backticks is
    /// one word, so that a command can be copied; so is a size. If such a word is too long for the
    /// indent, it moves to the left; if it is longer than a line, it gets its own line. Any other
    /// word that is too long for a line is broken.
    func wrapped(toColumns columns: Int, indent: Int) -> [String] {
        guard columnCount > columns else { return [self] }
        var lines: [String] = []
        var (line, width) = ("", 0)
        for (index, piece) in pieces.enumerated() {
            let own = piece.word.columnCount
            let isFirstWhole = index == 0 && (piece.word.isHeld || indent + own <= columns)
            if isFirstWhole || width + piece.blanks + own <= columns {
                line += String(repeating: " ", count: piece.blanks) + piece.word
                width += piece.blanks + own
                continue
            }
            if indent + own > columns, !piece.word.isHeld {
                let start = line + String(repeating: " ", count: piece.blanks)
                let parts = piece.word.broken(after: start, toColumns: columns, indent: indent)
                lines += parts.dropLast()
                line = parts.last ?? ""
                width = line.columnCount
                continue
            }
            lines.append(line)
            let blanks = indent + own > columns ? min(indent, 2) : indent
            line = String(repeating: " ", count: blanks) + piece.word
            width = blanks + own
        }
        return (lines + [line]).map { $0.replacing(Self.heldBlank, with: " ") }
    }

    /// True for a word that must stay whole, because people copy it: a digest, an id, a path or an
    /// address.
    private var isHeld: Bool {
        contains("`") || contains(Self.heldBlank) || contains("/")
            || contains(/^(?:[a-z0-9]+:)?[0-9a-f-]{32,}[.,;)]*$/)
    }

    /// Returns the text broken into lines, the first of which follows `start`.
    private func broken(after start: String, toColumns columns: Int, indent: Int) -> [String] {
        let margin = String(repeating: " ", count: columns - indent >= 16 ? indent : min(indent, 2))
        var lines = [start]
        var room = columns - start.columnCount
        // A few characters alone are not useful.
        if room < 8, start.contains(where: { $0 != " " }) { room = 0 }
        for character in self {
            let own = String(character).columnCount
            if own > room {
                lines.append(margin)
                room = max(1, columns - margin.count)
            }
            lines[lines.count - 1].append(character)
            room -= own
        }
        // If the first line has no room for text, remove the blanks at its end.
        if let last = lines.first, last == start { lines[0] = last.trimmedAtEnd }
        return lines
    }

    private var trimmedAtEnd: String { String(reversed().drop { $0 == " " }.reversed()) }

    /// Replaces a blank within a word. Shown text has no control characters.
    private static let heldBlank = "\u{1F}"

    /// The words, each with the number of blanks before it.
    private var pieces: [(blanks: Int, word: String)] {
        let hasPairs = count { $0 == "`" }.isMultiple(of: 2)
        var pieces: [(blanks: Int, word: String)] = []
        var (blanks, word, isQuoted) = (0, "", false)
        let sized = replacing(/([0-9]) (([KMGT]i)?B)\b/) { "\($0.1)\(Self.heldBlank)\($0.2)" }
        for character in sized {
            if character == "`", hasPairs { isQuoted.toggle() }
            guard character == " ", !isQuoted else {
                word.append(character)
                continue
            }
            if !word.isEmpty {
                pieces.append((blanks, word))
                (blanks, word) = (0, "")
            }
            blanks += 1
        }
        return word.isEmpty ? pieces : pieces + [(blanks, word)]
    }

    /// Returns the text with each line broken between words, and the rest of each line indented.
    func linesWrapped(toColumns columns: Int) -> String {
        split(separator: "\n", omittingEmptySubsequences: false).flatMap { line in
            let text = String(line)
            return text.wrapped(toColumns: columns, indent: text.indent(inColumns: columns))
        }.joined(separator: "\n")
    }

    /// Returns the indentation for the rest of a line that is too long: the second column of a line
    /// such as `project   demo`, or else a little more than the line's own.
    private func indent(inColumns columns: Int) -> Int {
        let margin = prefix { $0 == " " }.count
        if dropFirst(margin).prefixMatch(of: /hint:[ ]/) != nil { return margin + 6 }
        guard let place = secondColumn, place <= margin + 16, columns - place >= 24 else {
            return margin + 2
        }
        return place
    }

    /// The column after the first gap of two or more blanks within the text; nil if there is none.
    var secondColumn: Int? {
        let margin = prefix { $0 == " " }.count
        guard let gap = dropFirst(margin).firstRange(of: "  ") else { return nil }
        let rest = self[gap.lowerBound...].drop { $0 == " " }
        return rest.isEmpty ? nil : String(self[..<rest.startIndex]).columnCount
    }
}

/// Adapts help texts, which are written for 80 columns, to a narrower terminal.
enum HelpText {
    /// Returns the text unchanged if it fits. Otherwise breaks its paragraphs and columns again.
    /// Examples, which begin with `$`, keep their commands whole.
    static func fitted(_ text: String, columns: Int) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.contains(where: { $0.columnCount > columns }) else { return text }
        var paragraphs: [Paragraph] = []
        for line in lines {
            if let last = paragraphs.last, last.goesOn(with: line) {
                paragraphs[paragraphs.count - 1].text += " " + line.drop { $0 == " " }
            } else {
                paragraphs.append(Paragraph(text: line))
            }
        }
        return paragraphs.flatMap { $0.lines(toColumns: columns) }.joined(separator: "\n")
    }

    private struct Paragraph {
        var text: String

        private var margin: Int { text.prefix { $0 == " " }.count }
        private var isExample: Bool { text.hasPrefix("  $ ") }
        private var isUsage: Bool { text.hasPrefix("USAGE: ") || text.hasPrefix("Usage: ") }

        /// Returns true if the line continues this paragraph. Descriptions are in their own column,
        /// prose is at the margin.
        func goesOn(with line: String) -> Bool {
            guard !text.isEmpty, !line.isEmpty, !isExample else { return false }
            let next = line.prefix { $0 == " " }.count
            guard next == 0 else { return next == (margin >= 20 ? margin : text.secondColumn) }
            // `Usage: …` below `Error: …` is a separate paragraph.
            let isLabelled = line.prefixMatch(of: /[A-Z]\w+:[ ]/) != nil
            return margin == 0 && !text.hasSuffix(":") && !isUsage && !isLabelled
        }

        func lines(toColumns columns: Int) -> [String] {
            guard text.columnCount > columns else { return [text] }
            if isExample { return exampleLines }
            if isUsage { return usageLines(toColumns: columns) }
            let column = margin >= 20 ? margin : text.secondColumn ?? margin
            return text.wrapped(toColumns: columns, indent: columns - column < 24 ? 6 : column)
        }

        /// The lines of an example: the command, and below it its explanation.
        private var exampleLines: [String] {
            guard let gap = text.dropFirst(4).firstRange(of: "   ") else { return [text] }
            return [
                String(text[..<gap.lowerBound]),
                "      " + text[gap.upperBound...].drop { $0 == " " },
            ]
        }

        /// Returns the lines of a usage text. Text in brackets stays together.
        private func usageLines(toColumns columns: Int) -> [String] {
            var depth = 0
            let blank: Character = "\u{1F}"
            let joined = text.map { character -> Character in
                if character == "[" { depth += 1 }
                if character == "]" { depth -= 1 }
                return character == " " && depth > 0 ? blank : character
            }
            return String(joined).wrapped(toColumns: columns, indent: 7)
                .map { $0.replacing(String(blank), with: " ") }
        }
    }
}
