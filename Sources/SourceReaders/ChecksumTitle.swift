// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A line of a list that has no digest. It may name the file to which the digests on other lines
/// belong:
///
/// ```
/// [disk.raw]              - name: disk.raw          # Checksum of disk.raw
/// sha256=<digits>           sha256: <digits>        <digits>
/// ```
///
/// Such lists are not read, because nothing says whether a digest belongs to the name above it or
/// to the name below it. A digest without a name must not be taken for that of another file.
struct ChecksumTitle {
    /// The line, counted from 1, and its text.
    let line: Int
    let text: String

    /// Keys of INI and YAML whose value is always a file, also without an extension.
    private static let keys: Set = ["file", "filename", "path"]
    private static let endingBytes = 2...10
    /// Endings of words that name no image: those of hosts and of pages for readers.
    private static let otherEndings: Set = [
        "com", "org", "net", "io", "dev", "info", "txt", "md", "html", "pdf",
    ]
    private static let signatureEndings: Set = ["asc", "sig", "sign", "gpg"]

    /// The names of the files in the line, without their folders.
    var names: [String] {
        var found = text.split(whereSeparator: Self.isBreak).compactMap(Self.file)
        if found.isEmpty, let name = valueOfKey { found.append(name) }
        return found
    }

    /// True if the line contains a file's name, which may have blanks and brackets.
    func contains(_ name: String) -> Bool {
        names.contains(name) || Self.contains(name, in: text)
            || text.removingPercentEncoding.map { Self.contains(name, in: $0) } ?? false
    }

    private static func contains(_ name: String, in text: String) -> Bool {
        text.ranges(of: name).contains { range in
            let before = text[..<range.lowerBound].last
            let after = text[range.upperBound...]
            return !(before.map(isNameCharacter) ?? false)
                && !(after.first.map(isNameCharacter) ?? false)
        }
    }

    private static func isNameCharacter(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || "._-".contains(character)
    }

    private static func isBreak(_ character: Character) -> Bool {
        character.isWhitespace || "\"'`,;|()[]{}<>=*".contains(character)
    }

    /// Returns the file that a word names: its last component with an extension.
    private static func file(_ given: Substring) -> String? {
        var word = given
        while let last = word.last, ".:!?".contains(last) { word.removeLast() }
        if let scheme = word.firstRange(of: "://") {
            word = word[scheme.upperBound...].prefix { $0 != "?" && $0 != "#" }
            guard word.contains("/") else { return nil }
        }
        let parts = word.split(whereSeparator: { "/\\:".contains($0) })
        guard var name = parts.last, !word.contains("@") else { return nil }
        while let dot = name.lastIndex(of: "."), dot > name.startIndex {
            let ending = name[name.index(after: dot)...].lowercased()
            // A list or a signature has the name of the file that it is for.
            if signatureEndings.contains(ending) || ChecksumLabel(ending) != nil {
                name = name[..<dot]
                continue
            }
            let isEnding =
                endingBytes.contains(ending.utf8.count) && ending.first?.isLetter == true
                && ending.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
            return (isEnding || ending == "7z") && !otherEndings.contains(ending)
                ? String(name) : nil
        }
        return nil
    }

    /// The value of `file: disk` and `filename=disk`.
    private var valueOfKey: String? {
        guard let sign = text.firstIndex(where: { $0 == ":" || $0 == "=" }) else { return nil }
        let marks: Set<Character> = ["-", "#", ";", "{", "\"", "'", ",", " ", "\t"]
        let key = text[..<sign].filter { !marks.contains($0) }.lowercased()
        let value = text[text.index(after: sign)...].filter { !"\"',".contains($0) }[...].trimmed
        guard Self.keys.contains(key), !value.contains(where: \.isWhitespace) else { return nil }
        return value.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init)
    }
}
