// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics

/// Finds `--cloud` before or after a command that takes its clouds from its arguments or from a
/// pipeline file. The option would have no effect there.
enum MisplacedCloud {
    private static let options = ["--cloud", "--os-cloud"]
    private static let helpWords = ["--help", "-h"]

    /// - Parameters:
    ///   - arguments: the arguments, with the full command first.
    ///   - leading: the words before the command that ``LeadingOptions`` has removed.
    /// - Throws: ``TranshipError/Code/usage`` with the correct way to write it.
    static func refuse(
        in arguments: [String], leading: [String]
    ) throws(TranshipError) {
        let words = arguments.prefix { $0 != "--" }
        guard !words.contains(where: helpWords.contains), let found = command(arguments) else {
            return
        }
        let before = option(in: leading)
        guard let option = before ?? option(in: Array(words.dropFirst())),
            !found.options.contains(option.name) || before != nil && found.options != options
        else { return }
        let (reason, hint) = advice(found.name, option.value ?? "CLOUD")
        throw TranshipError(
            .usage, "\(option.name) has no meaning for `\(found.name)`: \(reason)", hint: hint)
    }

    private static func advice(
        _ command: String, _ cloud: String
    ) -> (reason: String, hint: String) {
        switch command {
        case "copy", "init":
            (
                "its arguments name the clouds",
                "write the source, then the target: `tranship \(command) \(cloud) TARGET` or "
                    + "`tranship \(command) SOURCE \(cloud)`"
            )
        case "doctor":
            ("its arguments name the clouds", "write `tranship doctor \(cloud)`")
        case "import-oim":
            (
                "it asks no cloud",
                "name the target behind the command: `tranship import-oim FILE --cloud \(cloud)`"
            )
        default:
            (
                "the pipeline file names the clouds",
                "leave it out: `tranship \(command) FILE`; the clouds are in `sources` and "
                    + "`targets` of the file"
            )
        }
    }

    /// Returns a command without subcommands, and the names of its options for a cloud.
    private static func command(_ arguments: [String]) -> (name: String, options: [String])? {
        var command: any ParsableCommand.Type = Tranship.self
        var path: [String] = []
        for word in arguments {
            let inner = command.configuration.subcommands
            guard !inner.isEmpty else { break }
            guard
                let next = inner.first(where: {
                    $0.configuration.commandName == word || $0.configuration.aliases.contains(word)
                })
            else { return nil }
            command = next
            path.append(word)
        }
        guard command.configuration.subcommands.isEmpty else { return nil }
        let parts = Mirror(reflecting: command.init()).children
        if parts.contains(where: { $0.value is OptionGroup<CloudOptions> }) {
            return (path.joined(separator: " "), options)
        }
        // `import-oim` has its own option with this name.
        let own = parts.contains { $0.label == "_cloud" && $0.value is Option<String> }
        return (path.joined(separator: " "), own ? ["--cloud"] : [])
    }

    private static func option(in words: [String]) -> (name: String, value: String?)? {
        for (index, word) in words.enumerated() {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard let name = parts.first, options.contains(name) else { continue }
            return (name, parts.dropFirst().first ?? words.dropFirst(index + 1).first)
        }
        return nil
    }
}
