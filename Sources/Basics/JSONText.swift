// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A JSON text (RFC 8259) with the places of its values. A reader builds only the values that it
/// needs, so it reads a list of a thousand records much faster than a general decoder does.
package struct JSONText: Sendable {
    package enum Kind: UInt8, Sendable {
        case null, no, yes, number, string, list, object
    }

    /// A value, or the name of a member. Entries have the order of the text: after an object come
    /// the name and the value of its first member.
    struct Entry: Sendable {
        var kind: Kind
        /// True for a string that contains a backslash.
        var hasEscapes = false
        /// The first byte, without the quote of a string.
        var start: UInt32
        /// The offset after the last byte; for a list or an object, the number of its elements or
        /// members.
        var end: UInt32
        /// The index of the entry that follows this one and everything inside it.
        var next: UInt32
    }

    let bytes: [UInt8]
    let entries: [Entry]

    /// Checks the whole text, except that strings are checked for UTF-8 when they are read.
    ///
    /// - Parameter depthMax: the most levels of lists and objects inside each other.
    /// - Returns: nil if the text is not JSON, or has more levels.
    package init?(_ bytes: [UInt8], depthMax: Int = JSONBounds.depthMax) {
        guard bytes.count < UInt32.max else { return nil }
        let entries = bytes.withUnsafeBufferPointer { text -> [Entry]? in
            var found = JSONScan(text, depthMax: depthMax)
            return found.scan() ? found.entries : nil
        }
        guard let entries else { return nil }
        self.bytes = bytes
        self.entries = entries
    }

    // MARK: Reading. Each index is the index of an entry; the value of the whole text has 0.

    package func kind(_ index: Int) -> Kind { entries[index].kind }

    /// The number of elements of a list, or of members of an object.
    package func count(_ index: Int) -> Int { Int(entries[index].end) }

    /// The index of the entry that follows a value and everything inside it.
    package func next(_ index: Int) -> Int { Int(entries[index].next) }

    /// The text of a string; nil for another kind, and for bytes that are not text.
    package func string(_ index: Int) -> String? {
        let entry = entries[index]
        guard entry.kind == .string else { return nil }
        return bytes.withUnsafeBufferPointer { text in
            let part = UnsafeBufferPointer(rebasing: text[Int(entry.start)..<Int(entry.end)])
            guard entry.hasEscapes else {
                return part.allSatisfy { $0 < 0x80 }
                    ? String(decoding: part, as: UTF8.self)
                    : String(validating: part, as: UTF8.self)
            }
            return Self.unescaped(part).flatMap { String(validating: $0, as: UTF8.self) }
        }
    }

    /// A whole number; nil for another kind, and for a number that is not whole or has more than
    /// 64 bits.
    package func integer(_ index: Int) -> Int64? {
        guard case .integer(let number) = number(index) else { return nil }
        return number
    }

    /// A number; nil for another kind, and for a number outside the range of `Double`.
    package func number(_ index: Int) -> JSONValue? {
        let entry = entries[index]
        guard entry.kind == .number else { return nil }
        let digits = bytes[Int(entry.start)..<Int(entry.end)]
        var value: Int64 = 0
        let isNegative = digits.first == UInt8(ascii: "-")
        for digit in digits.dropFirst(isNegative ? 1 : 0) {
            guard digit >= 0x30, digit <= 0x39 else { return Self.real(digits) }
            let (tens, overflows) = value.multipliedReportingOverflow(by: 10)
            let step = Int64(digit - 0x30)
            let (sum, passes) =
                isNegative
                ? tens.subtractingReportingOverflow(step) : tens.addingReportingOverflow(step)
            if overflows || passes { return Self.real(digits) }
            value = sum
        }
        return .integer(value)
    }

    /// Reads a number with a fraction or an exponent. `2.0` and `2e3` count as whole numbers.
    private static func real(_ digits: ArraySlice<UInt8>) -> JSONValue? {
        guard let value = Double(String(decoding: digits, as: UTF8.self)), value.isFinite else {
            return nil
        }
        return Int64(exactly: value).map { .integer($0) } ?? .number(value)
    }

    /// The offset of the first string or number that cannot be read: half a pair of surrogates,
    /// bytes that are not UTF-8, or a number outside the range of `Double`. Nil if all can be read.
    package var unreadableByte: Int? {
        entries.indices.first { index in
            switch entries[index].kind {
            case .string: string(index) == nil
            case .number: number(index) == nil
            default: false
            }
        }.map { Int(entries[$0].start) }
    }

    /// True if the name or string of an entry has these bytes.
    package func isEqual(_ index: Int, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
        let entry = entries[index]
        guard entry.hasEscapes else {
            let length = Int(entry.end - entry.start)
            guard length == name.count else { return false }
            return bytes.withUnsafeBufferPointer { text in
                let start = Int(entry.start)
                for place in 0..<length where text[start + place] != name[place] { return false }
                return true
            }
        }
        return string(index)?.utf8.elementsEqual(name) ?? false
    }

    private static func unescaped(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var at = 0
        func unit(_ start: Int) -> UInt32 {
            text[start..<start + 4].reduce(0) { $0 << 4 | (JSONScan.hex($1) ?? 0) }
        }
        while at < text.count {
            guard text[at] == UInt8(ascii: "\\") else {
                result.append(text[at])
                at += 1
                continue
            }
            let escaped = text[at + 1]
            at += 2
            guard escaped == UInt8(ascii: "u") else {
                result.append(JSONScan.escapes[escaped] ?? escaped)
                continue
            }
            var code = unit(at)
            at += 4
            // A pair of surrogates is one character. Half a pair is an error.
            if (0xD800..<0xDC00).contains(code), at + 6 <= text.count,
                text[at] == UInt8(ascii: "\\"), text[at + 1] == UInt8(ascii: "u"),
                (0xDC00..<0xE000).contains(unit(at + 2))
            {
                code = 0x10000 + (code - 0xD800) << 10 + (unit(at + 2) - 0xDC00)
                at += 6
            }
            guard let scalar = Unicode.Scalar(code) else { return nil }
            result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
        return result
    }
}

extension JSONValue {
    /// Builds a value of the text with everything inside it. If several members have one name, the
    /// first counts.
    ///
    /// - Returns: nil if a string inside it is not text, or a number is too large for `Double`.
    package init?(_ text: JSONText, _ index: Int = 0) {
        switch text.kind(index) {
        case .null: self = .null
        case .no: self = .bool(false)
        case .yes: self = .bool(true)
        case .number:
            guard let number = text.number(index) else { return nil }
            self = number
        case .string:
            guard let string = text.string(index) else { return nil }
            self = .string(string)
        case .list:
            var list: [JSONValue] = []
            list.reserveCapacity(text.count(index))
            var at = index + 1
            while at < text.next(index) {
                guard let value = JSONValue(text, at) else { return nil }
                list.append(value)
                at = text.next(at)
            }
            self = .array(list)
        case .object:
            var members: [String: JSONValue] = [:]
            members.reserveCapacity(text.count(index))
            var at = index + 1
            while at < text.next(index) {
                guard let name = text.string(at), let value = JSONValue(text, at + 1) else {
                    return nil
                }
                if let first = members.updateValue(value, forKey: name) { members[name] = first }
                at = text.next(at + 1)
            }
            self = .object(members)
        }
    }
}
