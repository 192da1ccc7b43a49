// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The id of an image in an archive: a UUID in lower case, stored in 16 bytes.
///
/// Only such an id becomes the name of a file, so no id leads out of the folder.
package struct ArchivedID: Hashable, Comparable, Sendable {
    private let high: UInt64
    private let low: UInt64

    /// Returns nil for any other text.
    package init?(_ text: String) {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12],
            text.utf8.allSatisfy({ byte in
                byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte)
                    || (0x61...0x66).contains(byte)
            }),
            let high = UInt64(groups[..<3].joined(), radix: 16),
            let low = UInt64(groups[3...].joined(), radix: 16)
        else { return nil }
        self.high = high
        self.low = low
    }

    package var text: String {
        let digits = Self.digits(high) + Self.digits(low)
        var (text, rest) = ("", digits[...])
        for count in [8, 4, 4, 4, 12] {
            text += (text.isEmpty ? "" : "-") + rest.prefix(count)
            rest = rest.dropFirst(count)
        }
        return text
    }

    private static func digits(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    package static func < (one: ArchivedID, other: ArchivedID) -> Bool {
        (one.high, one.low) < (other.high, other.low)
    }

    // MARK: Names of files

    /// The name of the record of an image that is in the archive.
    var record: String { "\(text).json" }
    /// The name of the record of an image that is not complete or not published.
    var pending: String { ".\(text).json" }
    var data: String { "\(text).data" }
    /// The name of the data file while it is written.
    var part: String { ".\(text).data.part" }
}
