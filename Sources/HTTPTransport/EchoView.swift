// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The bytes of a text, some of them decoded, and the place of each in the text.
struct EchoView {
    private(set) var bytes: [UInt8] = []
    /// The place of each byte in the text. Several bytes may share one place, such as those of
    /// `\u00FC`.
    private var places: [Range<Int>] = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        places = bytes.indices.map { $0..<$0 + 1 }
    }

    private init() {}

    /// Returns the part of the text from which these bytes were decoded.
    func place(of range: ClosedRange<Int>) -> Range<Int> {
        places[range.lowerBound].lowerBound..<places[range.upperBound].upperBound
    }

    /// Removes one level of encoding: of URLs (`%2F`), of JSON (`\/`, `\u002F`) and of HTML
    /// (`&#47;`). Returns nil if nothing is encoded.
    func decoded() -> EchoView? {
        var result = EchoView()
        var position = 0
        while position < bytes.count {
            let (decoded, count) = Self.decode(bytes[position...]) ?? ([bytes[position]], 1)
            let place = place(of: position...position + count - 1)
            result.bytes.append(contentsOf: decoded)
            result.places.append(contentsOf: decoded.map { _ in place })
            position += count
        }
        return result.bytes.count == bytes.count ? nil : result
    }

    /// Decodes the encoded character at the beginning. Returns its bytes and the length of its
    /// encoding; nil if there is none.
    private static func decode(_ rest: ArraySlice<UInt8>) -> (decoded: [UInt8], count: Int)? {
        switch rest.first {
        case UInt8(ascii: "%"):
            return number(rest.dropFirst().prefix(2), radix: 16, digits: 2)
                .flatMap(UInt8.init(exactly:)).map { ([$0], 3) }
        case UInt8(ascii: "\\"): return escape(rest.dropFirst())
        case UInt8(ascii: "&"): return reference(rest.prefix(12))
        default: return nil
        }
    }

    /// - Parameter rest: the text after the backslash.
    private static func escape(_ rest: ArraySlice<UInt8>) -> (decoded: [UInt8], count: Int)? {
        switch rest.first {
        case UInt8(ascii: "u"):
            guard let unit = number(rest.dropFirst().prefix(4), radix: 16, digits: 4) else {
                return nil
            }
            let next = rest.dropFirst(5)
            guard (0xD800..<0xDC00).contains(unit), next.prefix(2).elementsEqual("\\u".utf8),
                let low = number(next.dropFirst(2).prefix(4), radix: 16, digits: 4),
                (0xDC00..<0xE000).contains(low)
            else { return scalar(unit).map { ($0, 6) } }
            return scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)).map { ($0, 12) }
        case UInt8(ascii: "x"):
            return number(rest.dropFirst().prefix(2), radix: 16, digits: 2)
                .flatMap(UInt8.init(exactly:)).map { ([$0], 4) }
        case let byte? where #""\/'"#.utf8.contains(byte): return ([byte], 2)
        default: return nil
        }
    }

    private static let names: [(name: String, byte: UInt8)] = [
        ("&amp;", 0x26), ("&lt;", 0x3C), ("&gt;", 0x3E), ("&quot;", 0x22), ("&apos;", 0x27),
    ]

    /// - Parameter rest: the text from the ampersand on.
    private static func reference(_ rest: ArraySlice<UInt8>) -> (decoded: [UInt8], count: Int)? {
        for known in names where rest.starts(with: known.name.utf8) {
            return ([known.byte], known.name.utf8.count)
        }
        guard rest.starts(with: "&#".utf8), let end = rest.firstIndex(of: UInt8(ascii: ";")) else {
            return nil
        }
        let digits = rest[rest.startIndex + 2..<end]
        let isHex = digits.first.map { $0 | 0x20 == UInt8(ascii: "x") } ?? false
        return number(isHex ? digits.dropFirst() : digits, radix: isHex ? 16 : 10)
            .flatMap(scalar).map { ($0, end + 1 - rest.startIndex) }
    }

    /// - Parameter digits: the required number of digits; nil for any number.
    private static func number(
        _ text: ArraySlice<UInt8>, radix: Int, digits: Int? = nil
    ) -> Int? {
        guard digits ?? text.count == text.count, text.first != UInt8(ascii: "+") else {
            return nil
        }
        return Int(String(decoding: text, as: UTF8.self), radix: radix)
    }

    private static func scalar(_ value: Int) -> [UInt8]? {
        UInt32(exactly: value).flatMap(Unicode.Scalar.init).map {
            Array(String(Character($0)).utf8)
        }
    }
}

/// Secrets to look for in the bytes of a text.
struct SoughtBytes {
    /// The secrets, grouped by their first byte.
    private var needles: [[[UInt8]]] = Array(repeating: [], count: 256)

    /// The length from which a part of a secret is secret as well, if it is at least half of the
    /// secret.
    private static let pieceBytesMin = 12
    /// The shortest beginning of a secret that is recognized where a text was cut off.
    private static let endBytesMin = 4

    init(_ secrets: [[UInt8]]) {
        for secret in Set(secrets) {
            if let first = secret.first { needles[Int(first)].append(secret) }
        }
    }

    /// Returns the places of secrets, including secrets that a line break splits and beginnings of
    /// secrets that were cut off.
    func places(in view: EchoView, isCut: Bool) -> [Range<Int>] {
        var found: [Range<Int>] = []
        for start in view.bytes.indices {
            let ends = needles[Int(view.bytes[start])].compactMap {
                Self.end(of: $0, at: start, in: view.bytes, isCut: isCut)
            }
            if let end = ends.max() { found.append(view.place(of: start...end)) }
        }
        return found
    }

    /// Returns the position of the last byte of the secret, or of a long enough part of it.
    private static func end(
        of secret: [UInt8], at start: Int, in bytes: [UInt8], isCut: Bool
    ) -> Int? {
        let mayBePart = secret.count >= pieceBytesMin
        var (position, count, last) = (start, 0, start)
        while count < secret.count, position < bytes.count {
            if bytes[position] == secret[count] {
                last = position
                count += 1
            } else if !mayBePart || bytes[position] != 0x0A && bytes[position] != 0x0D {
                break
            }
            position += 1
        }
        if count == secret.count { return last }
        let isPart = mayBePart && count >= max(pieceBytesMin, (secret.count + 1) / 2)
        let isAtEnd = isCut && position == bytes.count && count >= endBytesMin
        guard isPart || isAtEnd else { return nil }
        // A blank after a part belongs to the text, not to the secret.
        while last > start, bytes[last] == 0x20 { last -= 1 }
        return last
    }
}
