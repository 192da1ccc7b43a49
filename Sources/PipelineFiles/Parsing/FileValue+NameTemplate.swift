// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// The place of a name in the file, which decides what its placeholders can refer to.
enum NamePlace {
    /// The name or series of a url, file or archive source.
    case source
    /// The name at a target, whatever the source.
    case target

    var placeholders: [String] {
        switch self {
        case .source: ["stem", "date", "version", "checksum"]
        case .target: ["name", "id", "stem", "date", "version", "checksum"]
        }
    }
}

extension FileValue {
    /// Parses a name with placeholders. Refuses unknown placeholders.
    func nameTemplate(_ place: NamePlace) throws(TranshipError) -> NameTemplate {
        let text = try text()
        var pieces: [NameTemplate.Piece] = []
        var literal = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            if character != "{" {
                literal.append(character)
            } else if rest.first == "{" {
                rest = rest.dropFirst()
                literal.append("{")
            } else {
                guard let end = rest.firstIndex(of: "}") else {
                    throw refusal(
                        "\(label) is \(shown), but a brace is not closed",
                        hint: "write {{ for a literal brace")
                }
                if !literal.isEmpty { pieces.append(.literal(literal)) }
                literal = ""
                pieces.append(.placeholder(try placeholder(rest[..<end], place)))
                rest = rest[end...].dropFirst()
            }
        }
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        let length = pieces.reduce(0) {
            if case .literal(let text) = $1 { $0 + text.count } else { $0 }
        }
        // The Image service's own limit for a name.
        guard length <= 255 else {
            throw refusal("\(label) has more than 255 characters")
        }
        return NameTemplate(text: text, position: position, pieces: pieces)
    }

    private func placeholder(_ inner: Substring, _ place: NamePlace) throws(TranshipError)
        -> Placeholder
    {
        let parts = inner.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let word = String(parts[0])
        let known = place.placeholders
        guard known.contains(word) else {
            throw refusal(
                "\(label) is \(shown), but {\(inner.prefix(100))} is not a placeholder here",
                hint: Nearest.to(word, in: known).map { "did you mean {\($0)}?" }
                    ?? "known placeholders: " + known.map { "{\($0)}" }.joined(separator: " ")
                    + "; write {{ for a literal brace")
        }
        if word == "checksum" {
            guard parts.count == 2 else { return .checksum(digits: nil) }
            guard let digits = Int(parts[1]), (1...128).contains(digits), parts[1].first != "+"
            else {
                throw refusal(
                    "\(label) is \(shown), but {\(inner.prefix(100))} needs a number of digits",
                    hint: "write it as {checksum:8}")
            }
            return .checksum(digits: digits)
        }
        guard parts.count == 1 else {
            throw refusal(
                "\(label) is \(shown), but {\(word)} takes nothing after a colon",
                hint: "write {\(word)}")
        }
        switch word {
        case "name": return .name
        case "id": return .id
        case "stem": return .stem
        case "date": return .date
        default: return .version
        }
    }
}
