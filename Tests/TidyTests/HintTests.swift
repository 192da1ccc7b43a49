// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Checks that the things that hints name exist.
@Suite struct HintTests {
    struct Hint: CustomStringConvertible {
        var file: String
        var text: String
        var description: String { "\(file): \(text)" }

        /// The parts between backticks.
        var quoted: [String] {
            text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 1 }.map { String($0.element) }
        }

        /// True if the hint names another project's tool, whose options are not ours.
        var namesOtherTools: Bool {
            ["openstack ", "gpg "].contains { text.contains($0) }
        }
    }

    /// Returns every literal that follows `hint:`, with its continuations.
    private static func hints() throws -> [Hint] {
        var found: [Hint] = []
        for file in try SourceTree.sources.get() {
            // Regular expressions over whole files take a minute in a debug build.
            var rest = file.text[...]
            while let place = rest.range(of: "hint:") {
                rest = rest[place.upperBound...]
                let literals = rest.prefix(1500).prefixMatch(
                    of: /(?: String =)?\s*((?:"(?:[^"\\]|\\.)*"\s*\+?\s*)+)/)
                guard let literals else { continue }
                let parts = literals.output.1.matches(of: /"((?:[^"\\]|\\.)*)"/)
                found.append(
                    Hint(file: file.path, text: parts.map { String($0.output.1) }.joined()))
            }
        }
        return found
    }

    /// Words in backticks that are neither commands nor keys: a line of a file.
    private static let others = ["---", "<digits>  \\(name)"]

    /// Returns the words in a hint that the program does not have.
    private static func unknown(
        _ hint: Hint, commands: String, keys: String
    ) -> [String] {
        var unknown: [String] = []
        for quoted in hint.quoted where !others.contains(quoted) {
            if quoted.hasPrefix("tranship ") {
                let words = quoted.split(separator: " ").dropFirst().prefix {
                    $0.wholeMatch(of: /[a-z][a-z0-9-]*/) != nil
                }
                let isKnown = (1...max(1, words.count)).contains { count in
                    commands.contains("## tranship \(words.prefix(count).joined(separator: " "))")
                }
                if words.isEmpty || !isKnown { unknown.append(quoted) }
            } else if let key = quoted.wholeMatch(of: /([a-z_]+(?:\.[a-z_]+)*)(?::.*)?/) {
                unknown += key.output.1.split(separator: ".").map(String.init).filter {
                    !keys.contains("\"\($0)\"") && !keys.contains("`\($0)`")
                }
            } else if !quoted.contains(" ") {
                unknown.append(quoted)
            }
        }
        guard !hint.namesOtherTools else { return unknown }
        let options = hint.text.matches(of: /(?:^|[ `(])(--[a-z][a-z-]+)/).map { $0.output.1 }
        return unknown
            + options.filter { !commands.contains("\($0)") && $0 != "--failed" }
            .map(String.init)
    }

    @Test func `Every hint names keys, options and commands that exist`() throws {
        let hints = try Self.hints()
        #expect(hints.count > 250)
        let commands = try SourceTree.text("docs/cli.md")
        let keys =
            try SourceTree.text("pipelines/schema.json") + SourceTree.text("docs/clouds.md")
        for hint in hints {
            for word in Self.unknown(hint, commands: commands, keys: keys) {
                Issue.record("\(hint) names \(word), which does not exist")
            }
        }
    }

    /// Checks the scanner itself.
    @Test(
        arguments: [
            ("run `tranship fly`", ["tranship fly"]), ("set `limits.wings`", ["wings"]),
            ("name it with --wings", ["--wings"]), ("write `keep: 90d`", []),
            ("look with `tranship series history`", []), ("see `openstack image show --wings`", []),
        ] as [(String, [String])])
    func `The scanner finds what does not exist`(text: String, words: [String]) {
        let found = Self.unknown(
            Hint(file: "a", text: text), commands: "## tranship series history\n",
            keys: #"{"limits": 1, "keep": 2}"#)
        #expect(found == words)
    }
}
