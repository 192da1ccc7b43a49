// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// One digest in the format of PowerShell's `Get-FileHash` with `Format-List`. Lines that are too
/// long for the window continue on the next line.
///
/// ```
/// Algorithm : SHA512
/// Hash      : 0D7F47A9F1886C758EB8F26F2EDD3AE70F5813FD2536907CAE674E4578588C80
///             EFF85700A51C4910BDD6207CFFED7BB2534469790D7F47A9F1886C758EB8F26F
/// Path      : C:\images\disk.raw
/// ```
struct FileHashRecord {
    private enum Key: String {
        case algorithm = "Algorithm"
        case hash = "Hash"
        case path = "Path"
    }

    /// The algorithm; nil if the record names none.
    private(set) var label: ChecksumLabel?
    /// The digits; empty if the record has none.
    private(set) var digits = ""
    /// The file's path; nil for data that PowerShell read from a stream.
    private(set) var path: String?
    /// The line of the digits, counted from 1, and its text.
    private(set) var number: Int
    private(set) var text: String

    private var known: Set<Key> = []
    private var last = Key.algorithm

    /// - Parameter line: the line without blanks around it. Nil unless it begins such a record.
    init?(_ line: Substring, number: Int) {
        (self.number, text) = (number, String(line))
        guard let (key, value) = Self.field(line), key != .path, take(key, value) else {
            return nil
        }
    }

    /// Adds the next line of the list.
    ///
    /// - Returns: false if the line is not part of this record.
    mutating func add(_ line: Substring, number: Int, isIndented: Bool) -> Bool {
        if let (key, value) = Self.field(line) {
            guard !known.contains(key), take(key, value) else { return false }
            if key == .hash { (self.number, text) = (number, String(line)) }
            return true
        }
        guard isIndented, !line.isEmpty else { return false }
        switch last {
        case .hash where line.hexDigits.count == line.count: digits += line
        case .path: path = (path ?? "") + line
        default: return false
        }
        return true
    }

    private static func field(_ line: Substring) -> (Key, Substring)? {
        // Test the first letter first, because lists have up to 200,000 lines.
        guard let first = line.utf8.first, "AHP".utf8.contains(first),
            let colon = line.firstIndex(of: ":"),
            let key = Key(rawValue: String(line[..<colon].trimmed))
        else { return nil }
        return (key, line[line.index(after: colon)...].trimmed)
    }

    private mutating func take(_ key: Key, _ value: Substring) -> Bool {
        switch key {
        case .algorithm:
            guard !value.isEmpty, value.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" })
            else { return false }
            label = ChecksumLabel(String(value)) ?? ChecksumLabel(unknown: String(value))
        case .hash:
            guard value.utf8.count >= ChecksumList.digitsMin || label != nil,
                value.hexDigits.count == value.count
            else { return false }
            digits = String(value)
        case .path: path = value.isEmpty ? nil : String(value)
        }
        known.insert(key)
        last = key
        return true
    }
}
