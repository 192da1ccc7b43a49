// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import MigrationModel
import TranshipKit

struct CleanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clean",
        abstract: "List unfinished records of ours that no run needs; remove them with --yes.",
        discussion: """
              $ tranship clean leave-alpha.yaml
              $ tranship clean leave-alpha.yaml --yes

            Transfers that were given up leave records without complete data. clean removes
            a record only if it is private and unprotected, has our property
            tranship_origin, and has an id that the journal knows or that we derive. It
            never removes images with data. It also removes files of the spool that no
            image waits for.
            Without --yes, the exit code is 4 if there is something to remove.
            """)

    @OptionGroup var pipeline: PipelineArgument
    @OptionGroup var common: PipelineOptions

    @Flag(
        help:
            "Remove at most `limits.deletes` records, and all such files; give the reason for each."
    )
    var yes = false

    func run() async throws {
        let talk = Talk(format: common.format, verbose: common.verbose)
        let session = try await pipeline.open(common, talk)
        let rendering = LeftoverRendering(talk: talk)
        let tally = try await session.clean(removes: yes) { leftover throws(TranshipError) in
            rendering.render(leftover)
        }
        let files = try await session.cleanSpool(removes: yes, each: rendering.render)
        rendering.render(
            tally.merging(files, uniquingKeysWith: +), limit: session.deletesMax, removes: yes)
        if tally[.failed] ?? files[.failed] != nil { throw EarlyExit(status: .someFailed) }
        guard tally[.remove] ?? files[.remove] != nil else { return }
        throw EarlyExit(status: yes ? .limitReached : .differences)
    }
}
