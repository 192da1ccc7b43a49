// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import TranshipKit

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a pipeline file to begin with, from what the clouds have.",
        discussion: """
              $ tranship init alpha beta
              $ tranship init https://mirror.example/noble.img beta --output noble.yaml

            What may be added is in comments. Without source and target, the first clouds of
            clouds.yaml are taken. Replaces no file.
            """)

    @Argument(
        help: "A cloud, a file, a folder or a glob of files, an archive, or an http(s) address.",
        completion: .copySource)
    var source: String?

    @Argument(
        help: "The cloud that gets the images, or an archive: a path with a slash.",
        completion: .cloud)
    var target: String?

    @Option(
        name: .shortAndLong,
        help: .value(
            "file", "A new file, or - for standard output. Default: SOURCE-to-TARGET.yaml"),
        completion: .pipelineFile)
    var output: String?

    func validate() throws {
        if source != nil, target == nil { throw ValidationError("Name the target as well.") }
    }

    func run() async throws {
        let draft = try await PipelineDraft.write(
            source: source, target: target, path: output, command: CommandWords.own,
            environment: ProcessInfo.processInfo.environment)
        for trouble in draft.troubles { Terminal.tell("warning: \(trouble)") }
        let path = draft.path
        if path == "-" { return Terminal.putWhole(draft.text) }
        try SavedPipeline(text: draft.text, path: path, mayBeThere: false).write()
        Terminal.tell("wrote \(path); edit it, then: tranship plan \(path.shellQuoted)")
    }
}

/// The words with which this process was started.
enum CommandWords {
    /// The command in a form for a shell, without the password and the query of an address, because
    /// logs and the journal keep these words.
    static var own: String { command(Array(CommandLine.arguments.dropFirst())) }

    /// Returns ` --journal PATH`, for a command that has to find the same journal; empty without a
    /// path.
    static func journalOption(_ path: String?) -> String {
        path.map { " --journal \($0.shellQuoted)" } ?? ""
    }

    /// Returns the command without an option and its value.
    static func own(without option: String) -> String {
        var words: [String] = []
        var isValue = false
        for word in CommandLine.arguments.dropFirst() {
            if !isValue, word != option, !word.hasPrefix("\(option)=") { words.append(word) }
            isValue = !isValue && word == option
        }
        return command(words)
    }

    private static func command(_ arguments: [String]) -> String {
        let words = arguments.map { withoutSecrets($0).shellQuoted }
        return (["tranship"] + words).joined(separator: " ")
    }

    /// True for `tranship copy`, which has options in place of the keys of a file.
    static var isCopy: Bool {
        CommandLine.arguments.dropFirst().first { !$0.hasPrefix("-") }
            == CopyCommand.configuration.commandName
    }

    /// Returns a hint in the terms of this command.
    static func hint(_ hint: String) -> String { isCopy ? CopyOrder.hint(hint) : hint }

    /// Returns a message in the terms of this command.
    static func message(_ message: String) -> String {
        isCopy ? CopyOrder.message(message) : message
    }

    static func withoutSecrets(_ word: String) -> String {
        guard let colon = word.firstRange(of: "://")?.lowerBound else { return word }
        // The word may be an option with an address: `--checksum-file=https://…`
        let option = word[..<colon].lastIndex(of: "=").map { word[...$0] } ?? ""
        let address = String(word.dropFirst(option.count))
        return option + shownURL(address) + (address.contains("?") ? "?…" : "")
    }
}
