// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// One digest in the format of `gpg --print-md`: upper-case digits in groups, on one or more lines.
///
/// ```
/// disk.raw: 0D7F47A9 F1886C75 8EB8F26F 2EDD3AE7 0F5813FD 2536907C AE674E45
///           78588C80
/// disk.raw:   SHA1 = EFF8 5700 A51C 4910 BDD6  207C FFED 7BB2 5344 6979
/// a-name-that-leaves-no-room-for-digits-20241119.qcow2:
/// EFF8 5700 A51C 4910 BDD6  207C FFED 7BB2 5344 6979
/// ```
struct GroupedDigits {
    /// The file's name; nil for data that gpg read from a pipe.
    private(set) var path: String?
    private(set) var label: ChecksumLabel?
    /// The digits without blanks.
    private(set) var digits = ""
    /// The first line, counted from 1, and its text.
    let number: Int
    let text: String

    /// The group lengths that gpg uses.
    private static let groupLengths = [2, 4, 8]

    /// The number of digits in a group; 0 before the first group.
    private var groupLength = 0
    /// True if the name has its own line, so that the digits begin on the next line.
    private var isNameAlone: Bool { digits.isEmpty }

    /// - Parameter line: the line without blanks around it. Nil unless it begins such a digest.
    init?(_ line: Substring, number: Int) {
        (self.number, text) = (number, String(line))
        let colon = line.lastIndex(of: ":")
        let rest = colon.map { line[line.index(after: $0)...] } ?? line
        if let colon {
            let name = line[..<colon].trimmed
            guard !name.isEmpty else { return nil }
            // A label may be in place of the name: `SHA256: 0D7F47A9 …`
            label = ChecksumLabel(String(name))
            if label == nil { path = String(name) }
        }
        guard addLabelled(rest) || (colon != nil && rest.isEmpty && label == nil) else {
            return nil
        }
    }

    /// Adds the next line of the list.
    ///
    /// - Returns: false if the line is not part of this digest.
    mutating func add(_ line: Substring, isIndented: Bool) -> Bool {
        guard !line.isEmpty else { return false }
        if isNameAlone { return addLabelled(line) }
        // After digits without a name, another digest without a name may follow.
        guard isIndented || path != nil || label != nil else { return false }
        if let digitCount = label?.digitCount, digits.utf8.count >= digitCount { return false }
        return addGroups(line)
    }

    /// Adds `SHA256 = 0D7F47A9 …`, or groups without a label.
    private mutating func addLabelled(_ line: Substring) -> Bool {
        guard let sign = line.firstIndex(of: "=") else { return addGroups(line) }
        guard label == nil, let own = ChecksumLabel(String(line[..<sign].trimmed)),
            addGroups(line[line.index(after: sign)...])
        else { return false }
        label = own
        return true
    }

    private mutating func addGroups(_ line: Substring) -> Bool {
        let groups = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
        guard let length = groups.first?.utf8.count, Self.groupLengths.contains(length),
            isNameAlone ? groups.count > 1 : length == groupLength,
            groups.allSatisfy({ $0.utf8.count == length && $0.hexDigits.count == length })
        else { return false }
        groupLength = length
        digits += groups.joined()
        return true
    }
}
