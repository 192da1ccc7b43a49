// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import tranship

/// Writes `docs/cli.md` from the parser's own description: `TRANSHIP_WRITE_DOCS=1 swift test
/// --filter CommandReferenceTests`.
@Suite struct CommandReferenceTests {
    private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../docs/cli.md").standardizedFileURL

    @Test func `The reference of the commands is what the parser says`() async throws {
        let shell = try Shell()
        defer { shell.remove() }
        let outcome = try await shell.run("tranship --experimental-dump-help")
        #expect(outcome.status == 0)
        let text = try CommandReference(json: Data(outcome.output.utf8)).markdown
        if ProcessInfo.processInfo.environment["TRANSHIP_WRITE_DOCS"] == "1" {
            try Data(text.utf8).write(to: Self.file)
        }
        let written = try String(contentsOf: Self.file, encoding: .utf8)
        #expect(written == text, "docs/cli.md is stale: run `make docs`")
    }

    @Test func `Every command has a line that says what it does, and an example`() async throws {
        let shell = try Shell()
        defer { shell.remove() }
        let outcome = try await shell.run("tranship --experimental-dump-help")
        let reference = try CommandReference(json: Data(outcome.output.utf8))
        for command in reference.leaves {
            #expect(command.abstract?.hasSuffix(".") == true, "\(command.path)")
            let examples = (command.discussion ?? "").split(separator: "\n")
                .filter { $0.hasPrefix("  $ ") && $0.contains(command.path) }
            #expect(!examples.isEmpty, "\(command.path) has no example")
        }
    }

    @Test func `What users of other tools type leads to a command`() async throws {
        let shell = try Shell()
        defer { shell.remove() }
        let outcome = try await shell.run("tranship --experimental-dump-help")
        let paths = try CommandReference(json: Data(outcome.output.utf8)).leaves.map(\.path)
        for (typed, meant) in MistypedCommand.otherWords {
            #expect(paths.contains(meant) || meant == "tranship --version", "\(typed)")
            #expect(!paths.contains("tranship \(typed)"), "\(typed)")
        }
    }

    @Test func `ls and rm are short for commands, and rm in an argument stays`() {
        #expect(ShortCommands.expanded(["ls", "-f", "json"]) == ["image", "list", "-f", "json"])
        #expect(ShortCommands.expanded(["rm", "ls"]) == ["image", "delete", "ls"])
        #expect(ShortCommands.expanded(["help", "rm"]) == ["help", "image", "delete"])
        #expect(ShortCommands.expanded(["copy", "ls", "rm"]) == ["copy", "ls", "rm"])
        #expect(ShortCommands.expanded([]).isEmpty)
    }

    /// If a terminal of 80 columns wraps a line, a copy of that command is broken.
    @Test func `No example and no line of help is wider than 80 columns`() async throws {
        let shell = try Shell()
        defer { shell.remove() }
        let outcome = try await shell.run("tranship --experimental-dump-help")
        let reference = try CommandReference(json: Data(outcome.output.utf8))
        for command in reference.leaves {
            for line in (command.discussion ?? "").split(separator: "\n") where line.count > 80 {
                Issue.record("\(command.path): \(line)")
            }
        }
        let help = try await shell.run("tranship --help").output.split(separator: "\n")
        for line in help where line.count > 80 { Issue.record("tranship: \(line)") }
        let firstCommand = try #require(help.firstIndex { $0.hasPrefix("  copy ") })
        let exitStatus = try #require(help.firstIndex(of: "EXIT STATUS:"))
        #expect(firstCommand < exitStatus)
        #expect(help.contains { $0.contains("$ tranship copy alpha beta ubuntu-24.04") })
    }
}
