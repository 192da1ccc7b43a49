// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The tag of a link, read like a browser does (the HTML standard, section 13.2.5): quotes hide a
/// `>`, the first `href` counts, and character references are decoded.
struct LinkTag {
    /// The index of its `>`.
    let end: Int
    /// The link's address without blanks around it; nil without `href`.
    private(set) var target: String?

    /// - Parameter bytes: the bytes from after `<a` to the end of the page.
    /// - Returns: nil if the tag has no end.
    init?(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while true {
            rest = rest.drop { FolderListing.isSpace($0) || $0 == UInt8(ascii: "/") }
            guard let first = rest.first else { return nil }
            if first == UInt8(ascii: ">") { break }
            // An attribute's name may begin with `=`.
            let isNamed = { (byte: UInt8) in
                !FolderListing.isSpace(byte) && !"/>=".utf8.contains(byte)
            }
            let more = rest.dropFirst().prefix(while: isNamed)
            let name = rest[..<more.endIndex]
            rest = rest[more.endIndex...].drop(while: FolderListing.isSpace)
            var value: ArraySlice<UInt8> = []
            if rest.first == UInt8(ascii: "=") {
                rest = rest.dropFirst().drop(while: FolderListing.isSpace)
                guard let read = Self.value(&rest) else { return nil }
                value = read
            }
            if target == nil, name.map({ $0 | 0x20 }) == Array("href".utf8) {
                target = Self.address(value)
            }
        }
        end = rest.startIndex
    }

    /// Takes the value of an attribute; nil if its quote is never closed.
    private static func value(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let quote = rest.first, "\"'".utf8.contains(quote) else {
            let value = rest.prefix { !FolderListing.isSpace($0) && $0 != UInt8(ascii: ">") }
            rest = rest[value.endIndex...]
            return value
        }
        rest = rest.dropFirst()
        guard let end = rest.firstIndex(of: quote) else { return nil }
        defer { rest = rest[(end + 1)...] }
        return rest[..<end]
    }

    /// Returns the address in a value, by the URL standard: without blanks and control characters
    /// around it, and without tabs and line feeds inside.
    private static func address(_ value: ArraySlice<UInt8>) -> String {
        let text = characters(String(decoding: value, as: UTF8.self)).unicodeScalars
        var inner = text.drop { $0.value <= 0x20 }
        while inner.last.map({ $0.value <= 0x20 }) == true { inner.removeLast() }
        let breaks: Set<Unicode.Scalar> = ["\t", "\n", "\r"]
        return String(String.UnicodeScalarView(inner.filter { !breaks.contains($0) }))
    }

    // MARK: Character references

    /// The references that servers and their escaping libraries write, and those for characters of
    /// addresses.
    private static let names: [Substring: Unicode.Scalar] = [
        "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "amp": "&", "plus": "+", "period": ".",
        "lowbar": "_", "sol": "/", "bsol": "\\", "colon": ":", "semi": ";",
        "num": "#", "quest": "?", "equals": "=", "percnt": "%", "commat": "@", "comma": ",",
        "excl": "!", "lpar": "(", "rpar": ")", "lsqb": "[", "rsqb": "]", "ast": "*", "dollar": "$",
        "Tab": "\t", "NewLine": "\n",
    ]
    private static let referenceCharactersMax = 10

    private static func characters(_ text: String) -> String {
        guard text.contains("&") else { return text }
        var plain = ""
        var rest = text[...]
        while let sign = rest.firstIndex(of: "&") {
            plain += rest[..<sign]
            rest = rest[sign...].dropFirst()
            guard let (scalar, end) = numbered(rest) ?? named(rest) else {
                plain.append("&")
                continue
            }
            plain.unicodeScalars.append(scalar)
            rest = rest[end...]
        }
        return plain + rest
    }

    /// Returns the character of `#45` or `#x2D`, and the index after its reference. The `;` is
    /// optional.
    private static func numbered(_ rest: Substring) -> (Unicode.Scalar, String.Index)? {
        guard rest.first == "#" else { return nil }
        let number = rest.dropFirst()
        let isHexadecimal = number.first == "x" || number.first == "X"
        let digits = number.dropFirst(isHexadecimal ? 1 : 0).prefix(referenceCharactersMax).prefix {
            $0.isASCII && (isHexadecimal ? $0.isHexDigit : $0.isNumber)
        }
        guard let value = UInt32(digits, radix: isHexadecimal ? 16 : 10),
            let scalar = Unicode.Scalar(value)
        else { return nil }
        let end = digits.endIndex
        return (scalar, rest[end...].first == ";" ? rest.index(after: end) : end)
    }

    /// Returns the character of a named reference. It needs its `;`, because a part of a query may
    /// look like a reference (`&lt=1`).
    private static func named(_ rest: Substring) -> (Unicode.Scalar, String.Index)? {
        let name = rest.prefix(referenceCharactersMax).prefix { $0.isASCII && $0.isLetter }
        guard rest[name.endIndex...].first == ";", let scalar = names[name] else { return nil }
        return (scalar, rest.index(after: name.endIndex))
    }
}
