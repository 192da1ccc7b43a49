// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The parser's own description of the commands, as a page of documentation.
struct CommandReference {
    private let root: Command

    init(json: Data) throws {
        root = try JSONDecoder().decode(Tool.self, from: json).command
    }

    /// The commands without subcommands, in the order of the help.
    var leaves: [Command] { root.leaves }

    var markdown: String {
        var text = """
            # The commands

            <!-- Written by `make docs` from the command line itself; changes are lost. -->

            Every command prints its part of this page with `--help`. Data goes to standard output,
            messages go to standard error. [exit-codes.md](exit-codes.md) explains the exit code.


            """
        for group in root.subcommands ?? [] where group.isShown {
            for command in group.leaves {
                let link = command.path.replacing(" ", with: "-")
                text += "- [`\(command.path)`](#\(link)): \(command.abstract ?? "")\n"
            }
        }
        text += "\n## Cloud options\n\nAll commands for one cloud take these options.\n\n"
        let cloud = root.leaves.first { $0.path == "tranship versions" }?.arguments ?? []
        for option in cloud where option.isOfCloud { text += "- \(option.markdown)\n" }
        for group in root.subcommands ?? [] where group.isShown {
            for command in group.leaves { text += command.markdown }
        }
        return text
    }

    private struct Tool: Decodable {
        var command: Command
    }

    struct Command: Decodable {
        var commandName: String
        var superCommands: [String]?
        var abstract: String?
        var discussion: String?
        var shouldDisplay: Bool?
        var subcommands: [Command]?
        var arguments: [Argument]?

        var path: String { ((superCommands ?? []) + [commandName]).joined(separator: " ") }

        /// False for `help`, which explains itself.
        var isShown: Bool { shouldDisplay != false && commandName != "help" }

        var leaves: [Command] {
            let inner = (subcommands ?? []).filter(\.isShown)
            return inner.isEmpty ? [self] : inner.flatMap(\.leaves)
        }

        var markdown: String {
            let all = (arguments ?? []).filter { $0.shouldDisplay != false && !$0.isEverywhere }
            let shown = all.filter { !$0.isOfCloud }
            let cloud = all.count > shown.count ? ["[cloud options]"] : []
            var text = "\n## \(path)\n\n\(abstract ?? "")\n\n"
            text += "```\n\(wrapped([path] + shown.map(\.usage) + cloud))\n```\n"
            if let discussion { text += "\n```\n\(discussion.outdented)\n```\n" }
            var section: String?
            for argument in shown {
                let title = argument.sectionTitle ?? "Arguments and options"
                if title != section { text += "\n**\(title)**\n\n" }
                section = title
                text += "- \(argument.markdown)\n"
            }
            return text
        }
    }

    struct Argument: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String

            var text: String { (kind == "short" ? "-" : "--") + name }
        }

        var kind: String
        var names: [Name]?
        var valueName: String?
        var abstract: String?
        var discussion: String?
        var defaultValue: String?
        var allValues: [String]?
        var sectionTitle: String?
        var shouldDisplay: Bool?
        var isOptional: Bool
        var isRepeating: Bool

        /// True for options that the page describes once, at its top.
        var isEverywhere: Bool { ["help", "version"].contains(names?.last?.name) }

        /// True for options that the page describes once for all commands on one cloud.
        var isOfCloud: Bool { sectionTitle == "Cloud" }

        private var spelling: String {
            let names = (names ?? []).map(\.text).joined(separator: ", ")
            switch kind {
            case "positional": return "<\(valueName ?? "")>" + (isRepeating ? " …" : "")
            case "option": return "\(names) <\(valueName ?? "")>"
            default: return names
            }
        }

        var usage: String { isOptional ? "[\(spelling)]" : spelling }

        var markdown: String {
            var text = "`\(spelling)`: \(abstract ?? "")"
            if let discussion { text += " " + discussion.replacing("\n", with: " ") }
            if let allValues {
                text += " One of \(allValues.map { "`\($0)`" }.joined(separator: ", "))."
            }
            if let defaultValue { text += " Default: `\(defaultValue)`." }
            return text
        }
    }
}

extension String {
    /// The text without the leading spaces that all its lines share.
    fileprivate var outdented: String {
        let lines = split(separator: "\n", omittingEmptySubsequences: false)
        let margin = lines.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
        return lines.map { String($0.dropFirst(margin)) }.joined(separator: "\n")
    }
}

/// Wraps words at 100 columns; the lines after the first are indented.
private func wrapped(_ words: [String]) -> String {
    var (text, column) = ("", 0)
    for word in words {
        if column + word.count > 99, column > 4 {
            text += "\n   "
            column = 3
        }
        text += (text.isEmpty ? "" : " ") + word
        column += word.count + 1
    }
    return text
}
