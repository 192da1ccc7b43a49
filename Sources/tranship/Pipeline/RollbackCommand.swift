// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import MigrationModel
import TranshipKit

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "List the images that a run made at the targets; remove them with --yes.",
        discussion: """
              $ tranship rollback leave-alpha.yaml 3
              $ tranship rollback leave-alpha.yaml 3 --yes

            Removes an image only if run 3 made it and it is still as the run left it. It
            leaves what was edited since, and names the fields. If an image has the id of
            its source (keep_id), no later copy can have that id: the list says so. The
            next run copies again what was removed.
            Without --yes, the exit code is 4 if there is something to remove.
            """)

    @OptionGroup var pipeline: PipelineArgument

    @Argument(help: .value("run", "The number of the run, as `tranship status` shows it."))
    var number: Int64

    @OptionGroup var common: PipelineOptions

    @Flag(help: "Remove at most `limits.deletes` images; give the reason for each that stays.")
    var yes = false

    func run() async throws {
        let talk = Talk(format: common.format, verbose: common.verbose)
        let session = try await pipeline.open(common, talk, plansOnly: !yes)
        let rendering = UndoRendering(talk: talk)
        let tally = try await session.undo(run: number, removes: yes) {
            copy throws(TranshipError) in
            rendering.render(copy)
        }
        rendering.render(tally, limit: session.deletesMax, removes: yes)
        if tally[.failed] != nil { throw EarlyExit(status: .someFailed) }
        if tally[.remove] != nil { throw EarlyExit(status: yes ? .limitReached : .differences) }
        if tally[.keep] != nil { throw EarlyExit(status: .someFailed) }
    }
}
