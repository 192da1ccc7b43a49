// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// A publisher's list of checksums: `SHA256SUMS`, `CHECKSUM`, `disk.raw.DIGESTS` and their like.
///
/// Understands, also mixed in one list:
///
/// | form | example |
/// |---|---|
/// | GNU coreutils | `<digits>  name`, `<digits> *name`, escaped names behind `\` |
/// | BSD, OpenSSL 1 and 3 | `SHA256 (name) = <digits>`, `SHA2-256(name)= <digits>` |
/// | Gentoo `DIGESTS` | `# SHA512 HASH` above GNU lines |
/// | Debian `Release` | `SHA256:` above `<digits> <size> <name>` |
/// | Gentoo `Manifest` | `DIST name size BLAKE2B <digits> SHA512 <digits>` |
/// | registries | `sha256:<digits>`, with or without a name |
/// | the name first | `name: <digits>`, `name: sha256:<digits>`, `name  <digits>` |
/// | one bare digest | `<digits>`, with or without `-`; `SHA256(stdin)= <digits>` |
///
/// The armour of a clear-signed list (RFC 9580, section 7) is skipped: ``ListSignature`` checks the
/// signature.
/// A label decides the algorithm; the number of digits decides only where there is no label.
struct ChecksumList {
    struct Entry: Hashable {
        /// As the list names it; nil for a bare digest.
        var path: String?
        /// Nil for an algorithm that is not supported, such as BLAKE2b.
        var checksum: Checksum?
        /// The algorithm's name from its label or its number of digits.
        var algorithm: String
        var digitCount: Int
        /// Whether a label named the algorithm.
        var isLabelled: Bool
        /// The line, counted from 1, and its text.
        var line = 0
        var text = ""

        /// True if the label names a supported algorithm, whose values have another length.
        var hasWrongLength: Bool {
            checksum == nil && Checksum.Algorithm(rawValue: algorithm) != nil
        }
    }

    /// The longest line that is read; a longer one is skipped.
    private static let lineBytesMax = 4096
    /// The names and lines that an error repeats.
    private static let namesMax = 5

    private(set) var entries: [Entry] = []
    private let isWebPage: Bool

    /// - Parameters:
    ///   - bytes: of the list, as UTF-8 or, with a byte order mark, UTF-16.
    ///   - fileName: of the list; `b2sums.txt` and `SHA512SUMS` name an algorithm.
    init(_ bytes: [UInt8], fileName: String) {
        let text = Self.decoded(bytes)
        isWebPage = Self.isWebPage(text)
        guard !isWebPage else { return }
        var reader = LineReader(fileName: fileName)
        for (index, bytes) in Self.lines(text).enumerated() {
            guard bytes.count <= Self.lineBytesMax else { continue }
            guard let line = reader.withoutArmour(Substring(bytes))?.trimmed else { continue }
            for var entry in reader.entries(line) {
                (entry.line, entry.text) = (index + 1, String(line))
                entries.append(entry)
            }
        }
    }

    /// True for the beginning of HTML, which servers send in the place of missing files.
    static func isWebPage(_ text: String) -> Bool {
        let start = text.drop(while: \.isWhitespace).prefix(1024).lowercased()
        // Comments may come before.
        return start.hasPrefix("<")
            && ["<!doctype", "<html", "<head"].contains(where: start.contains)
    }

    /// The paths of the files that the list names, in its order, each once.
    var names: [String] {
        var known: Set<String> = []
        return entries.compactMap { $0.path.map(Self.normalized) }
            .filter { known.insert($0).inserted }
    }

    /// What the list says of one file.
    ///
    /// Matches the whole path first, then the path with the longest common end, at least the name. Of
    /// several supported algorithms the strongest counts.
    ///
    /// - Parameters:
    ///   - path: of the file, relative to the list's own folder; the name alone where that is unknown.
    ///   - wholePath: of the file at its server; the end of the path decides if the list is in a
    ///     folder of the publisher's tree. Nil: ``path``.
    ///   - shown: the list's address, for messages.
    /// - Throws: ``TranshipError/Code/sourceUnavailable`` when the list does not name the file, names it
    ///   with an unsupported algorithm only, or contradicts itself.
    func checksum(
        forPath path: String, wholePath: String? = nil, shown: String
    ) throws(TranshipError) -> Checksum {
        guard !isWebPage else {
            throw TranshipError(
                .sourceUnavailable, "\(shown) is a web page, not a list of checksums",
                hint: "open it in a browser: the address may need a login or may have moved")
        }
        let name = Self.lastComponent(path)
        let found = try candidates(path, wholePath ?? path, shown)
        guard !found.isEmpty else { throw absent(name, shown) }
        return try strongest(found, name, shown)
    }

