// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The files of this repository.
struct SourceTree {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../..").standardizedFileURL

    struct File: Sendable, CustomStringConvertible {
        /// The path from the root: `Sources/Planning/Planner.swift`.
        var path: String
        var text: String

        /// The folder below `Sources` or `Tests`, such as `Planning`.
        var target: String { String(path.split(separator: "/")[1]) }
        var name: String { String(path.split(separator: "/").last ?? "") }
        var lines: [String] { text.components(separatedBy: "\n") }
        var description: String { path }
        /// ``Code`` of the text.
        var code: String

        init(path: String, text: String) {
            self.path = path
            self.text = text
            code = Code(text).text
        }

        /// Returns the lines of code that contain one of these words, with line numbers from 1.
        /// Uses Foundation: in a debug build, regular expressions over all sources take a minute.
        func lines(with words: String...) -> [(number: Int, text: String)] {
            guard words.contains(where: { code.range(of: $0) != nil }) else { return [] }
            return code.components(separatedBy: "\n").enumerated().filter { line in
                words.contains { line.element.range(of: $0) != nil }
            }.map { ($0.offset + 1, $0.element) }
        }
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    static let sources = Result { try swiftFiles("Sources") }
    static let tests = Result { try swiftFiles("Tests") }

    /// Reads the Swift files below some folders.
    private static func swiftFiles(_ folders: String...) throws -> [File] {
        var files: [File] = []
        for folder in folders {
            let names = FileManager.default.enumerator(
                atPath: root.appendingPathComponent(folder).path)
            for case let name as String in names ?? .init() where name.hasSuffix(".swift") {
                let path = "\(folder)/\(name)"
                files.append(File(path: path, text: try text(path)))
            }
        }
        return files.sorted { $0.path < $1.path }
    }
}

/// Swift source, reduced to code.
struct Code {
    /// The text without comments and without the contents of string literals and regular
    /// expressions, with the same line breaks.
    let text: String

    init(_ source: String) {
        var scanner = Scanner(Array(source.utf8))
        scanner.scan()
        text = String(decoding: scanner.result, as: UTF8.self)
    }

    /// A scanner that works on bytes: in a debug build, characters are a hundred times slower.
    private struct Scanner {
        let bytes: [UInt8]
        var position = 0
        var result: [UInt8] = []

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        private func has(_ word: StaticString) -> Bool {
            let count = word.utf8CodeUnitCount
            guard position + count <= bytes.count else { return false }
            for offset in 0..<count where bytes[position + offset] != word.utf8Start[offset] {
                return false
            }
            return true
        }

        private mutating func skip(_ count: Int = 1) {
            for _ in 0..<count where position < bytes.count {
                if bytes[position] == UInt8(ascii: "\n") { result.append(bytes[position]) }
                position += 1
            }
        }

        mutating func scan() {
            while position < bytes.count {
                if has("//") {
                    while position < bytes.count, !has("\n") { position += 1 }
                } else if has("/*") {
                    while position < bytes.count, !has("*/") { skip() }
                    skip(2)
                } else if has("#\"") {
                    literal(isRaw: true)
                } else if has("\"") {
                    literal(isRaw: false)
                } else if has("`") {
                    name()
                } else if has("/"), let end = endOfPattern() {
                    position = end
                    result += Array("//".utf8)
                } else {
                    result.append(bytes[position])
                    position += 1
                }
            }
        }

        /// Takes a name in backticks, including quotes and braces.
        private mutating func name() {
            repeat {
                result.append(bytes[position])
                position += 1
            } while position < bytes.count && !has("`")
            if position < bytes.count {
                result.append(bytes[position])
                position += 1
            }
        }

        /// Returns the position after a regular expression that starts at the current one: a slash
        /// at which a value may start, and another one before the line ends.
        private func endOfPattern() -> Int? {
            let before = result.last { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\n") }
            guard let before, "(=:,[{".utf8.contains(before), position + 1 < bytes.count,
                bytes[position + 1] != UInt8(ascii: " ")
            else { return nil }
            var index = position + 1
            while index < bytes.count, bytes[index] != UInt8(ascii: "\n") {
                if bytes[index] == UInt8(ascii: "/") { return index + 1 }
                index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
            }
            return nil
        }

        /// Skips a literal. Interpolations count as text: they are short.
        private mutating func literal(isRaw: Bool) {
            result += Array("\"\"".utf8)
            if isRaw { skip() }
            let isLong = has("\"\"\"")
            skip(isLong ? 3 : 1)
            var depth = 0
            while position < bytes.count {
                if !isRaw, has("\\(") {
                    depth += 1
                    skip(2)
                } else if !isRaw, has("\\") {
                    skip(2)
                } else if depth > 0 {
                    if has("(") { depth += 1 }
                    if has(")") { depth -= 1 }
                    skip()
                } else if isLong ? has("\"\"\"") : has("\"") {
                    return skip((isLong ? 3 : 1) + (isRaw ? 1 : 0))
                } else {
                    skip()
                }
            }
        }
    }
}
