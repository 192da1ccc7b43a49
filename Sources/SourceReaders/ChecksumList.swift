// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import MigrationModel

/// A publisher's list of checksums, such as `SHA256SUMS`, `CHECKSUM` or `disk.raw.DIGESTS`.
///
/// It reads these forms, and also lists that mix them:
///
/// | form | example |
/// |---|---|
/// | GNU coreutils | `<digits>  name`, `<digits> *name`, escaped names behind `\`, NUL after each entry (`-z`) |
/// | BSD, OpenSSL 1 and 3 | `SHA256 (name) = <digits>`, `SHA2-256(name)= <digits>` |
/// | Gentoo `DIGESTS` | `# SHA512 HASH` above GNU lines |
/// | Debian `Release` | `SHA256:` above `<digits> <size> <name>` |
/// | Gentoo `Manifest` | `DIST name size BLAKE2B <digits> SHA512 <digits>` |
/// | registries | `sha256:<digits>`, with or without a name |
/// | the name first | `name: <digits>`, `name: sha256:<digits>`, `name  <digits>` |
/// | GnuPG | `name: 1A2B 3C4D …` over several lines, `name: SHA256 = 1A2B3C4D …`, `name:8:<digits>:` |
/// | PowerShell's `Get-FileHash` | `SHA256 <digits> C:\images\name`; `Algorithm : SHA256` above `Hash : …` and `Path : …` |
/// | one bare digest | `<digits>`, with or without `-`; `SHA256(stdin)= <digits>` |
///
/// A bare digest does not count if a ``ChecksumTitle`` names another file.
///
/// It skips the armour of a clear-signed list (RFC 9580, section 7): ``ListSignature`` checks the
/// signature.
///
/// The algorithm comes from a label, or else from the list's name. Only if neither names one does
/// the number of digits decide. Quotes around a name are ignored. If no name matches, names are
/// decoded like addresses (`a%20b.img`).
struct ChecksumList {
    struct Entry: Hashable {
        /// The name in the list; nil for a bare digest.
        var path: String?
        /// The checksum; nil for an algorithm that is not supported, such as BLAKE2b.
        var checksum: Checksum?
        /// The algorithm's name, from its label or the number of digits.
        var algorithm: String
        var digitCount: Int
        /// True if a label names the algorithm.
        var isLabelled: Bool
        /// True if that label is the name of the list.
        var isLabelledByFile = false
        /// The line, counted from 1, and its text.
        var line = 0
        var text = ""

        /// True if the label names a supported algorithm whose values have another length.
        var hasWrongLength: Bool {
            checksum == nil && Checksum.Algorithm(rawValue: algorithm) != nil
        }
    }

    /// The maximum length of a line; longer ones are skipped.
    private static let lineBytesMax = 4096
    /// The number of digits in the shortest value (MD5).
    static let digitsMin = 32
    /// The maximum number of names and lines in an error.
    private static let namesMax = 5

    private(set) var entries: [Entry] = []
    private var titles: [ChecksumTitle] = []
    /// True if the file has further text, which no signature covers.
    var isSignedPart = false
    let isWebPage: Bool
    /// True if the list is empty or contains only blanks.
    private let isBlank: Bool

    /// - Parameters:
    ///   - bytes: the list, as UTF-8 or, with a byte order mark, UTF-16.
    ///   - fileName: the list's name; `b2sums.txt` and `SHA512SUMS` name an algorithm.
    init(_ bytes: [UInt8], fileName: String) {
        let text = Self.decoded(bytes)
        isWebPage = Self.isWebPage(text)
        isBlank = text.allSatisfy(\.isWhitespace)
        guard !isWebPage else { return }
        var reader = ChecksumLineReader(fileName: fileName)
        for (index, bytes) in Self.lines(text).enumerated() {
            guard bytes.count <= Self.lineBytesMax else { continue }
            guard let line = reader.withoutArmour(Substring(bytes)) else { continue }
            entries += reader.entries(line, number: index + 1)
        }
        entries += reader.end()
        titles = reader.titles
    }

    /// True for the start of HTML, which servers send in place of missing files.
    static func isWebPage(_ text: String) -> Bool {
        let start = text.drop(while: \.isWhitespace).prefix(1024).lowercased()
        // Comments may precede the tag.
        return start.hasPrefix("<")
            && ["<!doctype", "<html", "<head"].contains(where: start.contains)
    }