    private func candidates(
        _ path: String, _ wholePath: String, _ shown: String
    ) throws(TranshipError) -> [Entry] {
        let name = Self.lastComponent(path)
        let wanted = Self.normalized(path)
        let whole = Self.normalized(wholePath)
        let named = entries.filter { $0.path != nil }
        // A list without names belongs to the file that it is named after.
        if named.isEmpty { return entries }
        let exact = named.filter { $0.path.map(Self.normalized) == wanted }
        if !exact.isEmpty { return exact }
        // A list may be elsewhere than the data, or name files by their folders on the publisher's
        // machine: the longest common end of the paths decides.
        let ends = named.map { Self.commonEnd($0.path.map(Self.normalized) ?? "", whole) }
        guard let longest = ends.max(), longest > 0 else { return [] }
        var found = zip(named, ends).filter { $0.1 == longest }.map(\.0)
        let bare = found.filter { $0.path.map(Self.normalized) == name }
        if longest == 1, !bare.isEmpty { found = bare }
        let paths = Set(found.compactMap { $0.path.map(Self.normalized) })
        guard paths.count > 1, Set(found.map(\.checksum)).count > 1 else { return found }
        throw TranshipError(
            .sourceUnavailable,
            "\(shown) names \(name) in several folders: " + Self.quoted(found),
            hint: "write the right one with `checksum`")
    }

    /// The strongest of several. Two values of one algorithm for one name are a contradiction.
    private func strongest(
        _ found: [Entry], _ name: String, _ shown: String
    ) throws(TranshipError) -> Checksum {
        // Beside a label, digits of the same length without one may be of either algorithm.
        let labelled = Set(found.filter(\.isLabelled).map(\.digitCount))
        let counted = found.filter { $0.isLabelled || !labelled.contains($0.digitCount) }
        for algorithm in Checksum.Algorithm.allCases.reversed() {
            let same = counted.filter { $0.checksum?.algorithm == algorithm }
            guard let first = same.first, let checksum = first.checksum else { continue }
            guard let other = same.first(where: { $0.checksum != checksum }) else {
                return checksum
            }
            throw TranshipError(
                .sourceUnavailable,
                "\(shown) contradicts itself about \(name): " + Self.quoted([first, other]),
                hint: "ask its publisher, or write the right one with `checksum`")
        }
        if let wrong = found.first(where: \.hasWrongLength) {
            let digits = Checksum.Algorithm(rawValue: wrong.algorithm)?.digitCount ?? 0
            throw TranshipError(
                .sourceUnavailable,
                "\(shown) has \(wrong.digitCount) digits for \(name), and \(wrong.algorithm) has "
                    + "\(digits): " + Self.quoted([wrong]),
                hint: "ask its publisher, or write the right one with `checksum`")
        }
        let algorithms = Set(found.map(\.algorithm)).sorted().joined(separator: " and ")
        throw TranshipError(
            .sourceUnavailable, "\(shown) has only \(algorithms) for \(name)",
            hint: "use a list with one of "
                + Checksum.Algorithm.allCases.map(\.rawValue).joined(separator: ", ")
                + ", or write the checksum itself with `checksum`")
    }

    private func absent(_ name: String, _ shown: String) -> TranshipError {
        var known: Set<String> = []
        let names = entries.compactMap(\.path).filter { known.insert($0).inserted }
        guard !names.isEmpty else {
            return TranshipError(
                .sourceUnavailable, "\(shown) holds no checksum that can be read",
                hint: "check the address; a list has lines such as `<digits>  \(name)`")
        }
        let more = names.count > Self.namesMax ? " and \(names.count - Self.namesMax) more" : ""
        let listed = names.prefix(Self.namesMax).joined(separator: ", ")
        guard names.count == 1, let only = entries.compactMap(\.checksum).last else {
            return TranshipError(
                .sourceUnavailable,
                "\(shown) has no checksum for \(name); it lists \(listed)\(more)",
                hint: "name the list that holds \(name), or write its checksum with `checksum`")
        }
        return TranshipError(
            .sourceUnavailable, "\(shown) has no checksum for \(name); it lists only \(listed)",
            hint: "if that is the same file under another name, write `checksum: \(only)`")
    }

