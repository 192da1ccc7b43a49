// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The documentation that programmers read about the library.
@Suite struct DocumentationTests {
    /// Returns true for requirements of well-known protocols, and of `ServiceRecord` and
    /// `MetadefEntry`: the protocols document them.
    private static func isExempt(_ text: Substring) -> Bool {
        text.firstMatch(
            of:
                /public (typealias (Element|Failure) |let rawValue|var description: String|init\((rawValue|stringLiteral|arrayLiteral)|func makeAsyncIterator|mutating func next\($|(let|var) record: \[|init\(record: \[|static (let|var) (idKey|valueTypes|part|listKey|neededKeys|otherKeys)\b)/
        ) != nil
    }

    /// Returns the public declarations without a comment above them, with line numbers from 1.
    static func undocumented(_ file: SourceTree.File) -> [(number: Int, text: String)] {
        let lines = file.lines
        return file.lines(with: "public ").filter { line in
            let text = line.text.trimmingPrefix(while: \.isWhitespace)
            let words = text.split(separator: " ").drop { $0.hasPrefix("@") }
            guard words.first == "public",
                !["import", "extension"].contains(words.dropFirst().first)
            else { return false }
            guard !isExempt(text) else { return false }
            let above = lines[..<(line.number - 1)].reversed()
                .map { $0.trimmingPrefix(while: \.isWhitespace) }
                .first { !$0.hasPrefix("@") }
            return above?.hasPrefix("///") != true
        }
    }

    @Test func `Every public declaration of the library says what it is`() throws {
        let files = try SourceTree.sources.get().filter { $0.target == "OpenStackImage" }
        #expect(files.count > 30)
        for file in files {
            for line in Self.undocumented(file) {
                Issue.record("\(file.path):\(line.number): \(line.text)")
            }
        }
    }

    /// Checks the scanner itself.
    @Test func `The scanner finds declarations without a comment`() {
        let source = """
            /// A.
            public struct A {
                /// B.
                @discardableResult
                public func b() {}
                public var c = 1
                @inlinable public func d() {}
                public let rawValue: String
                var e = 2
            }
            """
        let file = SourceTree.File(path: "Sources/A/B.swift", text: source)
        #expect(Self.undocumented(file).map(\.number) == [6, 7])
    }

    /// The examples are compiled and run, so the code in the guide works.
    @Test func `The code in the guide is in the examples`() throws {
        let guide = try SourceTree.text("docs/library.md")
        let example = Self.words(
            try SourceTree.text("Examples/Sources/ImageTour/ImageTour.swift"))
        let blocks = guide.components(separatedBy: "```swift\n").dropFirst()
            .compactMap { $0.components(separatedBy: "```").first }
        #expect(blocks.count > 5)
        for block in blocks {
            #expect(example.contains(Self.words(block)), "not in the examples:\n\(block)")
        }
    }

    @Test func `The files that the guide for contributors names exist`() throws {
        let files = try (SourceTree.sources.get() + SourceTree.tests.get()).map(\.path)
        let words = try SourceTree.text("CONTRIBUTING.md").split(separator: "`")
        let named = words.filter { $0.hasSuffix(".swift") && $0 != "Package.swift" }
        #expect(named.count > 15)
        for name in named
        where name != "Sources/A/B.swift" && name != "Tests/ATests/BTests.swift" {
            let exists = files.contains { $0.hasSuffix(name) }
            #expect(exists, "\(name) is in CONTRIBUTING.md, but does not exist")
        }
    }

    @Test func `The suites that say how it is proved exist`() throws {
        let tests = try SourceTree.tests.get()
        let words = try SourceTree.text("docs/how-it-proves.md").split(separator: "`")
        let named = Set(words.filter { $0.hasSuffix("Tests") && !$0.contains("/") })
        #expect(named.count > 20)
        for name in named {
            let exists = tests.contains { $0.code.range(of: "struct \(name) ") != nil }
            #expect(exists, "\(name) is in docs/how-it-proves.md, but does not exist")
        }
    }

    /// Returns the text without indentation.
    private static func words(_ text: String) -> String {
        text.components(separatedBy: "\n").map { $0.drop { $0 == " " } }.joined(separator: "\n")
    }
}