    /// The paths of the files in the list, in the list's order, without duplicates.
    var names: [String] {
        var known: Set<String> = []
        return entries.compactMap { $0.path.map(Self.normalized) }
            .filter { known.insert($0).inserted }
    }

    /// Returns the checksum of one file.
    ///
    /// Matches the whole path first, then the path with the longest common end, which is at least
    /// the name. If the list has several supported algorithms, returns the strongest.
    ///
    /// - Parameters:
    ///   - path: the file's path relative to the list's own folder; only its name if that is
    ///     unknown.
    ///   - wholePath: the file's path at its server. If the list is in a folder of the publisher's
    ///     tree, the end of this path decides. Nil: ``path``.
    ///   - shown: the list's address, for messages.
    /// - Throws: ``TranshipError/Code/sourceUnavailable`` if the list does not name the file, has
    ///   only an unsupported algorithm for it, or contradicts itself.
    func checksum(
        forPath path: String, wholePath: String? = nil, shown: String
    ) throws(TranshipError) -> Checksum {
        guard !isWebPage else {
            throw Self.webPage(shown)
        }
        let name = Self.lastComponent(path)
        var found = try candidates(path, wholePath ?? path, shown)
        if found.isEmpty, let plain = withPlainNames {
            found = try plain.candidates(path, wholePath ?? path, shown)
        }
        guard !found.isEmpty else { throw absent(name, shown) }
        return try strongest(found, name, shown)
    }

    /// The list with decoded names: `a b.img` for `a%20b.img`. Nil if it has no such name.
    private var withPlainNames: ChecksumList? {
        var list = self
        var hasAny = false
        for index in list.entries.indices {
            guard let path = list.entries[index].path, path.utf8.contains(UInt8(ascii: "%")),
                let plain = path.removingPercentEncoding, plain != path
            else { continue }
            list.entries[index].path = plain
            hasAny = true
        }
        return hasAny ? list : nil
    }

    static func webPage(_ shown: String) -> TranshipError {
        TranshipError(
            .sourceUnavailable, "\(shown) is a web page, not a list of checksums",
            hint: "open it in a browser: the address may need a login or may have moved")
    }

    private func candidates(
        _ path: String, _ wholePath: String, _ shown: String
    ) throws(TranshipError) -> [Entry] {
        let name = Self.lastComponent(path)
        let wanted = Self.normalized(path)
        let whole = Self.normalized(wholePath)
        let named = entries.filter { $0.path != nil }
        if named.isEmpty { return try bare(name, shown) }
        let exact = named.filter { $0.path.map(Self.normalized) == wanted }
        if !exact.isEmpty { return exact }
        // A list may be in another place than the data, or contain paths of the publisher's
        // machine. So the longest common end of the paths decides.
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

    /// Returns the digests of a list that has none with a name. They belong to the file after which
    /// the list is named, unless a line of its own names another file.
    private func bare(_ name: String, _ shown: String) throws(TranshipError) -> [Entry] {
        let others = titles.filter { !$0.contains(name) && !$0.names.isEmpty }
        guard let other = others.first else { return entries }
        guard let own = titles.first(where: { $0.contains(name) }) else { return [] }
        let lines = [own, other].sorted { $0.line < $1.line }
        throw TranshipError(
            .sourceUnavailable,
            "\(shown) names its files on lines without digits, so that no digest is surely that of "
                + "\(name): " + lines.map { Self.quoted($0.line, $0.text) }.joined(separator: ", "),
            hint: "use a list with lines such as `<digits>  \(name)`, or write the right one with "
                + "`checksum`")
    }

    /// Returns the strongest checksum. Two values of one algorithm for one name are a
    /// contradiction.
    private func strongest(
        _ found: [Entry], _ name: String, _ shown: String
    ) throws(TranshipError) -> Checksum {
        // If digits without a label are as long as digits with one, their algorithm is uncertain.
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
            throw Self.wrongLength(wrong, name, shown)
        }
        let algorithms = Set(found.map(\.algorithm)).sorted().joined(separator: " and ")
        throw TranshipError(
            .sourceUnavailable, "\(shown) has only \(algorithms) for \(name)",
            hint: "use a list with one of "
                + Checksum.Algorithm.allCases.map(\.rawValue).joined(separator: ", ")
                + ", or write the checksum itself with `checksum`")
    }

