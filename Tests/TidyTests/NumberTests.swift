// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Proves that no number of a service, a file or a journal ends the process.
///
/// `OutsideNumber` lets 0 to 2^53 pass, and everything behind it adds with `clampedSum`. These
/// tests look for code that can trap: conversions that may not fit, sums of bytes and seconds,
/// preconditions. Each file with such code has a reason why numbers from outside cannot reach it.
/// `ForbiddenTests` looks for `!`, `try!`, `as!` and `fatalError`.
@Suite struct NumberTests {
    typealias Reason = NumberExceptions.Reason

    private let files: [SourceTree.File]

    init() throws {
        files = try SourceTree.sources.get()
        try #require(files.count > 100)
    }

    /// Conversions to fewer bits, to unsigned types, and from a `Double`. `Int` and `Int64` are the
    /// same on all platforms that Tranship is built for.
    static let conversion =
        #"\b(UInt(8|16|32|64)?|Int(8|16|32))\((?!exactly:|clamping:|ascii:)"#
        + #"|\bInt(64)?\((?!exactly:|clamping:)[^()\n]*([*/]|Double|rounded|[sS]econds)"#

    /// The operators `+`, `-` and `*` beside a name that ends in bytes or seconds.
    static let sum =
        #"([bB]ytes|[sS]econds)\)? (\+=|-=|\*=|\+|-|\*) "#
        + #"|(\+=|-=|\+|-|\*) [\w.$]*([bB]ytes|[sS]econds)\b"#

    static let precondition = #"\bprecondition(Failure)?\("#

    @Test func `Numbers are converted only where they fit`() throws {
        try check(Self.conversion, NumberExceptions.conversions)
    }

    @Test func `Bytes and seconds are added only where they fit`() throws {
        try check(Self.sum, NumberExceptions.sums)
    }

    @Test func `A precondition is about our own mistakes`() throws {
        try check(Self.precondition, NumberExceptions.preconditions)
    }

    /// `sum()` of SQLite fails beyond 2^63; `saturatingSum` does not.
    @Test func `No SQL adds with sum()`() throws {
        for file in files where file.target == "MigrationJournal" {
            for line in try hits(#"[ (,](sum|SUM)\((?!_ )[a-z]"#, in: file.text) {
                Issue.record("\(file.path):\(line)")
            }
        }
    }

    /// Checks the patterns themselves.
    @Test func `The patterns find what may trap`() throws {
        let traps = ["Int64(a * 1000)", "Int(x.rounded())", "UInt64(count)", "Int32(number)"]
        for text in traps { #expect(try !hits(Self.conversion, in: text).isEmpty, "\(text)") }
        let fine = ["Int64(clamping: a * 1000)", "Int64(count)", "UInt8(ascii: x)", "Int(text)"]
        for text in fine { #expect(try hits(Self.conversion, in: text).isEmpty, "\(text)") }
        let sums = ["a += b.sizeBytes", "sizeBytes - 1", "{ $0 + $1.reservedBytes }"]
        for text in sums { #expect(try !hits(Self.sum, in: text).isEmpty, "\(text)") }
        #expect(try hits(Self.sum, in: "a.clampedSum(b.sizeBytes)").isEmpty)
    }

    private func check(_ pattern: String, _ reasons: [String: Reason]) throws {
        var left = reasons
        for file in files {
            let path = file.path.dropFirst("Sources/".count)
            let lines = try hits(pattern, in: file.code)
            let allowed = left.removeValue(forKey: String(path))?.lines ?? 0
            #expect(
                lines.count == allowed,
                "\(file.path) has \(lines.count) lines, and \(allowed) with a reason: \(lines)")
        }
        #expect(left.isEmpty, "remove the reasons for \(left.keys.sorted())")
    }

    /// Returns the lines in which the pattern occurs, with their numbers from 1.
    private func hits(_ pattern: String, in text: String) throws -> [String] {
        let expression = try NSRegularExpression(pattern: pattern)
        let whole = NSRange(text.startIndex..., in: text)
        guard expression.firstMatch(in: text, range: whole) != nil else { return [] }
        return text.components(separatedBy: "\n").enumerated().compactMap { number, line in
            let range = NSRange(line.startIndex..., in: line)
            guard expression.firstMatch(in: line, range: range) != nil else { return nil }
            return "\(number + 1): \(line.trimmingCharacters(in: .whitespaces))"
        }
    }
}
