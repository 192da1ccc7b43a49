// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A pattern for names: `*` matches any text, `?` one character, `[a-z]` and `[!a-z]` one character
/// in or outside a set. `\` escapes the next character.
///
/// The pattern must match the whole name. Case matters; `/` and a leading dot are ordinary
/// characters. A `[` without a closing bracket matches itself. Matching takes at most time
/// proportional to the length of the pattern times the length of the name.
public struct Glob: Sendable, Hashable, CustomStringConvertible {
    /// The pattern as written.
    public let pattern: String
    private let parts: [Part]

    private enum Part: Hashable {
        case anyText
        case anyOne
        case one(Unicode.Scalar)
        case set([ClosedRange<Unicode.Scalar>], negated: Bool)
    }

    public init(_ pattern: String) {
        self.pattern = pattern
        self.parts = Self.parse(Array(pattern.unicodeScalars))
    }

    public var description: String { pattern }

    /// The only name that matches, or nil if the pattern has wildcards. A service can be asked for
    /// this name directly.
    public var literal: String? {
        var text = String.UnicodeScalarView()
        for part in parts {
            guard case .one(let scalar) = part else { return nil }
            text.append(scalar)
        }
        return String(text)
    }

    /// True if the pattern matches the whole name.
    public func matches(_ name: String) -> Bool {
        let name = Array(name.unicodeScalars)
        var part = 0
        var position = 0
        // If a later part fails, resume here and let the last `*` match one more character.
        var retry: (part: Int, position: Int)?
        while position < name.count {
            if part < parts.count, case .anyText = parts[part] {
                part += 1
                retry = (part, position)
            } else if part < parts.count, Self.fits(parts[part], name[position]) {
                part += 1
                position += 1
            } else if let last = retry {
                part = last.part
                position = last.position + 1
                retry = (part, position)
            } else {
                return false
            }
        }
        return parts[part...].allSatisfy { $0 == .anyText }
    }

    private static func fits(_ part: Part, _ scalar: Unicode.Scalar) -> Bool {
        switch part {
        case .anyText: false
        case .anyOne: true
        case .one(let wanted): wanted == scalar
        case .set(let ranges, let negated): ranges.contains { $0.contains(scalar) } != negated
        }
    }

    private static func parse(_ text: [Unicode.Scalar]) -> [Part] {
        var parts: [Part] = []
        var index = 0
        while index < text.count {
            switch text[index] {
            case "*":
                if parts.last != .anyText { parts.append(.anyText) }
            case "?":
                parts.append(.anyOne)
            case "\\" where index + 1 < text.count:
                index += 1
                parts.append(.one(text[index]))
            case "[":
                if let (set, end) = parseSet(text, from: index) {
                    parts.append(set)
                    index = end
                } else {
                    parts.append(.one("["))
                }
            case let scalar:
                parts.append(.one(scalar))
            }
            index += 1
        }
        return parts
    }

    /// Returns the set that opens at `start`, and the index of its closing `]`. A `]` right after
    /// the opening belongs to the set (POSIX 1003.1, 2.13.1).
    private static func parseSet(_ text: [Unicode.Scalar], from start: Int) -> (Part, Int)? {
        var index = start + 1
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        let negated = index < text.count && (text[index] == "!" || text[index] == "^")
        if negated { index += 1 }
        let first = index
        while index < text.count {
            if text[index] == "]", index > first { return (.set(ranges, negated: negated), index) }
            if text[index] == "\\", index + 1 < text.count { index += 1 }
            let low = text[index]
            if index + 2 < text.count, text[index + 1] == "-", text[index + 2] != "]" {
                if low <= text[index + 2] { ranges.append(low...text[index + 2]) }
                index += 3
            } else {
                ranges.append(low...low)
                index += 1
            }
        }
        return nil
    }
}
