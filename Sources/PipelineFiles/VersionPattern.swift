// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// The pattern of `latest`: the name of a file that a folder has in several versions, such as
/// `noble-server-@v-amd64.img` or `@v/disk-@v.qcow2`.
///
/// `@v` stands for the version, the same one everywhere: 1 to 128 letters, digits and `.,_+~^:-`,
/// with at least one digit. So it never leads out of the folder.
public struct VersionPattern: Sendable, Hashable {
    /// The pattern as written.
    public let text: String

    public static let mark = "@v"
    private static let versionBytesMax = 128

    init(_ text: String) { self.text = text }

    /// Returns the version in a name; nil if the name does not match.
    public func version(in name: String) -> String? {
        // Byte by byte: equivalent spellings of a letter are different names to a server.
        let name = Array(name.utf8)
        let literals = text.split(separator: Self.mark, omittingEmptySubsequences: false)
            .map { Array($0.utf8) }
        let marks = literals.count - 1
        let rest = name.count - literals.reduce(0) { $0 + $1.count }
        guard marks > 0, rest >= marks, rest.isMultiple(of: marks) else { return nil }
        let size = rest / marks
        let start = literals[0].count
        let version = String(decoding: name[start..<(start + size)], as: UTF8.self)
        guard size <= Self.versionBytesMax, Self.isVersion(version),
            Array(filled(with: version).utf8) == name
        else { return nil }
        return version
    }

    /// Returns the name of a version.
    public func filled(with version: String) -> String {
        Self.fill(text, with: version)
    }

    /// Replaces `@v` in any text, such as the address of a list.
    public static func fill(_ text: String, with version: String) -> String {
        text.replacing(mark, with: version)
    }

    /// The folder before the first part with `@v`, empty or with a slash at its end; the part
    /// itself; and the rest with its leading slash.
    public var parts: (folder: String, own: VersionPattern, rest: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let index = parts.firstIndex { $0.contains(Self.mark) } ?? parts.startIndex
        let folder = parts[..<index].map { "\($0)/" }.joined()
        let rest = parts[index...].dropFirst().map { "/\($0)" }.joined()
        return (folder, VersionPattern(String(parts[index])), rest)
    }

    private static func isVersion(_ text: String) -> Bool {
        text.utf8.contains { (0x30...0x39).contains($0) }
            && text.utf8.allSatisfy { $0.isAlphanumeric || ".,_+~^:-".utf8.contains($0) }
    }
}

extension FileValue {
    /// Parses `latest`.
    ///
    /// - Parameter folder: the key that names the folder.
    func versionPattern(_ folder: String = "url") throws(TranshipError) -> VersionPattern {
        let text = try text()
        let example = "write it as noble-server-@v-amd64.img"
        guard text.contains(VersionPattern.mark) else {
            throw refusal(
                "\(label) is \(shown), which has no \(VersionPattern.mark)",
                hint: "put \(VersionPattern.mark) in place of the version: \(example)")
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !["", ".", ".."].contains($0) }) else {
            throw refusal(
                "\(label) is \(shown), but must be a path within the folder of `\(folder)`",
                hint: example)
        }
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }),
            !text.contains("?"), !text.contains("#")
        else {
            throw refusal(
                "\(label) contains a ?, a # or a control character, which no file name in a folder "
                    + "has")
        }
        return VersionPattern(text)
    }
}
