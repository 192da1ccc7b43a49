// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import MigrationModel
import TranshipKit

/// The command line: parses arguments, calls the library, renders results. Contains no logic.
@main
struct Tranship: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tranship",
        abstract: "Move virtual-machine images into and between OpenStack clouds.",
        discussion: """
            Clouds are entries of clouds.yaml: the first one in the working directory,
            ~/.config/openstack and /etc/openstack, or the file that OS_CLIENT_CONFIG_FILE
            names. After any interruption, the same command continues where it stopped.

              $ tranship copy alpha beta ubuntu-24.04        one image
              $ tranship copy alpha beta 'ubuntu-*'          every image of that name
              $ tranship copy ./noble.qcow2 beta             a file
              $ tranship init alpha beta                     writes alpha-to-beta.yaml
              $ tranship plan alpha-to-beta.yaml             shows what would happen
              $ tranship run alpha-to-beta.yaml              does it
              $ tranship help pipeline                       explains pipeline files
            """,
        version: Version.text,
        groupedSubcommands: [
            CommandGroup(
                name: "Copying",
                subcommands: [
                    CopyCommand.self, InitCommand.self, PlanCommand.self, RunCommand.self,
                    ResumeCommand.self, StatusCommand.self, LimitCommand.self, CheckCommand.self,
                    ReportCommand.self, RollbackCommand.self,
                    AdoptCommand.self, CleanCommand.self, SeriesCommand.self, PruneCommand.self,
                    ImportOIMCommand.self,
                ]),
            CommandGroup(
                name: "One cloud",
                subcommands: [
                    ImageCommand.self, MemberCommand.self, TagCommand.self, TaskCommand.self,
                    StoreCommand.self, LocationCommand.self, CacheCommand.self, SchemaCommand.self,
                    MetadefCommand.self, UsageCommand.self, VersionsCommand.self,
                    DoctorCommand.self, V1Command.self,
                ]),
        ])

    static func main() async {
        Process.prepare()
        do {
            try ArgumentBytes.refuse(ArgumentBytes.all.dropFirst())
            let (leading, words) = LeadingOptions.taken(
                from: Array(CommandLine.arguments.dropFirst()))
            let arguments = ShortCommands.expanded(words)
            if arguments == ["help", "pipeline"] {
                Terminal.putWhole(fitted(PipelineReference.text, Terminal.outputIsTerminal))
                if let failure = Terminal.outputFailure { throw failure }
                return
            }
            try MistypedCommand.refuse(in: arguments)
            try MisplacedCloud.refuse(in: arguments, leading: leading)
            var command =
                try DescribedTranship.isAsked(arguments)
                ? DescribedTranship.parseAsRoot(arguments) : parseAsRoot(arguments)
            do {
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    try command.run()
                }
            } catch {
                Process.waitIfEnding()
                throw error
            }
            if let failure = Terminal.outputFailure { throw failure }
        } catch let unnamed as TranshipError {
            let error = CommandCloud.naming(unnamed)
            Terminal.tell(error)
            let status = ExitStatus(error)
            // A log ends with the exit code, even if no run began.
            if Log.writesTimes { Terminal.tell("exit \(status.rawValue)") }
            exit(status)
        } catch let status as EarlyExit {
            exit(status.status)
        } catch {
            // Help is written for 80 columns; for fewer, the parser would break lines within
            // examples.
            let columns = Terminal.outputIsTerminal ? max(80, Terminal.columns) : 80
            let text =
                DescribedTranship.isAsked(Array(CommandLine.arguments.dropFirst()))
                ? CompletionScript.withAliases(
                    DescribedTranship.fullMessage(for: error, columns: columns))
                : fullMessage(for: error, columns: columns)
            if exitCode(for: error).isSuccess {
                // The parser's text ends with the list of commands.
                let isWhole = text.hasPrefix("OVERVIEW: \(configuration.abstract)")
                let end = isWhole ? "\n\nEXIT STATUS:\n\(ExitStatus.table)" : ""
                Terminal.putWhole(fitted(text + end, Terminal.outputIsTerminal) + "\n")
                guard let failure = Terminal.outputFailure else {
                    Foundation.exit(ExitStatus.done.rawValue)
                }
                Terminal.tell(failure)
                exit(ExitStatus(failure))
            }
            Terminal.tellWhole(fitted(advised(text), Terminal.talkIsTerminal))
            exit(.usage)
        }
        Log.end(ExitStatus.done.rawValue)
    }

    /// Returns the parser's message, with the replacement below the first line.
    private static func advised(_ text: String) -> String {
        let arguments = ShortCommands.expanded(
            LeadingOptions.taken(from: Array(CommandLine.arguments.dropFirst())).rest)
        guard let hint = ParserAdvice.hint(text, arguments) else { return text }
        let lines = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        // Remove the parser's guess, which is another word of the same command.
        let first = lines[0].replacing(#/ Did you mean '[^']*'\?/#, with: "")
        return ([first, "hint: \(hint)"] + lines.dropFirst()).joined(separator: "\n")
    }

    private static func fitted(_ text: String, _ isTerminal: Bool) -> String {
        isTerminal ? HelpText.fitted(text, columns: Terminal.columns) : text
    }

    private static func exit(_ status: ExitStatus) -> Never {
        // The work that waited for a program may have been abandoned: another cloud failed, or a
        // signal came.
        if status != .done { ChildProcesses.end() }
        Log.end(status.rawValue)
        Foundation.exit(status.rawValue)
    }
}

/// The version of this build.
enum Version {
    static let text = "0.1.0"
}

/// Ends the process with a status and without a further message.
struct EarlyExit: Error {
    let status: ExitStatus
    /// True if an error ended the command. The error has already been printed.
    var isError = false
}

extension ExitStatus {
    /// The list of all statuses for the help text, within 80 columns.
    static var table: String {
        allCases.map { status in
            var (text, column) = ("  \("\(status.rawValue)".padded(to: 5))", 7)
            for word in status.meaning.split(separator: " ") {
                if column + word.count > 79 {
                    text += "\n       "
                    column = 7
                }
                text += column == 7 ? String(word) : " \(word)"
                column += word.count + 1
            }
            return text
        }.joined(separator: "\n")
    }
}
