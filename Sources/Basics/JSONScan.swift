// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Finds the values of a JSON text. Does not recurse, so that no text can exhaust the stack.
struct JSONScan {
    private let text: UnsafeBufferPointer<UInt8>
    private let depthMax: Int
    private var at = 0
    private(set) var entries: [JSONText.Entry] = []
    /// The lists and objects around the current place.
    private var open: [Int] = []

    init(_ text: UnsafeBufferPointer<UInt8>, depthMax: Int) {
        self.text = text
        self.depthMax = depthMax
        // A record has about 30 bytes for each of its names and values.
        entries.reserveCapacity(text.count / 16 + 1)
    }

    /// The characters that may follow a backslash, with their meanings. The scanner handles `u`
    /// itself.
    static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F,
        UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A,
        UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
    ]

    static func hex(_ byte: UInt8) -> UInt32? {
        let digit = UInt32(clamping: byte)
        return switch byte {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x41 + 10
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }

    /// Scans the whole text. Returns false if the text is not JSON, or nests too deep.
    mutating func scan() -> Bool {
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
        while true {
            switch begin() {
            case .fails: return false
            // An element, or the value of a first member, comes next.
            case .opened: continue
            case .ended: break
            }
            var isWhole = false
            while !isWhole {
                skipBlanks()
                guard let top = open.last else { return at == text.count }
                guard at < text.count else { return false }
                let isObject = entries[top].kind == .object
                switch text[at] {
                case UInt8(ascii: ","):
                    at += 1
                    if isObject, !name() { return false }
                    entries[top].end += 1
                    isWhole = true
                case UInt8(ascii: "}") where isObject, UInt8(ascii: "]") where !isObject: close(top)
                default: return false
                }
            }
        }
    }

    private enum Begun { case opened, ended, fails }

    /// Scans a whole value, or only the beginning of a list or object that is not empty.
    private mutating func begin() -> Begun {
        skipBlanks()
        guard at < text.count else { return .fails }
        switch text[at] {
        case UInt8(ascii: "\""): return string() ? .ended : .fails
        case UInt8(ascii: "{"): return begin(.object, end: UInt8(ascii: "}"))
        case UInt8(ascii: "["): return begin(.list, end: UInt8(ascii: "]"))
        case UInt8(ascii: "n"): return word("null", .null)
        case UInt8(ascii: "t"): return word("true", .yes)
        case UInt8(ascii: "f"): return word("false", .no)
        default: return number() ? .ended : .fails
        }
    }

    private mutating func begin(_ kind: JSONText.Kind, end: UInt8) -> Begun {
        guard open.count < depthMax else { return .fails }
        let index = entries.count
        add(kind, from: at, to: 0)
        open.append(index)
        at += 1
        skipBlanks()
        guard at < text.count else { return .fails }
        if text[at] == end {
            close(index)
            return .ended
        }
        if kind == .object, !name() { return .fails }
        entries[index].end = 1
        return .opened
    }

    private mutating func close(_ index: Int) {
        entries[index].next = UInt32(clamping: entries.count)
        open.removeLast()
        at += 1
    }

    /// Scans the name of a member, and the colon.
    private mutating func name() -> Bool {
        skipBlanks()
        guard at < text.count, text[at] == UInt8(ascii: "\""), string() else { return false }
        skipBlanks()
        guard at < text.count, text[at] == UInt8(ascii: ":") else { return false }
        at += 1
        return true
    }

    private mutating func string() -> Bool {
        at += 1
        let start = at
        var hasEscapes = false
        while at < text.count {
            let byte = text[at]
            if byte == UInt8(ascii: "\"") {
                add(.string, from: start, to: at)
                entries[entries.count - 1].hasEscapes = hasEscapes
                at += 1
                return true
            }
            guard byte >= 0x20 else { return false }
            at += 1
            guard byte == UInt8(ascii: "\\") else { continue }
            hasEscapes = true
            guard at < text.count else { return false }
            if text[at] == UInt8(ascii: "u") {
                guard at + 4 < text.count,
                    text[at + 1...at + 4].allSatisfy({ Self.hex($0) != nil })
                else { return false }
                at += 5
            } else {
                guard Self.escapes[text[at]] != nil else { return false }
                at += 1
            }
        }
        return false
    }

    private mutating func word(_ word: StaticString, _ kind: JSONText.Kind) -> Begun {
        let length = word.utf8CodeUnitCount
        guard at + length <= text.count else { return .fails }
        for place in 0..<length where text[at + place] != word.utf8Start[place] { return .fails }
        add(kind, from: at, to: at + length)
        at += length
        return .ended
    }

    private mutating func number() -> Bool {
        let start = at
        if at < text.count, text[at] == UInt8(ascii: "-") { at += 1 }
        let first = at
        guard digits() else { return false }
        // JSON allows no zeros before other digits.
        if text[first] == 0x30, at - first > 1 { return false }
        if at < text.count, text[at] == UInt8(ascii: ".") {
            at += 1
            guard digits() else { return false }
        }
        if at < text.count, text[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < text.count, text[at] == UInt8(ascii: "+") || text[at] == UInt8(ascii: "-") {
                at += 1
            }
            guard digits() else { return false }
        }
        add(.number, from: start, to: at)
        return true
    }

    /// Scans digits. Returns false if there are none.
    private mutating func digits() -> Bool {
        let start = at
        while at < text.count, text[at] >= 0x30, text[at] <= 0x39 { at += 1 }
        return at > start
    }

    private mutating func add(_ kind: JSONText.Kind, from start: Int, to end: Int) {
        entries.append(
            JSONText.Entry(
                kind: kind, start: UInt32(clamping: start), end: UInt32(clamping: end),
                next: UInt32(clamping: entries.count + 1)))
    }

    private mutating func skipBlanks() {
        while at < text.count {
            switch text[at] {
            case 0x20, 0x0A, 0x0D, 0x09: at += 1
            default: return
            }
        }
    }
}
