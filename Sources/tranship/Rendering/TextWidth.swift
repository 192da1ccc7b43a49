// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension String {
    /// The number of terminal columns of the text: two for wide East Asian characters and emoji
    /// (Unicode Annex 11), none for single combining marks, one for all others.
    var columnCount: Int { reduce(0) { $0 + $1.columnCount } }

    /// Returns the text, or its beginning and `…` if it takes more columns.
    func cut(toColumns columns: Int) -> String {
        guard columnCount > columns else { return self }
        return columns > 0 ? beginning(ofColumns: columns - 1) + "…" : ""
    }

    /// Returns the text, or its beginning and its end with `…` between them. Names often differ
    /// only in their last characters: a number, a date, an architecture.
    func cutInMiddle(toColumns columns: Int) -> String {
        guard columnCount > columns, columns >= 5 else { return cut(toColumns: columns) }
        let end = String(reversed()).beginning(ofColumns: columns / 2)
        return cut(toColumns: columns - end.columnCount) + String(end.reversed())
    }

    /// Returns the first characters, as many as fit.
    private func beginning(ofColumns columns: Int) -> String {
        var left = columns
        return String(
            prefix { character in
                left -= character.columnCount
                return left >= 0
            })
    }

    /// Returns the text with spaces after or before it, up to a width. Longer text is cut in the
    /// middle.
    func filled(toColumns columns: Int, fromRight: Bool = false) -> String {
        let text = cutInMiddle(toColumns: columns)
        let blanks = String(repeating: " ", count: max(0, columns - text.columnCount))
        return fromRight ? blanks + text : text + blanks
    }
}

extension Character {
    fileprivate var columnCount: Int {
        guard let scalar = unicodeScalars.first else { return 0 }
        if unicodeScalars.contains("\u{FE0F}") || scalar.properties.isEmojiPresentation { return 2 }
        return switch scalar.value {
        case 0x0300...0x036F, 0x200B...0x200F, 0x20D0...0x20F0, 0xFE00...0xFE0F, 0xFE20...0xFE2F: 0
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F1E6...0x1F1FF,
            0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            2
        default: 1
        }
    }
}

/// Durations in the format of clocks: `0:31`, `1:16`, `1:02:03`.
enum ClockText {
    static func format(_ seconds: Int64) -> String {
        let seconds = max(0, seconds)
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let minutes = seconds / 60
        return minutes < 60
            ? "\(minutes):\(two(seconds % 60))"
            : "\(minutes / 60):\(two(minutes % 60)):\(two(seconds % 60))"
    }
}

extension ByteCount {
    private static let shortUnits: [(String, Int64)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ]

    private static func unit(of bytes: Int64) -> (name: String, bytes: Int64) {
        shortUnits.first { bytes >= $0.1 } ?? ("B", 1)
    }

    private static func number(
        _ bytes: Int64, in unit: Int64, _ rule: FloatingPointRoundingRule = .toNearestOrAwayFromZero
    ) -> String {
        let value = Double(bytes) / Double(unit)
        if unit == 1 || value >= 9.95 || value == value.rounded() {
            return "\(Int64(clamping: value.rounded(rule)))"
        }
        let tenths = Int64(clamping: (value * 10).rounded(rule))
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// Returns the size with about three digits: `280 MiB`, `1.4 GiB`, `9 MiB`.
    static func short(_ bytes: Int64) -> String {
        let unit = unit(of: bytes)
        return "\(number(bytes, in: unit.bytes)) \(unit.name)"
    }

    /// Returns a part and the whole in one unit: `171/280 MiB`. A part never looks like the whole.
    static func share(_ bytes: Int64, of whole: Int64, joint: String = "/") -> String {
        let unit = unit(of: whole)
        return
            "\(number(bytes, in: unit.bytes, bytes < whole ? .down : .toNearestOrAwayFromZero))"
            + "\(joint)\(number(whole, in: unit.bytes)) \(unit.name)"
    }
}
