// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Checks that files and functions stay small enough to read in one sitting.
@Suite struct SizeTests {
    private static let fileLinesMax = 500
    private static let functionLinesMax = 70

    /// The files and functions that are too long: the file, or `file: function`, with the number of
    /// lines.
    private let oversized: [String: Int]

    init() throws {
        let files = try SourceTree.sources.get() + SourceTree.tests.get()
        try #require(files.count > 100)
        var oversized: [String: Int] = [:]
        for file in files {
            let lineCount = file.lines.count - 1
            if lineCount > Self.fileLinesMax { oversized[file.path] = lineCount }
            // If a file is shorter than the limit, so are its functions.
            guard lineCount > Self.functionLinesMax else { continue }
            let lengths = FunctionLengths(code: file.code)
            for function in lengths.functions + lengths.closures
            where function.lineCount > Self.functionLinesMax {
                oversized["\(file.path): \(function.name)"] = function.lineCount
            }
        }
        self.oversized = oversized
    }

    @Test func `No file has more than 500 lines, no function more than 70`() {
        for (place, lineCount) in oversized.sorted(by: { $0.key < $1.key })
        where Exceptions.sizes[place] == nil {
            Issue.record("\(place) has \(lineCount) lines")
        }
    }

    @Test func `Every exception is still too long`() {
        for place in Exceptions.sizes.keys.sorted() {
            #expect(oversized[place] != nil, "\(place) is short enough: remove its exception")
        }
    }

    @Test func `The counter finds functions, whatever surrounds them`() {
        let source = #"""
            let table = [1: { (n: Int) in
                if n > 0 { n }
            }]
            protocol P {
                func required() -> Int
                init(_: Int)
                var asked: Int { get }
            }
            struct S: P {
                /// Not a func { here.
                func required() -> Int { "}".count }
                init(_ number: Int, then: () -> Void = { print("{") }) {
                    self.init(text: "func a() {")
                }
                var stored = [1].map { $0 }
                var asked: Int {
                    let slash = text.firstMatch(of: /["{]/)
                    func inner(
                        _ a: Int
                    ) -> Int { a }
                    return 1
                }
                func `A var { in a title`() {
                }
                static func < (one: S, other: S) -> Bool {
                    true
                }
            }
            """#
        let lengths = FunctionLengths(code: Code(source).text)
        #expect(lengths.closures.first == .init(name: "table", line: 1, lineCount: 3))
        #expect(
            lengths.functions == [
                .init(name: "asked", line: 7, lineCount: 1),
                .init(name: "required", line: 11, lineCount: 1),
                .init(name: "init", line: 12, lineCount: 3),
                .init(name: "asked", line: 16, lineCount: 7),
                .init(name: "inner", line: 18, lineCount: 3),
                .init(name: "`A var { in a title`", line: 23, lineCount: 2),
                .init(name: "<", line: 25, lineCount: 3),
            ])
    }
}
