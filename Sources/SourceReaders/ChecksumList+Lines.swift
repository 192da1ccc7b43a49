// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation

/// Reads the lines of a list in order, because a line may name the algorithm for the lines below
/// it.
struct ChecksumLineReader {
    /// The algorithms that the list's own name gives for digits without a label. If there are
    /// several, the number of digits decides.
    private let fileLabels: [ChecksumLabel]
    /// The algorithm in the last heading.
    private var heading: ChecksumLabel?
    private var armour = Armour.none
    /// Digits in groups, which may continue on the next line.
    private var grouped: GroupedDigits?
    /// A record of several lines, which may continue on the next line.
    private var record: FileHashRecord?
    /// The lines without a digest, which may name a file.
    private(set) var titles: [ChecksumTitle] = []

    private enum Armour { case none, headers, text, signature }

    init(fileName: String) { fileLabels = ChecksumLabel.labels(inFileName: fileName) }

    /// Returns the line; nil if it belongs to the armour of a signature (RFC 9580, section 7).
    mutating func withoutArmour(_ line: Substring) -> Substring? {
        if armour == .none, line.utf8.first != UInt8(ascii: "-") { return line }
        if line.hasPrefix("-----BEGIN PGP SIGNED MESSAGE") {
            armour = .headers
            return nil
        }
        if line.hasPrefix("-----BEGIN PGP SIGNATURE") {
            armour = .signature
            return nil
        }
        if line.hasPrefix("-----END PGP SIGNATURE") {
            armour = .none
            return nil
        }
        switch armour {
        case .headers:
            if line.allSatisfy(\.isWhitespace) { armour = .text }
            return nil
        case .signature: return nil
        case .text: return line.hasPrefix("- ") ? line.dropFirst(2) : line
        case .none: return line
        }
    }

    /// Reads one line. Returns its entries, and those of the lines before it if this line ends
    /// them.
    ///
    /// - Parameters:
    ///   - text: the line without armour.
    ///   - number: the line's number, counted from 1.
    mutating func entries(_ text: Substring, number: Int) -> [ChecksumList.Entry] {
        var line = text.trimmed
        // The signed text of a list may begin with a byte order mark.
        if line.utf8.first == 0xEF, line.first == "\u{FEFF}" { line = line.dropFirst().trimmed }
        let isIndented = text.first?.isWhitespace == true
        if grouped?.add(line, isIndented: isIndented) == true
            || record?.add(line, number: number, isIndented: isIndented) == true
        {
            return []
        }
        let ended = end()
        record = FileHashRecord(line, number: number)
        if record != nil { return ended }
        var found = entries(line)
        for index in found.indices {
            (found[index].line, found[index].text) = (number, String(line))
            found[index].path = found[index].path.map(Self.plainName)
        }
        if found.isEmpty, !line.isEmpty {
            grouped = GroupedDigits(line, number: number)
            // Groups of digits without a name are a digest. A name may be waiting for its digits.
            if grouped == nil || grouped?.path != nil {
                titles.append(ChecksumTitle(line: number, text: String(line)))
            }
        }
        return ended + found
    }

    /// Ends the list. Returns the entries of its last lines.
    mutating func end() -> [ChecksumList.Entry] {
        defer { (grouped, record) = (nil, nil) }
        if let record {
            let found = ended(
                record.label, record.digits, record.path, record.number, record.text)
            if found.isEmpty, let path = record.path {
                titles.append(ChecksumTitle(line: record.number, text: "Path: \(path)"))
            }
            return found
        }
        return grouped.map { ended($0.label, $0.digits, $0.path, $0.number, $0.text) } ?? []
    }

    /// Returns the entries that several lines form together.
    private func ended(
        _ label: ChecksumLabel?, _ digits: String, _ path: String?, _ number: Int, _ text: String
    ) -> [ChecksumList.Entry] {
        guard digits.utf8.count >= ChecksumList.digitsMin,
            var entry = label.map({ entry($0, digits, path: path) })
                ?? unlabelled(digits[...], path: path)
        else { return [] }
        (entry.line, entry.text) = (number, text)
        entry.path = entry.path.map(Self.plainName)
        return [entry]
    }

