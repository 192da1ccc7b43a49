// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Decides if a message may repeat a piece of a file that is not valid YAML. No parser can then say
/// which key the piece belongs to.
extension PipelineReader {
    /// The keys whose values are secrets or may contain some.
    private static let secretKeys: Set = [
        "url", "simplestreams", "checksum_file", "headers", "auth", "hooks",
    ]

    private static let harmlessKeys: Set<String> = {
        func names<Key: PipelineKey>(_: Key.Type) -> [String] { Key.allCases.map(\.rawValue) }
        return PipelineKeys.all.union(names(TagRulesKey.self)).subtracting(secretKeys)
    }()

    /// True if the text at this place belongs to a key of the format that holds no secret, judging
    /// by its line and the lines around it.
    func mayRepeat(at position: FilePosition) -> Bool {
        guard lines.indices.contains(position.line - 1) else { return false }
        let line = String(lines[position.line - 1])
        let before = String(
            String.UnicodeScalarView(line.unicodeScalars.prefix(position.column - 1)))
        var keys = Self.keys(before)
        let around = keysAround(position.line)
        if keys.isEmpty, let nearest = around.first { keys = [nearest] }
        return keys.last.map(Self.harmlessKeys.contains) == true
            && Self.secretKeys.isDisjoint(with: keys) && !around.contains("headers")
    }

    /// True if a message may repeat the value that this line gives a key, although YAML does not
    /// recognize it as a value.
    func mayRepeatValue(of key: String, line number: Int) -> Bool {
        guard lines.indices.contains(number - 1) else { return false }
        let around = keysAround(number) + Self.keys(String(lines[number - 1]))
        return Self.harmlessKeys.contains(key) && Self.secretKeys.isDisjoint(with: around)
    }

    /// Returns the keys of the lines that enclose a line by their indentation, from the inside out.
    private func keysAround(_ number: Int) -> [String] {
        var keys: [String] = []
        var indentation = Self.indentation(lines[number - 1])
        for line in lines[..<(number - 1)].reversed() where indentation > 0 {
            let own = Self.indentation(line)
            guard own < indentation, !line.allSatisfy(\.isWhitespace) else { continue }
            indentation = own
            keys += Self.keys(String(line)).suffix(1)
        }
        return keys
    }

    private static func indentation(_ line: Substring) -> Int { line.prefix { $0 == " " }.count }

    /// Returns the words before each colon.
    private static func keys(_ text: String) -> [String] {
        text.matches(of: /["']?([\w-]+)["']?\s*:(?=\s|$)/).map { String($0.1) }
    }
}
