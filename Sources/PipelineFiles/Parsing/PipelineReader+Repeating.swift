// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Decides whether a message may repeat a piece of a file that is not YAML: no parser can say then
/// which key the piece belongs to.
extension PipelineReader {
    /// Keys whose values may be secrets, or hold some.
    private static let secretKeys: Set = [
        "url", "simplestreams", "checksum_file", "headers", "auth", "hooks",
    ]

    private static let harmlessKeys: Set<String> = {
        func names<Key: PipelineKey>(_: Key.Type) -> [String] { Key.allCases.map(\.rawValue) }
        return PipelineKeys.all.union(names(TagRulesKey.self)).subtracting(secretKeys)
    }()

    /// True if the text at this place belongs to a key of ours that holds no secret, by all that its
    /// line and the lines around it show.
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

    /// True if a message may repeat the value that this line gives a key, although YAML does not see
    /// that it is one.
    func mayRepeatValue(of key: String, line number: Int) -> Bool {
        guard lines.indices.contains(number - 1) else { return false }
        let around = keysAround(number) + Self.keys(String(lines[number - 1]))
        return Self.harmlessKeys.contains(key) && Self.secretKeys.isDisjoint(with: around)
    }

    /// The keys of the lines that enclose a line by their indentation, from the inside out.
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

    /// The words before each colon.
    private static func keys(_ text: String) -> [String] {
        text.matches(of: /["']?([\w-]+)["']?\s*:(?=\s|$)/).map { String($0.1) }
    }
}
