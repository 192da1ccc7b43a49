// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics

/// Finds an unknown command before the parser sees its options and complains about them.
enum MistypedCommand {
    /// The commands of other tools, with ours.
    static let otherWords = [
        "cp": "tranship copy", "clone": "tranship copy", "sync": "tranship run",
        "migrate": "tranship copy", "apply": "tranship run",
        "diff": "tranship check", "verify": "tranship check", "undo": "tranship rollback",
        "version": "tranship --version", "save": "tranship image download",
        "download": "tranship image download", "upload": "tranship image create",
        "list": "tranship image list", "delete": "tranship image delete",
        "show": "tranship image show", "new": "tranship init", "config": "tranship init",
        "image add": "tranship member add", "image remove": "tranship member remove",
        "image member": "tranship member list", "image stores": "tranship store list",
        "image task": "tranship task list", "image metadef": "tranship metadef list",
        "image tag": "tranship tag add", "tag delete": "tranship tag remove",
        "tag set": "tranship tag add", "member delete": "tranship member remove",
        "cached": "tranship cache list", "image cached": "tranship cache list",
    ]

    /// Topics other than commands for `tranship help`.
    static let topics: [String: String] = [
        "clouds": "`tranship doctor CLOUD` examines an entry of clouds.yaml, and `tranship copy "
            + "--help` says how clouds are named",
        "errors":
            "`tranship --help` lists the exit codes; `tranship status -v` shows each error of "
            + "the last run, and what to do",
        "journal": "`tranship status` shows what is in it, and --journal PATH names another one",
        "environment": "OS_CLIENT_CONFIG_FILE is the path of clouds.yaml, OS_CLOUD the entry that "
            + "`tranship image` takes, XDG_STATE_HOME the folder of tranship/ with the journals",
    ]

    /// - Throws: ``TranshipError/Code/usage`` with the command that was probably intended.
    static func refuse(in arguments: [String]) throws(TranshipError) {
        var command: any ParsableCommand.Type = Tranship.self
        var path: [String] = []
        for word in arguments {
            let inner = command.configuration.subcommands
            guard !inner.isEmpty, !word.hasPrefix("-"), !word.isEmpty else { return }
            if path.isEmpty, word == "help" { continue }
            guard
                let next = inner.first(where: { other in
                    Self.word(of: other) == word || other.configuration.aliases.contains(word)
                })
            else {
                throw unknown(
                    path + [word], inner.map { Self.word(of: $0) }, leaves: leaves(of: command))
            }
            command = next
            path.append(Self.word(of: next))
        }
    }

    private static func unknown(
        _ path: [String], _ siblings: [String], leaves: [[String]]
    ) -> TranshipError {
        let parents = path.dropLast()
        let word = path[path.count - 1]
        let whole = { (words: [String]) in (["tranship"] + parents + words).joined(separator: " ") }
        if let topic = topics[path.joined(separator: " ")] {
            return TranshipError(
                .usage, "there is no command `\(whole([word]))`", hint: topic)
        }
        let guess =
            otherWords[path.joined(separator: " ")]
            ?? leaves.first { $0.joined(separator: "-") == word }.map(whole)
            ?? Nearest.to(word, in: siblings).map { whole([$0]) }
            ?? leaves.first { $0.last == word }.map(whole)
        let help = whole(["--help"])
        return TranshipError(
            .usage, "there is no command `\(whole([word]))`",
            hint: guess.map { "did you mean `\($0)`? `\(help)` lists all" }
                ?? "`\(help)` lists the commands")
    }

    /// Returns the paths of all commands below a command.
    private static func leaves(of command: any ParsableCommand.Type) -> [[String]] {
        command.configuration.subcommands.flatMap { next in
            let inner = leaves(of: next)
            let own = word(of: next)
            return inner.isEmpty ? [[own]] : inner.map { [own] + $0 }
        }
    }

    private static func word(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? ""
    }
}
