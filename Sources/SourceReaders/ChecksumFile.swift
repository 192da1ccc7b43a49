// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel

/// A publisher's list of checksums: `SHA256SUMS` and its like.
///
/// Lines of both usual forms are understood, and mixed:
/// `<digits>  name` or `<digits> *name` (GNU coreutils), and
/// `SHA256 (name) = <digits>` (BSD). Everything else is passed over: comments,
/// empty lines and the armour of a signature.
enum ChecksumFile {
    /// The checksum for a file name; the strongest when there are several.
    static func checksum(for name: String, in text: String) -> Checksum? {
        var found: [Checksum] = []
        for line in text.split(whereSeparator: \.isNewline) {
            guard let (file, checksum) = parse(line) else { continue }
            let isSame =
                file == name || file.split(separator: "/").last.map(String.init) == name
            if isSame { found.append(checksum) }
        }
        return found.max { $0.algorithm.digitCount < $1.algorithm.digitCount }
    }

    /// A backslash before a line says that its name has escapes (GNU coreutils).
    private static func parse(_ given: Substring) -> (String, Checksum)? {
        let line = given.drop { $0 == " " || $0 == "\t" }
        guard line.first == "\\" else { return parsePlain(line) }
        return parsePlain(line.dropFirst()).map { (unescaped($0), $1) }
    }

    private static func unescaped(_ name: String) -> String {
        var result = ""
        var isEscape = false
        for character in name {
            switch (isEscape, character) {
            case (false, "\\"):
                isEscape = true
                continue
            case (true, "n"): result.append("\n")
            case (true, "r"): result.append("\r")
            default: result.append(character)
            }
            isEscape = false
        }
        return result
    }

    private static func parsePlain(_ line: Substring) -> (String, Checksum)? {
        if let open = line.firstIndex(of: "("), let close = line.lastIndex(of: ")"),
            open < close, let equals = line[close...].firstIndex(of: "=")
        {
            let word = line[..<open].filter { $0 != " " && $0 != "-" }.lowercased()
            let digits = line[line.index(after: equals)...].filter { !$0.isWhitespace }
            guard let algorithm = Checksum.Algorithm(rawValue: word),
                let checksum = try? Checksum(algorithm, digits)
            else { return nil }
            return (String(line[line.index(after: open)..<close]), checksum)
        }
        guard let space = line.firstIndex(where: { $0 == " " || $0 == "\t" }) else { return nil }
        let digits = String(line[..<space])
        guard
            let algorithm = Checksum.Algorithm.allCases.first(where: {
                $0.digitCount == digits.utf8.count
            }), let checksum = try? Checksum(algorithm, digits)
        else { return nil }
        var name = line[space...].drop { $0 == " " || $0 == "\t" }
        if name.first == "*" { name = name.dropFirst() }
        if name.hasPrefix("./") { name = name.dropFirst(2) }
        while let last = name.last, last.isWhitespace { name = name.dropLast() }
        return (String(name), checksum)
    }
}
