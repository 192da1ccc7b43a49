// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The functions of a Swift file, and the number of lines of each.
///
/// Counts `func`, `init`, `deinit`, `subscript` and computed properties, from the line of the
/// keyword to the line of the closing brace. Works on ``Code``, so braces in comments and strings
/// do not count. Lists closures outside of functions separately.
struct FunctionLengths {
    struct Function: Equatable {
        /// The first word after the keyword: `run`, or `init` itself.
        var name: String
        /// The line of the keyword, from 1.
        var line: Int
        var lineCount: Int
    }

    struct Token {
        var text: String
        var line: Int
    }

    /// The functions in the order of the file, nested ones after the function around them.
    private(set) var functions: [Function] = []
    /// Blocks that are not bodies of types or functions: closures that a property holds.
    private(set) var closures: [Function] = []
    private let tokens: [Token]

    init(code: String) {
        tokens = Self.tokens(of: Array(code.utf8))
        var bodies: Set<Int> = []
        for index in tokens.indices {
            guard let body = openingBrace(ofDeclarationAt: index) else { continue }
            bodies.insert(body)
            let keyword = tokens[index]
            let isNamed = keyword.text == "func" || keyword.text == "var"
            functions.append(
                Function(
                    name: isNamed ? tokens[index + 1].text : keyword.text, line: keyword.line,
                    lineCount: lineOfClosingBrace(from: body) - keyword.line + 1))
        }
        var header: [String] = []
        for (index, token) in tokens.enumerated() {
            if token.text == "{", !bodies.contains(index), Self.types.isDisjoint(with: header) {
                let name = header.lastIndex { $0 == "let" || $0 == "var" }.map { header[$0 + 1] }
                closures.append(
                    Function(
                        name: name ?? "closure", line: token.line,
                        lineCount: lineOfClosingBrace(from: index) - token.line + 1))
            }
            if token.text == "{" || token.text == "}" {
                header = []
            } else {
                header.append(token.text)
            }
        }
    }

    private static let types: Set<String> = [
        "struct", "enum", "class", "actor", "extension", "protocol",
    ]

    /// Returns the first token of the body, or nil if no function with a body starts at this token.
    private func openingBrace(ofDeclarationAt start: Int) -> Int? {
        guard start + 1 < tokens.count, start == 0 || tokens[start - 1].text != "." else {
            return nil
        }
        let keyword = tokens[start].text
        switch keyword {
        case "func", "var", "deinit": break
        case "init", "subscript":
            guard ["(", "<", "?", "!"].contains(tokens[start + 1].text) else { return nil }
        default: return nil
        }
        var depth = 0
        for index in (start + 1)..<tokens.count {
            let token = tokens[index]
            switch token.text {
            case "(", "[": depth += 1
            case ")", "]":
                depth -= 1
                if depth < 0 { return nil }
            case "{" where depth == 0: return index
            case "}" where depth == 0: return nil
            case "=" where depth == 0 && keyword == "var": return nil
            default:
                guard depth == 0 else { continue }
                if keyword == "var", token.line > tokens[start].line { return nil }
                // A requirement of a protocol has no body: the next declaration follows.
                if index > start + 1, Self.declarations.contains(token.text) { return nil }
            }
        }
        return nil
    }

    private static let declarations: Set<String> = [
        "func", "init", "deinit", "subscript", "var", "let", "case", "struct", "enum", "class",
        "actor", "extension", "protocol", "typealias", "associatedtype", "public", "package",
        "internal", "fileprivate", "private", "static", "mutating",
    ]

    private func lineOfClosingBrace(from body: Int) -> Int {
        var depth = 0
        for token in tokens[body...] {
            if token.text == "{" { depth += 1 }
            if token.text == "}" { depth -= 1 }
            if depth == 0 { return token.line }
        }
        return tokens[body].line
    }

    /// Returns words, names in backticks, and single punctuation marks.
    static func tokens(of bytes: [UInt8]) -> [Token] {
        var tokens: [Token] = []
        var line = 1
        var index = 0
        while index < bytes.count {
            let start = index
            index += 1
            switch bytes[start] {
            case UInt8(ascii: "\n"): line += 1
            case UInt8(ascii: " "): break
            case UInt8(ascii: "`"):
                while index < bytes.count, bytes[index] != UInt8(ascii: "`") { index += 1 }
                index += 1
                tokens.append(
                    Token(text: String(decoding: bytes[start..<index], as: UTF8.self), line: line))
            case let byte:
                if isWord(byte) {
                    while index < bytes.count, isWord(bytes[index]) { index += 1 }
                }
                tokens.append(
                    Token(text: String(decoding: bytes[start..<index], as: UTF8.self), line: line))
            }
        }
        return tokens
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x80...: true
        default: false
        }
    }
}
