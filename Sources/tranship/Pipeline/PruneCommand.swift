// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import MigrationModel
import TranshipKit

struct PruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "List the earlier versions that `expired` deletes; delete them with --yes.",
        discussion: """
              $ tranship prune nightly.yaml
              $ tranship prune nightly.yaml --yes

            Lists each version of each series at every target, and why it is kept. A run
            does the same deletions, at each target once its own copies have ended. An
            image in use stays, which is normal: the next run or prune tries again.
            Without --yes, the exit code is 4 if there is something to delete.
            """)

    @OptionGroup var pipeline: PipelineArgument
    @OptionGroup var common: PipelineOptions

    @Flag(help: "Delete at most `limits.deletes` images.")
    var yes = false

    func run() async throws {
        let talk = Talk(format: common.format, verbose: true)
        let run = try await pipeline.open(common, talk, plansOnly: !yes)
        let changes = try await run.prunable()
        talk.endLine()
        let rendering = ByHandRendering(talk: talk)
        rendering.renderPrunable(changes)
        let isAny = changes.contains { $0.state == .planned }
        guard yes, isAny else {
            rendering.hint(changes, "\(CommandWords.own) --yes")
            if isAny { throw EarlyExit(status: .differences) }
            return
        }
        let summary = try await run.prune(changes)
        rendering.finish(summary)
        if summary.exitStatus != .done { throw EarlyExit(status: summary.exitStatus) }
        let isMore = changes.contains {
            if case .deletesLimit = $0.reason { true } else { false }
        }
        if isMore { throw EarlyExit(status: .limitReached) }
    }
}
