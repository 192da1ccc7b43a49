// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Yams

/// Explains a missing space after a colon. YAML reads `name:noble` as one word, and then complains
/// about something else, often on the next line.
extension PipelineReader {
    /// Returns the key and the value of a text such as `name:noble`, if the format has the key.
    static func spaceless(_ text: some StringProtocol) -> (key: String, value: String)? {
        guard let match = String(text).wholeMatch(of: /([a-z_]+):([^\s\/:].*?)\s*/),
            PipelineKeys.everywhere.contains(String(match.1))
        else { return nil }
        return (String(match.1), String(match.2))
    }

    /// Returns the error for such a text.
    func missingSpace(_ key: String, _ value: String, _ place: FilePosition) -> TranshipError {
        let isShown =
            mayRepeatValue(of: key, line: place.line) && value.count <= 60
            && !value.contains("://")
        return refusal(
            place, "a space is missing after `\(key):`",
            hint: "write `\(key): \(isShown ? value : "…")`")
    }

    /// Returns the error for such lines if they made YAML fail. Notes all of them but the first.
    func missingSpaces(near error: any Error) -> TranshipError? {
        let line: Int
        switch error {
        case YamlError.scanner(_, _, let mark, _), YamlError.parser(_, _, let mark, _),
            YamlError.composer(_, _, let mark, _):
            line = mark.line
        default: return nil
        }
        // The cause is on the reported line, or on the last line before it that has content.
        let above = lines.prefix(max(0, line - 1)).lastIndex { line in
            let first = line.first { !$0.isWhitespace }
            return first != nil && first != "#"
        }
        let suspects = [line, above.map { $0 + 1 }].compactMap(\.self)
        guard suspects.contains(where: { missingSpace(onLine: $0) != nil }) else { return nil }
        let all = lines.indices.compactMap { missingSpace(onLine: $0 + 1) }
        for other in all.dropFirst() { refuse(other) }
        return all.first
    }

    private func missingSpace(onLine number: Int) -> TranshipError? {
        guard lines.indices.contains(number - 1) else { return nil }
        let line = lines[number - 1].unicodeScalars
        let column = line.prefix { $0 == " " || $0 == "-" }.count + 1
        let place = position(line: number, column: column)
        return Self.spaceless(source(at: place)).map { missingSpace($0.key, $0.value, place) }
    }

    /// Returns the error for a value that must be a list or a mapping. Also notes the lines below
    /// it that have the same mistake: YAML reads all of them as one text.
    func missingSpace(in value: FileValue) -> TranshipError? {
        guard case .scalar(let scalar) = value.node, scalar.style == .plain else { return nil }
        let isOneWord = !scalar.string.contains { $0.isWhitespace }
        let first = isOneWord ? scalar.string : String(source(at: value.position))
        guard let found = Self.spaceless(first) else { return nil }
        var number = value.position.line + 1
        while let other = missingSpace(onLine: number) {
            refuse(other)
            number += 1
        }
        return missingSpace(found.key, found.value, value.position)
    }

    /// Returns the error for a key that contains its value as well, as in `{name:noble}`.
    func missingSpace(in key: FileKey) -> TranshipError? {
        Self.spaceless(key.text).map { missingSpace($0.key, $0.value, key.position) }
    }
}