    /// Returns the error for digits whose number does not fit the algorithm in their label.
    private static func wrongLength(
        _ wrong: Entry, _ name: String, _ shown: String
    ) -> TranshipError {
        let digits = Checksum.Algorithm(rawValue: wrong.algorithm)?.digitCount ?? 0
        let who = wrong.isLabelledByFile ? ", which its name says," : ""
        let likely = Checksum.Algorithm.allCases.first { $0.digitCount == wrong.digitCount }
        return TranshipError(
            .sourceUnavailable,
            "\(shown) has \(wrong.digitCount) digits for \(name), and \(wrong.algorithm)\(who) has "
                + "\(digits): " + quoted([wrong]),
            hint: likely.map {
                "ask its publisher; if these digits are \($0), write `checksum: \($0):…`"
            } ?? "ask its publisher, or write the right one with `checksum`")
    }

    private func absent(_ name: String, _ shown: String) -> TranshipError {
        var known: Set<String> = []
        var names = entries.compactMap(\.path)
        if names.isEmpty, !entries.isEmpty { names = titles.flatMap(\.names) }
        names = names.filter { known.insert($0).inserted }
        guard !names.isEmpty else {
            return TranshipError(
                .sourceUnavailable, "\(shown) holds no checksum that can be read",
                hint: "check the address; a list has lines such as `<digits>  \(name)`",
                cause: isBlank ? BlankList() : nil)
        }
        let more = names.count > Self.namesMax ? " and \(names.count - Self.namesMax) more" : ""
        let listed = names.prefix(Self.namesMax).joined(separator: ", ")
        let only = names.count == 1 ? "only " : ""
        return TranshipError(
            .sourceUnavailable,
            "\(shown) has no checksum for \(name); it lists \(only)\(listed)\(more)",
            hint: wayOut(name, names), cause: NotListed())
    }

    /// Returns the hint for a list that names only other files.
    private func wayOut(_ name: String, _ names: [String]) -> String {
        guard !isSignedPart else {
            return "only the signed part of the list counts: ask its publisher, or name another "
                + "list with `checksum_file`"
        }
        if let packed = names.first(where: { Self.isPacked(Self.lastComponent($0), from: name) }) {
            return "use \(packed), which the list names, with `decompress: auto`; or name the list "
                + "that holds \(name)"
        }
        // Compressed data has another checksum than its contents.
        guard names.count == 1,
            let only = entries.filter({ $0.path != nil }).compactMap(\.checksum).last,
            !Self.isPacked(name, from: Self.lastComponent(names[0]))
        else {
            return "name the list that holds \(name), or write its checksum with `checksum`"
        }
        return "if that is the same file under another name, write `checksum: \(only)`"
    }

    /// True if the first name is that of the second file in compressed form.
    private static func isPacked(_ one: String, from other: String) -> Bool {
        Compression.allCases.contains { one == "\(other).\($0.rawValue)" }
    }

    // MARK: Text

    /// Returns the path of a file relative to the folder of its list: `arm64/disk.raw`,
    /// `../disk.raw`.
    static func path(of file: String, inFolderOf list: String) -> String {
        // An address may have no path.
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
        entries.prefix(namesMax).map { quoted($0.line, $0.text) }.joined(separator: ", ")
    }

    private static func quoted(_ line: Int, _ text: String) -> String {
        "line \(line) \"\(text.prefix(200))\""
    }

    /// Returns the number of path components at the end that are the same.
    private static func commonEnd(_ one: String, _ other: String) -> Int {
        zip(one.split(separator: "/").reversed(), other.split(separator: "/").reversed())
            .prefix { $0 == $1 }.count
    }

    private static func lastComponent(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// Returns the path without `.`, empty components, and `..` after a folder.
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

    /// Returns the lines as bytes: lists have up to 200,000 lines, and characters take ten times as
    /// long.
    private static func lines(_ text: String) -> [Substring.UTF8View] {
        let (feed, back) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
        // `sha256sum -z` ends entries with NUL, and names may then contain line feeds. Several
        // NULs, or one after a line feed, are padding.
        let isPadding = text.utf8.dropLast().last.map { [0, feed, back].contains($0) } ?? true
        let end =
            text.utf8.last == 0 && !isPadding ? 0 : text.utf8.contains(feed) ? feed : back
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

/// The cause of a refusal: the list names only other files.
struct NotListed: Error {}

/// The cause of a refusal: the list is empty.
struct BlankList: Error {}

/// The cause of a refusal: the list does not exist at its path.
struct NoList: Error {}

extension TranshipError {
    /// True if a list does not mention its file, because its publisher may still be writing the
    /// list.
    var saysStillFilled: Bool {
        cause is NotListed || cause is BlankList || cause is NoList
    }
}