    private mutating func entries(_ line: Substring) -> [ChecksumList.Entry] {
        guard !line.isEmpty else { return [] }
        if let label = Self.heading(line) {
            heading = label
            return []
        }
        if line.hasPrefix("#") { return [] }
        if let entry = parenthesised(line) ?? row(line) ?? prefixed(line) { return [entry] }
        if line.hasPrefix("DIST ") { return manifest(line) }
        return (plain(line) ?? nameFirst(line) ?? numbered(line)).map { [$0] } ?? []
    }

    /// Returns the algorithm that a line names for the lines below it: `# SHA512 HASH`, `##
    /// SHA512`, `SHA256:`, `[sha256]`, or the name of an algorithm alone.
    private static func heading(_ line: Substring) -> ChecksumLabel? {
        if line.hasPrefix("#") {
            let words = line.drop { $0 == "#" }.split { $0 == " " || $0 == ":" }
            // `GOST R 34.11-2012 HASH`
            for count in (1...max(1, min(4, words.count))).reversed() {
                guard words.dropFirst(count).allSatisfy({ $0.allSatisfy(\.isLetter) }),
                    let label = ChecksumLabel(words.prefix(count).joined(separator: " "))
                else { continue }
                return label
            }
            return nil
        }
        if line.hasSuffix(":") { return ChecksumLabel(String(line.dropLast())) }
        if line.hasPrefix("["), line.hasSuffix("]") {
            return ChecksumLabel(String(line.dropFirst().dropLast()))
        }
        // Words that consist of hexadecimal digits, such as B2, may be part of a digest.
        guard line.utf8.count <= headingBytesMax, line.hexDigits.count < line.count else {
            return nil
        }
        return ChecksumLabel(String(line)).flatMap { $0.isSure ? $0 : nil }
    }

    private static let headingBytesMax = 32

    /// Reads `SHA256 (name) = <digits>` or, with an escaped name, `\SHA256 (a\\b) = <digits>`.
    private func parenthesised(_ given: Substring) -> ChecksumList.Entry? {
        let isEscaped = given.utf8.first == UInt8(ascii: "\\")
        let line = isEscaped ? given.dropFirst() : given
        guard let open = line.firstIndex(of: "("), let close = line.lastIndex(of: ")"),
            open < close
        else { return nil }
        let rest = line[line.index(after: close)...].trimmed
        guard rest.first == "=" else { return nil }
        // OpenSSL separates bytes by colons with the option `-c`.
        let digits = rest.dropFirst().trimmed.withoutColons
        let name = line[line.index(after: open)..<close]
        // OpenSSL writes these names for data that it read from a pipe.
        let isNameless = name == "stdin" || name == "-"
        let word = line[..<open].trimmed
        if word.isEmpty { return isNameless ? plain(digits) : nil }
        // The label decides even if it is unknown: values of another algorithm may have as many
        // digits.
        let isDigest =
            digits.utf8.count >= ChecksumList.digitsMin && digits.hexDigits.count == digits.count
        guard
            let label = ChecksumLabel(String(word))
                ?? (isDigest && Self.mayBeLabel(word) ? ChecksumLabel(unknown: String(word)) : nil)
        else { return nil }
        let path = isEscaped ? Self.unescaped(name) : String(name)
        return entry(label, String(digits), path: isNameless ? nil : path)
    }

    /// True if a word may be the name of an algorithm: not a path or a file name with an extension.
    private static func mayBeLabel(_ word: Substring) -> Bool {
        word.utf8.count <= headingBytesMax && word.first?.isLetter == true
            && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_/ ".contains($0)) }
    }

