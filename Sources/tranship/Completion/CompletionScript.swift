// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics

/// The completion scripts of the parser, with the aliases of commands, which the parser omits.
///
/// After an alias, TAB offers the same words as after its command: `image save` is `image
/// download`, and `ls` is `image list`.
enum CompletionScript {
    /// An alias of a command.
    private struct Alias {
        /// The commands before the alias, from `tranship` on.
        let parents: [String]
        let word: String
        /// The full command.
        let command: [String]
    }

    /// Returns the script with all aliases. Returns any other text unchanged.
    static func withAliases(_ script: String) -> String {
        if script.hasPrefix("#!/bin/bash\n") || script.hasPrefix("#compdef ") {
            return withFunctions(script)
        }
        return script.hasPrefix("function __tranship_") ? withCases(script) : script
    }

    private static var aliases: [Alias] {
        let root = [Tranship.configuration.commandName ?? ""]
        return aliases(of: Tranship.self, root)
            + ShortCommands.words.sorted { $0.key < $1.key }.map { word, command in
                Alias(parents: root, word: word, command: root + command)
            }
    }

    private static func aliases(
        of command: any ParsableCommand.Type, _ path: [String]
    ) -> [Alias] {
        command.configuration.subcommands.flatMap { next in
            let own = path + [next.configuration.commandName ?? ""]
            return next.configuration.aliases.map { Alias(parents: path, word: $0, command: own) }
                + aliases(of: next, own)
        }
    }

    /// Adds aliases for bash and zsh, where each command has a function, which its parent's
    /// function calls by name.
    private static func withFunctions(_ script: String) -> String {
        var lines = script.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        func beginning(_ path: [String]) -> String { "_\(path.joined(separator: "_"))() {" }
        for alias in aliases {
            let sibling = alias.command[alias.parents.count]
            guard let parent = lines.firstIndex(of: beginning(alias.parents)),
                // A line of the form `list|show|…)`.
                let names = lines[parent...].firstIndex(where: { line in
                    let words = line.drop { $0 == " " }.split(separator: "|")
                    return line.hasSuffix(")")
                        && (words.contains { $0 == sibling } || words.last == "\(sibling))")
                }),
                let own = lines.firstIndex(of: beginning(alias.command))
            else { continue }
            let indentation = lines[names].prefix { $0 == " " }
            lines[names] =
                "\(indentation)\(alias.word)|\(lines[names].dropFirst(indentation.count))"
            lines.insert(
                contentsOf: [
                    beginning(alias.parents + [alias.word]),
                    "    _\(alias.command.joined(separator: "_"))", "}", "",
                ], at: own)
        }
        return lines.joined(separator: "\n")
    }

    /// Adds aliases for fish, where one function parses the words, with a case for each command.
    private static func withCases(_ script: String) -> String {
        let aliases = aliases
        var lines: [String] = []
        var path: [String] = []
        var isParsing = false
        for line in script.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("function ") {
                isParsing = line.hasPrefix("function __tranship_parse_tokens")
            }
            let indentation = String(line.prefix { $0 == " " })
            guard isParsing, let name = line.wholeMatch(of: /\ *case '(?<name>[^']+)'/)?.name
            else {
                if isParsing, path.count == 1, line.hasSuffix("switch $unparsed_tokens[1]") {
                    lines += shortCases(indentation, aliases.filter { $0.parents == path })
                }
                lines.append(String(line))
                continue
            }
            path = path.prefix(indentation.utf8.count / 4 - 1) + [String(name)]
            let own = aliases.filter { $0.command == path && $0.parents.count + 1 == path.count }
            lines.append(line + own.map { " '\($0.word)'" }.joined())
            if !own.isEmpty { lines.append("\(indentation)    set unparsed_tokens[1] '\(name)'") }
        }
        return lines.joined(separator: "\n")
    }

    /// Replaces a short word at the beginning by the full command.
    private static func shortCases(_ indentation: String, _ short: [Alias]) -> [String] {
        ["\(indentation)switch $unparsed_tokens[1]"]
            + short.flatMap { alias in
                let command = alias.command.dropFirst().map { "'\($0)'" }.joined(separator: " ")
                return [
                    "\(indentation)case '\(alias.word)'",
                    "\(indentation)    set unparsed_tokens \(command) $unparsed_tokens[2..]",
                ]
            } + ["\(indentation)end"]
    }
}
