// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The required output of a command, line by line, with placeholders.
struct Pattern {
    private static let kinds = [
        "UUID": "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "TIME": "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\\.[0-9]+)?Z?",
        "HEX": "[0-9a-f]+", "NUMBER": "[0-9]+(?:\\.[0-9]+)?", "WORD": "[^ \\n]+",
        "TEXT": "[^\\n]*",
    ]

    let lines: [String]

    /// Returns the learned words; nil if the text does not match.
    func match(_ text: String, words: [String: String]) throws -> [String: String]? {
        var learned: [String] = []
        var pattern = "^"
        for line in lines {
            if line == "..." {
                pattern += "(?:[^\\n]*\\n)*?"
            } else {
                pattern += try expression(line, words, &learned) + "\\n"
            }
        }
        pattern += "$"
        let expression = try NSRegularExpression(pattern: pattern)
        var text = text
        if !text.isEmpty, !text.hasSuffix("\n") { text += "\n" }
        let range = NSRange(text.startIndex..., in: text)
        guard let match = expression.firstMatch(in: text, range: range) else { return nil }
        var found: [String: String] = [:]
        for (index, word) in learned.enumerated() {
            guard let range = Range(match.range(at: index + 1), in: text) else { continue }
            found[word] = String(text[range])
        }
        return found
    }

    private func expression(
        _ line: String, _ words: [String: String], _ learned: inout [String]
    ) throws -> String {
        var result = ""
        for part in try Self.parts(line) {
            switch part {
            case .text(let text): result += NSRegularExpression.escapedPattern(for: text)
            case .placeholder(let inside):
                let halves = inside.split(separator: ":", maxSplits: 1).map(String.init)
                let kind = halves.last.flatMap { Self.kinds[$0] }
                if halves.count == 2, let kind {
                    learned.append(halves[0])
                    result += "(\(kind))"
                } else if let kind {
                    result += kind
                } else if let place = learned.firstIndex(of: inside) {
                    result += "(?:\\\(place + 1))"
                } else if let known = words[inside] {
                    result += NSRegularExpression.escapedPattern(for: known)
                } else {
                    throw TranscriptError("nothing is known of {{\(inside)}}")
                }
            }
        }
        return result
    }

    /// Returns a command with the values of its words.
    static func filled(_ text: String, words: [String: String]) throws -> String {
        try parts(text).map { part in
            switch part {
            case .text(let text): return text
            case .placeholder(let word):
                guard let known = words[word] else {
                    throw TranscriptError("nothing is known of {{\(word)}}")
                }
                return known
            }
        }.joined()
    }

    private enum Part {
        case text(String)
        case placeholder(String)
    }

    private static func parts(_ text: String) throws -> [Part] {
        var parts: [Part] = []
        var rest = text[...]
        while let start = rest.range(of: "{{") {
            parts.append(.text(String(rest[..<start.lowerBound])))
            guard let end = rest.range(of: "}}", range: start.upperBound..<rest.endIndex) else {
                throw TranscriptError("a placeholder without an end: \(text)")
            }
            parts.append(.placeholder(String(rest[start.upperBound..<end.lowerBound])))
            rest = rest[end.upperBound...]
        }
        parts.append(.text(String(rest)))
        return parts
    }
}
