// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The expansion of `${NAME}`, `${NAME:-default}` and `$$` in a value.
enum EnvironmentText {
    enum Failure: Error, Equatable {
        /// The variable is not set, and there is no default.
        case missing(String)
        case unclosed
        case badName(String)
        case nested
    }

    /// Returns the text with its variables expanded once: their values are not expanded again.
    ///
    /// A default may contain balanced braces and `$$`, but no variables. It also replaces an empty
    /// variable.
    ///
    /// - Parameters:
    ///   - each: called with every value that replaces a variable.
    ///   - escaped: makes the value of a variable literal, for a key whose text has special
    ///     characters.
    static func expand(
        _ text: String, _ environment: [String: String], each: (String) -> Void = { _ in },
        escaped: (String) -> String = { $0 }
    ) throws(Failure) -> String {
        guard text.contains("$") else { return text }
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[dollar...].dropFirst()
            if rest.first == "$" {
                result += "$"
                rest = rest.dropFirst()
            } else if rest.first == "{" {
                guard let end = closingBrace(of: rest) else { throw .unclosed }
                let value = try value(of: rest[..<end].dropFirst(), environment, escaped)
                each(value)
                result += value
                rest = rest[end...].dropFirst()
            } else {
                result += "$"
            }
        }
        return result + rest
    }

    /// True for a variable name that a shell accepts.
    static func isName(_ text: some StringProtocol) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy { $0.isAlphanumeric || $0 == 0x5F }
    }

    private static func closingBrace(of text: Substring) -> Substring.Index? {
        var depth = 0
        for index in text.indices {
            if text[index] == "{" { depth += 1 }
            if text[index] == "}" {
                depth -= 1
                if depth == 0 { return index }
            }
        }
        return nil
    }

    private static func value(
        of inner: Substring, _ environment: [String: String], _ escaped: (String) -> String
    ) throws(Failure) -> String {
        guard let range = inner.firstRange(of: ":-") else {
            guard isName(inner) else { throw .badName(String(inner)) }
            guard let value = environment[String(inner)] else { throw .missing(String(inner)) }
            return escaped(value)
        }
        let name = inner[..<range.lowerBound]
        let fallback = String(inner[range.upperBound...])
        guard isName(name) else { throw .badName(String(name)) }
        if let value = environment[String(name)], !value.isEmpty { return escaped(value) }
        if fallback.replacing("$$", with: "").contains("${") { throw .nested }
        return fallback.replacing("$$", with: "$")
    }
}

extension UInt8 {
    /// True for an ASCII letter or digit.
    var isAlphanumeric: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}
