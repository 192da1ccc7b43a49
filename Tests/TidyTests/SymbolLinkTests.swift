// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Checks that links from comments to symbols lead to a declaration. The check is rough: the
/// declaration may be in another type.
@Suite struct SymbolLinkTests {
    /// Returns the names that some Swift files declare: `read`, and for functions also
    /// `read(_:into:)`.
    private static func declared(_ files: [SourceTree.File]) -> Set<String> {
        var names: Set<String> = []
        for file in files {
            let tokens = FunctionLengths.tokens(of: Array(file.code.utf8)).map(\.text)
            for (index, keyword) in tokens.enumerated().dropLast() {
                var name = index + 1
                if ["init", "subscript"].contains(keyword) { name = index }
                guard name == index || keywords.contains(keyword) else { continue }
                names.insert(tokens[name])
                names.insert(tokens[name] + labels(tokens[(name + 1)...]))
                // `case one, two(Int)`
                while keyword == "case", name + 2 < tokens.count, tokens[name + 1] == "," {
                    name += 2
                    names.insert(tokens[name])
                }
            }
        }
        return names
    }

    private static let keywords: Set<String> = [
        "func", "var", "let", "case", "struct", "enum", "class", "actor", "protocol", "typealias",
        "associatedtype",
    ]

    /// Returns the labels of a list of parameters after the generic ones: `(_:into:)`.
    private static func labels(_ tokens: ArraySlice<String>) -> String {
        var (depth, labels, before) = (0, "", "")
        for (index, token) in zip(tokens.indices, tokens) {
            if depth == 0, !["(", "<", "?", "!"].contains(token) { break }
            if depth == 1, labels.isEmpty ? before == "(" : before == ",", token != ")" {
                let isLabelled = tokens[(index + 1)...].prefix(2).contains(":") && token != "["
                labels += isLabelled ? "\(token):" : "_:"
            }
            if ["(", "[", "{", "<"].contains(token) { depth += 1 }
            if [")", "]", "}"].contains(token) || token == ">" && before != "-" { depth -= 1 }
            before = token
            if depth == 0, token == ")" { return "(\(labels))" }
        }
        return ""
    }

    /// Returns the links in the comments of a file, each split at its slashes.
    private static func links(_ file: SourceTree.File) -> [[String]] {
        guard file.text.range(of: "``") != nil else { return [] }
        // The fences of code do not count.
        let lines = file.lines.filter {
            $0.range(of: "//") != nil && $0.range(of: "```") == nil
        }
        return lines.flatMap { line in
            line.components(separatedBy: "``").enumerated().filter { $0.offset % 2 == 1 }.map {
                $0.element.components(separatedBy: "/")
            }
        }
    }

    @Test func `Every link of a comment names a symbol of ours`() throws {
        let files = try SourceTree.sources.get() + SourceTree.tests.get()
        let declared = Self.declared(files)
        let links = files.filter { $0.name != "SymbolLinkTests.swift" }.map {
            (file: $0, links: Self.links($0))
        }
        #expect(links.map { $0.links.count }.reduce(0, +) > 500)
        for (file, links) in links {
            // Links to Swift's own symbols begin with its name.
            for link in links where link[0] != "Swift" && !declared.isSuperset(of: link) {
                Issue.record("\(file): ``\(link.joined(separator: "/"))`` is not declared")
            }
        }
    }

    @Test func `The scanner reads names and labels`() {
        let file = SourceTree.File(
            path: "Sources/A/B.swift",
            text: """
                /// See ``S/read(_:into:)`` and ``S``.
                struct S<T> {
                    func read<U>(_ a: [T: U], into b: (T, U) -> Void = { _, _ in }) {}
                    init?(from: Int) { let x = 1 }
                }
                enum E { case one, two(Int, named: String) }
                """)
        #expect(Self.links(file) == [["S", "read(_:into:)"], ["S"]])
        #expect(
            Self.declared([file]) == [
                "S", "read", "read(_:into:)", "init", "init(from:)", "x", "E", "one", "two",
            ])
    }
}