    // MARK: Text

    /// The path of a file relative to the folder of its list: `arm64/disk.raw`, `../disk.raw`.
    static func path(of file: String, inFolderOf list: String) -> String {
        // An address may have no path at all.
        guard let slash = list.lastIndex(of: "/") else { return lastComponent(file) }
        var rest = file.split(separator: "/")[...]
        var folder = list[..<slash].split(separator: "/")[...]
        while rest.count > 1, let first = folder.first, first == rest.first {
            rest = rest.dropFirst()
            folder = folder.dropFirst()
        }
        return (folder.map { _ in ".." } + rest).joined(separator: "/")
    }

    private static func quoted(_ entries: [Entry]) -> String {
        entries.prefix(namesMax).map { "line \($0.line) \"\($0.text.prefix(200))\"" }
            .joined(separator: ", ")
    }

    /// The number of path components at the end that are the same.
    private static func commonEnd(_ one: String, _ other: String) -> Int {
        zip(one.split(separator: "/").reversed(), other.split(separator: "/").reversed())
            .prefix { $0 == $1 }.count
    }

    private static func lastComponent(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// Without `.`, empty components, and `..` behind a folder.
    private static func normalized(_ path: String) -> String {
        var components: [Substring] = []
        for component in path.split(separator: "/") where component != "." {
            if component == "..", let last = components.last, last != ".." {
                components.removeLast()
            } else {
                components.append(component)
            }
        }
        return components.joined(separator: "/")
    }

    /// Bytes, since lists have 200,000 lines, and characters take ten times as long.
    private static func lines(_ text: String) -> [Substring.UTF8View] {
        let feed = UInt8(ascii: "\n")
        let end = text.utf8.contains(feed) ? feed : UInt8(ascii: "\r")
        return text.utf8.split(separator: end, omittingEmptySubsequences: false)
    }

    private static func decoded(_ bytes: [UInt8]) -> String {
        switch (bytes.first, bytes.dropFirst().first) {
        case (0xFF, 0xFE): String(decoding: units(bytes) { $0 | $1 << 8 }, as: UTF16.self)
        case (0xFE, 0xFF): String(decoding: units(bytes) { $0 << 8 | $1 }, as: UTF16.self)
        default:
            String(
                decoding: bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...],
                as: UTF8.self)
        }
    }

    private static func units(
        _ bytes: [UInt8], _ joined: (UInt16, UInt16) -> UInt16
    ) -> [UInt16] {
        stride(from: 2, to: bytes.count - 1, by: 2).map {
            joined(UInt16(bytes[$0]), UInt16(bytes[$0 + 1]))
        }
    }
}

/// Reads the lines of a list in order: a line above may name the algorithm of a line.
private struct LineReader {
    /// What the list's own name says of digits without a label.
    private let fileLabel: ChecksumLabel?
    /// What the last heading said.
    private var heading: ChecksumLabel?
    private var armour = Armour.none

    private enum Armour { case none, headers, text, signature }

    init(fileName: String) {
        let words = fileName.lowercased().split { !$0.isLetter && !$0.isNumber }
        fileLabel =
            words.lazy.compactMap {
                ChecksumLabel(String($0.hasSuffix("sums") ? $0.dropLast() : $0))
            }.first
    }

    /// Nil for the armour of a signature (RFC 9580, section 7).
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

    mutating func entries(_ line: Substring) -> [ChecksumList.Entry] {
        guard !line.isEmpty else { return [] }
        if line.hasPrefix("#") {
            let words = line.dropFirst().split { $0 == " " || $0 == ":" }
            if let label = words.first.flatMap({ ChecksumLabel(String($0)) }),
                words.count == 1 || words.dropFirst().allSatisfy({ $0.allSatisfy(\.isLetter) })
            {
                heading = label
            }
            return []
        }
        if line.hasSuffix(":"), let label = ChecksumLabel(String(line.dropLast())) {
            heading = label
            return []
        }
        if let entry = parenthesised(line) ?? prefixed(line) { return [entry] }
        if line.hasPrefix("DIST ") { return manifest(line) }
        return (plain(line) ?? nameFirst(line)).map { [$0] } ?? []
    }

