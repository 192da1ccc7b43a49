// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

/// What can bring a migration down in its third night.
@Suite struct ForbiddenTests {
    private let files: [SourceTree.File]

    init() throws {
        files = try SourceTree.swiftFiles("Sources")
        try #require(files.count > 100)
    }

    private func lines(
        matching pattern: some RegexComponent
    ) -> [String] {
        files.flatMap { file in
            file.code.split(separator: "\n", omittingEmptySubsequences: false)
                .enumerated().filter { $0.element.firstMatch(of: pattern) != nil }
                .map { "\(file.path):\($0.offset + 1): \(file.lines[$0.offset])" }
        }
    }

    @Test func `Errors are thrown and never crash`() {
        #expect(lines(matching: /\btry!|\bas!|\bfatalError\(|\bassert(ionFailure)?\(/) == [])
    }

    @Test func `Nothing is unwrapped by force`() {
        #expect(lines(matching: /[\w)\]}>?"]!(?!=)/) == [])
    }

    /// The scanner itself: it has to see what it forbids.
    @Test func `The scanner sees code and not what is written about it`() {
        let source = """
            // try! here
            let a = "x! \\(b) try!" /* fatalError( */
            let c = b != nil && !d ? f()! : #"g!"#
            """
        let code = Code(source).text
        #expect(!code.contains("try!") && !code.contains("fatalError"))
        #expect(code.matches(of: /[\w)\]}>?"]!(?!=)/).count == 1)
        #expect(code.split(separator: "\n", omittingEmptySubsequences: false).count == 3)
    }

    @Test(arguments: ["@unchecked Sendable", "nonisolated(unsafe)"])
    func `What the compiler cannot check has its proof above it`(promise: String) {
        for file in files {
            for (index, line) in file.lines.enumerated()
            where line.contains(promise) && !isComment(line) {
                let above = file.lines[..<index].reversed().drop { $0.contains("@") }
                #expect(
                    above.first.map(isComment) == true,
                    "\(file.path):\(index + 1): \(promise) without a comment that proves it")
            }
        }
    }

    private func isComment(_ line: Substring) -> Bool {
        line.drop { $0 == " " }.hasPrefix("//")
    }

    @Test func `Nothing is left open`() {
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
        for file in files {
            for word in words {
                #expect(!file.text.contains(word), "\(file.path): \(word)")
            }
        }
    }
}
