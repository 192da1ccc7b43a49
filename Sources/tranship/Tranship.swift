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
            A pipeline file names sources and targets. `plan` shows what would happen, and
            `run` does it. After any interruption, run it again to continue.

              $ tranship plan pipelines/cloud-to-cloud.yaml
              $ tranship run pipelines/cloud-to-cloud.yaml
              $ tranship status

            EXIT STATUS
            \(ExitStatus.table)
            """,
        version: Version.text,
        groupedSubcommands: [
            CommandGroup(
                name: "Pipelines",
                subcommands: [
                    PlanCommand.self, RunCommand.self, ResumeCommand.self, StatusCommand.self,
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
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            if let failure = Terminal.outputFailure { throw failure }
        } catch let error as TranshipError {
            Terminal.tell(error)
            Foundation.exit(ExitStatus(error.code).rawValue)
        } catch let status as EarlyExit {
            Foundation.exit(status.status.rawValue)
        } catch {
            let text = fullMessage(for: error)
            if exitCode(for: error).isSuccess {
                print(text)
                Foundation.exit(ExitStatus.done.rawValue)
            }
            Terminal.tellWhole(text)
            Foundation.exit(ExitStatus.usage.rawValue)
        }
    }
}

/// The version of this build.
enum Version {
    static let text = "0.1.0"
}

/// Ends the process with a status and without a further message.
struct EarlyExit: Error {
    let status: ExitStatus
}

extension ExitStatus {
    /// The list of all statuses for the help text, one on each line.
    static var table: String {
        allCases.map { status in
            "  \("\(status.rawValue)".padded(to: 5))\(status.meaning)"
        }.joined(separator: "\n")
    }
}