    /// `SHA256 (name) = <digits>`.
    private func parenthesised(_ line: Substring) -> ChecksumList.Entry? {
        guard let open = line.firstIndex(of: "("), let close = line.lastIndex(of: ")"),
            open < close
        else { return nil }
        let rest = line[line.index(after: close)...].trimmed
        guard rest.first == "=" else { return nil }
        let digits = rest.dropFirst().trimmed
        let name = line[line.index(after: open)..<close]
        // OpenSSL writes this for data that it read from a pipe.
        let isNameless = name == "stdin" || name == "-"
        guard let label = ChecksumLabel(String(line[..<open].trimmed)) else {
            return isNameless && open == line.startIndex ? plain(digits) : nil
        }
        return entry(label, String(digits), path: isNameless ? nil : String(name))
    }

    /// `sha256:<digits>` or `SHA256: <digits>`, with or without a name.
    private func prefixed(_ line: Substring) -> ChecksumList.Entry? {
        guard let colon = line.firstIndex(of: ":"),
            let label = ChecksumLabel(String(line[..<colon]))
        else { return nil }
        let rest = line[line.index(after: colon)...].trimmed
        let digits = rest.hexDigits
        let isWhole = rest.dropFirst(digits.count).first?.isWhitespace ?? true
        guard digits.count == label.digitCount || digits.count >= 32 && isWhole else { return nil }
        return entry(label, String(digits), path: Self.name(rest.dropFirst(digits.count)))
    }

    /// `DIST name size ALGORITHM <digits> ALGORITHM <digits>` (Gentoo, GLEP 74).
    private func manifest(_ line: Substring) -> [ChecksumList.Entry] {
        let words = line.split(separator: " ").map(String.init)
        guard words.count >= 5 else { return [] }
        return stride(from: 3, to: words.count - 1, by: 2).compactMap { index in
            ChecksumLabel(words[index]).flatMap { entry($0, words[index + 1], path: words[1]) }
        }
    }

    /// `<digits>  name`, or digits alone.
    private func plain(_ given: Substring) -> ChecksumList.Entry? {
        let isEscaped = given.first == "\\"
        let line = isEscaped ? given.dropFirst() : given
        let digits = line.hexDigits
        guard digits.utf8.count >= 32 else { return nil }
        let rest = line.dropFirst(digits.count)
        guard rest.isEmpty || rest.first == " " || rest.first == "\t" else { return nil }
        var name = rest.trimmed
        if name.first == "*" { name = name.dropFirst() }
        // Debian's Release puts the size between.
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

    /// `name: <digits>`, `name: sha256:<digits>`, `sha256=<digits>`, or a name without blanks and
    /// digits.
    private func nameFirst(_ line: Substring) -> ChecksumList.Entry? {
        guard let mark = line.lastIndex(where: { " \t:=".contains($0) }) else { return nil }
        let digits = line[line.index(after: mark)...]
        guard digits.utf8.count >= 32, digits.hexDigits.count == digits.count else { return nil }
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

    /// Digits whose algorithm a heading, the list's name or their number says.
    private func unlabelled(_ digits: Substring, path: String?) -> ChecksumList.Entry? {
        let label = heading ?? (fileLabel?.digitCount == digits.count ? fileLabel : nil)
        if let label { return entry(label, String(digits), path: path) }
        let algorithm = Checksum.Algorithm.allCases.first { $0.digitCount == digits.count }
        return ChecksumList.Entry(
            path: path, checksum: algorithm.flatMap { try? Checksum($0, String(digits)) },
            algorithm: algorithm?.rawValue ?? "\(digits.count) digits of an unknown algorithm",
            digitCount: digits.count, isLabelled: false)
    }

    /// The name behind digits; nil if there is none.
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

    /// GNU coreutils writes `\\`, `\n` and `\r` for these characters.
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
    fileprivate var trimmed: Substring {
        var text = self
        while let last = text.unicodeScalars.last, last.properties.isWhitespace {
            text.unicodeScalars.removeLast()
        }
        return Substring(text.unicodeScalars.drop(while: \.properties.isWhitespace))
    }

    /// The hexadecimal digits at its begin.
    fileprivate var hexDigits: Substring {
        Substring(
            utf8.prefix { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
                default: false
                }
            })
    }
}
