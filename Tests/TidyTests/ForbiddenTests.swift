// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Constructs that could crash a migration in its third night.
@Suite struct ForbiddenTests {
    private let files: [SourceTree.File]

    init() throws {
        files = try SourceTree.sources.get()
        try #require(files.count > 100)
    }

    @Test(arguments: ["try!", "as!", "fatalError(", "assert(", "assertionFailure("])
    func `Errors are thrown and never crash`(word: String) {
        for file in files {
            for line in file.lines(with: word) {
                Issue.record("\(file.path):\(line.number): \(line.text)")
            }
        }
    }

    /// Its `lastPathComponent`, `deletingLastPathComponent` and `deletingPathExtension` trap on
    /// `a//é` (Swift 6.3). `PathText` does not.
    @Test func `Paths are not taken apart by NSString`() {
        for file in files {
            for line in file.lines(with: "NSString") {
                Issue.record("\(file.path):\(line.number): \(line.text)")
            }
        }
    }

    /// The thread sanitizer does not see how a thread waits for a `Mutex`: see `Guarded`.
    @Test func `Values that threads share are in Guarded`() throws {
        for file in try files + SourceTree.tests.get() {
            for line in file.lines(with: "Mutex") {
                Issue.record("\(file.path):\(line.number): \(line.text)")
            }
            // The module's atomic values are the compiler's own, which the sanitizer sees.
            #expect(
                file.lines(with: "import Synchronization").isEmpty
                    || !file.lines(with: "Atomic", "ordering:").isEmpty,
                "\(file.path) imports Synchronization for nothing")
        }
    }

    /// With optimization, Swift 6.3.1 leaves the first half of such a tuple unset: an index was
    /// garbage, and only the release build crashed.
    @Test func `No task of a group returns a tuple`() {
        for file in files {
            for line in file.lines(with: "TaskGroup(of: (", "TaskGroup<(") {
                Issue.record("\(file.path):\(line.number): \(line.text)")
            }
        }
    }

    /// An exclamation mark after a value.
    private let force = /[\w)\]}>?"]!(?!=)/

    @Test func `Nothing is unwrapped by force`() {
        for file in files {
            for line in file.lines(with: "!") where line.text.firstMatch(of: force) != nil {
                Issue.record("\(file.path):\(line.number): \(line.text)")
            }
        }
    }

    /// Checks the scanner itself.
    @Test func `The scanner sees code but not comments and strings`() {
        let source = """
            // try! here
            let a = "x! \\(b) try!" /* fatalError( */
            let c = b != nil && !d ? f()! : #"g!"#
            """
        let file = SourceTree.File(path: "Sources/A/B.swift", text: source)
        #expect(file.lines(with: "try!", "fatalError").isEmpty)
        #expect(file.code.matches(of: force).count == 1)
        #expect(file.lines(with: "!=").map(\.number) == [3])
    }

    @Test(arguments: ["@unchecked Sendable", "nonisolated(unsafe)"])
    func `Every promise to the compiler has a comment with its proof`(promise: String) {
        for file in files {
            for line in file.lines(with: promise) {
                let above = file.lines[..<(line.number - 1)].reversed().drop { $0.contains("@") }
                #expect(
                    above.first.map(isComment) == true,
                    "\(file.path):\(line.number): \(promise) without a comment that proves it")
            }
        }
    }

    private func isComment(_ line: String) -> Bool {
        line.drop { $0 == " " }.hasPrefix("//")
    }

    /// An improvement of the words would change the behavior of the program. A code, a case or a
    /// flag of the error decides. A service's words (`answer.message`) may be read, because it
    /// gives nothing else.
    @Test func `No decision reads our own words`() {
        for file in files {
            for line in file.lines(with: "message", "hint") where Self.isReadingWords(line.text) {
                Issue.record("\(file.path):\(line.number): \(line.text)")
            }
        }
    }

    private static func isReadingWords(_ line: String) -> Bool {
        line.matches(of: ownWords).contains { !($0.output.1?.hasPrefix("answer") ?? false) }
    }

    private static var ownWords: Regex<(Substring, Substring?)> {
        /(\w+\??\.)?(?:message|hint)\??\.(?:lowercased\(\)\.)?(?:contains|hasPrefix|hasSuffix|range|firstMatch|starts)\(/
    }

    @Test(arguments: [
        ("if error.message.contains(\"a\")", true), ("hint?.hasPrefix(\"a\") == true", true),
        ("guard message.lowercased().contains(x)", true), ("answer.message.contains(x)", false),
        ("error.answer?.message.hasPrefix(x)", false), ("hints.contains(x)", false),
    ])
    func `The scanner knows our words from those of a service`(line: String, isOurs: Bool) {
        #expect(Self.isReadingWords(line) == isOurs)
    }

    /// If a property is renamed, such a query silently finds something else.
    @Test func `No SQL names a Swift property`() {
        let files = files.filter { $0.text.range(of: "'$.") != nil }.map(\.path)
        for path in files where Exceptions.jsonPaths[path] == nil {
            Issue.record("\(path) reaches into JSON with SQL")
        }
        for path in Exceptions.jsonPaths.keys.sorted() where !files.contains(path) {
            Issue.record("\(path) is clean: remove its exception")
        }
    }

    @Test func `The sources have no open notes`() {
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
        for file in files {
            for word in words {
                #expect(file.text.range(of: word) == nil, "\(file.path): \(word)")
            }
        }
    }
}
