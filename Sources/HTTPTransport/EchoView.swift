// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The bytes of a text, some of them decoded, and where each was in the text.
struct EchoView {
    private(set) var bytes: [UInt8] = []
    /// Where each byte was written: several bytes may come from one place, as those of `\u00FC`.
    private var places: [Range<Int>] = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        places = bytes.indices.map { $0..<$0 + 1 }
    }

    private init() {}

    /// The bytes of the text that these bytes were made of.
    func place(of range: ClosedRange<Int>) -> Range<Int> {
        places[range.lowerBound].lowerBound..<places[range.upperBound].upperBound
    }

    /// The view without one level of encoding: of URLs (`%2F`), of JSON (`\/`, `\u002F`) and of HTML
    /// (`&#47;`). Nil if nothing is encoded.
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

    /// What the encoded character at the beginning stands for, and its length; nil if there is none.
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

    /// - Parameter rest: behind the backslash.
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

    /// - Parameter rest: from the ampersand.
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

    /// - Parameter digits: how many there must be; nil for any number.
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
    /// By their first byte.
    private var needles: [[[UInt8]]] = Array(repeating: [], count: 256)

    /// A part of a secret of this length is secret as well, if it is half of it.
    private static let pieceBytesMin = 12
    /// Of a secret that the end of a text cuts off.
    private static let endBytesMin = 4

    init(_ secrets: [[UInt8]]) {
        for secret in Set(secrets) {
            if let first = secret.first { needles[Int(first)].append(secret) }
        }
    }

    /// Where secrets are, also those that a line break splits, and beginnings of secrets that were
    /// cut short.
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

    /// The position of the last byte of the secret, or of a part of it that is long enough.
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
        // The blank behind a part is one of the text.
        while last > start, bytes[last] == 0x20 { last -= 1 }
        return last
    }
}