    /// Reads `sha256:<digits>` or `SHA256: <digits>`, with or without a name.
    private func prefixed(_ line: Substring) -> ChecksumList.Entry? {
        guard let colon = line.firstIndex(of: ":"),
            let label = ChecksumLabel(String(line[..<colon]))
        else { return nil }
        let rest = line[line.index(after: colon)...].trimmed
        let digits = rest.hexDigits
        let isWhole = rest.dropFirst(digits.count).first?.isWhitespace ?? true
        guard digits.count == label.digitCount || digits.count >= ChecksumList.digitsMin && isWhole
        else { return nil }
        return entry(label, String(digits), path: Self.name(rest.dropFirst(digits.count)))
    }

    /// Reads `SHA256  <digits>  C:\images\disk.raw`, the format of PowerShell's `Get-FileHash`. It
    /// shortens values that do not fit in its column (`0D7F…`). These have too few digits for their
    /// label.
    private func row(_ line: Substring) -> ChecksumList.Entry? {
        guard let blank = line.firstIndex(where: \.isWhitespace) else { return nil }
        let rest = line[blank...].trimmed
        let digits = rest.hexDigits
        guard digits.utf8.count >= ChecksumList.digitsMin,
            let label = ChecksumLabel(String(line[..<blank]))
        else { return nil }
        var name = rest.dropFirst(digits.count)
        for mark in ["...", "…"] where name.hasPrefix(mark) { name = name.dropFirst(mark.count) }
        guard name.first?.isWhitespace ?? true else { return nil }
        return entry(label, String(digits), path: Self.name(name))
    }

    /// Reads `DIST name size ALGORITHM <digits> ALGORITHM <digits>` (Gentoo, GLEP 74).
    private func manifest(_ line: Substring) -> [ChecksumList.Entry] {
        let words = line.split(separator: " ").map(String.init)
        guard words.count >= 5 else { return [] }
        return stride(from: 3, to: words.count - 1, by: 2).compactMap { index in
            ChecksumLabel(words[index]).flatMap { entry($0, words[index + 1], path: words[1]) }
        }
    }

    /// Reads `<digits>  name`, or digits alone.
    private func plain(_ given: Substring) -> ChecksumList.Entry? {
        let isEscaped = given.first == "\\"
        let line = isEscaped ? given.dropFirst() : given
        let digits = line.hexDigits
        guard digits.utf8.count >= ChecksumList.digitsMin else { return nil }
        let rest = line.dropFirst(digits.count)
        guard rest.isEmpty || rest.first == " " || rest.first == "\t" else { return nil }
        var name = rest.trimmed
        if name.first == "*" { name = name.dropFirst() }
        // In Debian's Release, the size is between digits and name.
        if heading != nil, let blank = name.firstIndex(of: " "),
            name[..<blank].allSatisfy(\.isNumber),
            !name[blank...].trimmed.isEmpty
        {
            name = name[blank...].trimmed
        }
        let path =
            name.isEmpty || name == "-" ? nil : isEscaped ? Self.unescaped(name) : String(name)
        return unlabelled(digits, path: path)
    }

    /// Reads `name: <digits>`, `name: sha256:<digits>`, `sha256=<digits>`, or digits after a name
    /// without blanks.
    private func nameFirst(_ line: Substring) -> ChecksumList.Entry? {
        guard let mark = line.lastIndex(where: { " \t:=".contains($0) }) else { return nil }
        let digits = line[line.index(after: mark)...]
        guard digits.utf8.count >= ChecksumList.digitsMin, digits.hexDigits.count == digits.count
        else { return nil }
        var name = line[...mark].trimmed
        var label: ChecksumLabel?
        if name.last == ":" || name.last == "=" {
            name = name.dropLast().trimmed
            if let blank = name.lastIndex(where: { " \t:".contains($0) }) {
                label = ChecksumLabel(String(name[name.index(after: blank)...]))
                if label != nil { name = name[...blank].trimmed }
                if label != nil, name.last == ":" { name = name.dropLast().trimmed }
            }
        } else if name.contains(where: \.isWhitespace) {
            return nil
        }
        guard !name.isEmpty else { return nil }
        if let label { return entry(label, String(digits), path: String(name)) }
        if let label = ChecksumLabel(String(name)) {
            return entry(label, String(digits), path: nil)
        }
        return unlabelled(digits, path: String(name))
    }

