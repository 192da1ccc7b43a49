// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Checks that the page fits two printed pages, and names only existing things.
@Suite struct ArchitectureTests {
    private let lines: [String]
    private let words: [String]

    init() throws {
        let text = try SourceTree.text("docs/ARCHITECTURE.md")
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            .dropLast()
        // The words in the picture do not count.
        let prose = text.components(separatedBy: "```").enumerated().filter { $0.offset % 2 == 0 }
            .map(\.element).joined()
        words = prose.components(separatedBy: "`").enumerated().filter { $0.offset % 2 == 1 }
            .map(\.element)
        try #require(words.count > 80)
    }

    @Test func `The page has at most 110 lines of at most 130 columns`() {
        #expect(lines.count <= 110)
        for line in lines { #expect(line.count <= 130, "\(line)") }
    }

    @Test func `The walk has at most 12 stops`() throws {
        let start = try #require(lines.firstIndex { $0.hasPrefix("## One image") })
        let walk = lines[(start + 1)...].prefix { !$0.hasPrefix("## ") }
        let stops = walk.filter { $0.firstMatch(of: /^\d+\.\s/) != nil }
        #expect((8...12).contains(stops.count))
    }

    @Test(arguments: ["kind of source", "kind of target", "state"])
    func `Each recipe has at most five lines`(subject: String) throws {
        let start = try #require(lines.firstIndex { $0.hasPrefix("**Add a \(subject).**") })
        let recipe = lines[start...].prefix { !$0.isEmpty }
        #expect((2...5).contains(recipe.count))
    }

    /// Words that look like types and files, but are not.
    private static let others: Set<String> = ["DELETE", "Package.swift"]

    @Test func `Every file, folder and type that the page names exists`() throws {
        let files = try SourceTree.sources.get() + SourceTree.tests.get()
        var types = Set(files.map(\.target))
        for file in files {
            for keyword in ["struct ", "enum ", "protocol ", "class "] {
                let names = file.code.components(separatedBy: keyword).dropFirst()
                types.formUnion(names.map { String($0.prefix { $0.isLetter }) })
            }
        }
        for word in Set(words).subtracting(Self.others).sorted() {
            if word.contains("/") || word.hasSuffix(".swift") {
                let exists =
                    files.contains { file in
                        file.path == word || file.path.hasSuffix("/" + word)
                            || "/\(file.path)".range(of: "/\(word.trimmed)/") != nil
                    } || (try? SourceTree.text(word)) != nil
                #expect(exists, "\(word) does not exist")
            } else if word.wholeMatch(of: /[A-Z][A-Za-z]+/) != nil {
                #expect(types.contains(word), "\(word) does not exist")
            }
        }
    }

    // MARK: Kinds

    /// The files that may distinguish the cases of `Source` and `Target`, besides `PipelineFiles`.
    private static let factories = [
        "Sources/SourceReaders/SourceFactory.swift", "Sources/TranshipKit/TargetFactory.swift",
    ]

    /// This folder has an enumeration of its own: the arguments of `tranship copy`.
    private static let copies = "Sources/TranshipKit/Copy/"

    @Test
    func `Beside the parser, only the two factories choose by the kind of a source or target`()
        throws
    {
        let files = try SourceTree.sources.get().filter { file in
            file.target != "PipelineFiles" && !file.path.hasPrefix(Self.copies)
                && file.code.range(of: "import PipelineFiles") != nil
        }
        let kinds = try Self.cases(of: "Source") + Self.cases(of: "Target")
        try #require(kinds.count >= 8)
        let choosing = files.filter { file in
            kinds.contains { file.code.range(of: "case .\($0)(") != nil }
        }
        #expect(choosing.map(\.path).sorted() == Self.factories)
    }

    /// Returns the cases of an enumeration of `PipelineFiles` in the file of its name.
    private static func cases(of name: String) throws -> [String] {
        let text = try SourceTree.text("Sources/PipelineFiles/\(name).swift")
        let start = try #require(text.range(of: "enum \(name):"))
        return text[start.upperBound...].components(separatedBy: "\n").prefix { $0 != "}" }
            .compactMap { $0.firstMatch(of: /case (\w+)/).map { String($0.output.1) } }
    }
}

extension String {
    /// The text without the slash of a folder.
    fileprivate var trimmed: String { hasSuffix("/") ? String(dropLast()) : self }
}