    /// Reads `name:8:<digits>:`, the format of `gpg --with-colons`, with the algorithm's number in
    /// OpenPGP (RFC 9580, section 9.5) and `%3A` for a colon in the name.
    private func numbered(_ line: Substring) -> ChecksumList.Entry? {
        let parts = line.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[3].isEmpty, let number = Int(parts[1]),
            let label = ChecksumLabel(openPGP: number)
        else { return nil }
        let name = String(parts[0])
        return entry(
            label, String(parts[2]),
            path: name.isEmpty ? nil : name.removingPercentEncoding ?? name)
    }

    /// Returns an entry for digits without a label. A heading, the list's name or the number of
    /// digits gives the algorithm.
    private func unlabelled(_ digits: Substring, path: String?) -> ChecksumList.Entry? {
        if let heading { return entry(heading, String(digits), path: path) }
        if let label = fileLabels.last(where: { $0.digitCount == digits.count }) ?? fileLabels.last
        {
            var found = entry(label, String(digits), path: path)
            found?.isLabelledByFile = true
            return found
        }
        let algorithm = Checksum.Algorithm.allCases.first { $0.digitCount == digits.count }
        return ChecksumList.Entry(
            path: path, checksum: algorithm.flatMap { try? Checksum($0, String(digits)) },
            algorithm: algorithm?.rawValue ?? "\(digits.count) digits of an unknown algorithm",
            digitCount: digits.count, isLabelled: false)
    }

    /// Returns the name after the digits; nil if there is none.
    private static func name(_ rest: Substring) -> String? {
        var name = rest.trimmed
        if name.first == "*" { name = name.dropFirst() }
        return name.isEmpty || name == "-" ? nil : String(name)
    }

    private func entry(
        _ label: ChecksumLabel, _ digits: String, path: String?
    ) -> ChecksumList.Entry? {
        guard !digits.isEmpty, digits.allSatisfy({ $0.isHexDigit && $0.isASCII }) else {
            return nil
        }
        return ChecksumList.Entry(
            path: path, checksum: label.algorithm.flatMap { try? Checksum($0, digits) },
            algorithm: label.name, digitCount: digits.count, isLabelled: true)
    }

    /// Returns the name without quotes, and with slashes for the backslashes of Windows.
    private static func plainName(_ name: String) -> String {
        let name = unquoted(name)
        let bytes = Array(name.utf8.prefix(3))
        let isOfDrive = name.first?.isLetter == true && bytes.dropFirst().elementsEqual(":\\".utf8)
        // Any other name may contain backslashes.
        guard isOfDrive || name.hasPrefix("\\\\") || name.hasPrefix(".\\") else { return name }
        return name.replacing("\\", with: "/")
    }

    /// Returns the name without the quotes that some publishers write around it.
    private static func unquoted(_ name: String) -> String {
        let bytes = name.utf8
        guard bytes.count > 2, let first = bytes.first, first == bytes.last,
            first == UInt8(ascii: "\"") || first == UInt8(ascii: "'")
        else { return name }
        return String(name.dropFirst().dropLast())
    }

    /// Returns the name without escapes. GNU coreutils writes `\\`, `\n` and `\r` for these
    /// characters.
    private static func unescaped(_ name: Substring) -> String {
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
}

extension Substring {
    var trimmed: Substring {
        var text = self
        while let last = text.unicodeScalars.last, last.properties.isWhitespace {
            text.unicodeScalars.removeLast()
        }
        return Substring(text.unicodeScalars.drop(while: \.properties.isWhitespace))
    }

    /// The hexadecimal digits at its start.
    var hexDigits: Substring {
        Substring(
            utf8.prefix { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
                default: false
                }
            })
    }
    /// The text `0d7f` for `0d:7f`.
    fileprivate var withoutColons: Substring {
        let bytes = split(separator: ":", omittingEmptySubsequences: false)
        return bytes.allSatisfy { $0.utf8.count == 2 } ? Substring(bytes.joined()) : self
    }
}
