// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import TranshipKit

struct AdoptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt",
        abstract: "Rebuild a lost or outdated journal from the targets.",
        discussion: """
              $ tranship adopt leave-alpha.yaml

            Finds our copies by their ids and their property tranship_origin, and proves
            them by the checksums that the target reports. Changes nothing at any cloud.
            """)

    @OptionGroup var pipeline: PipelineArgument
    @OptionGroup var common: PipelineOptions

    func run() async throws {
        let talk = Talk(format: common.format, verbose: common.verbose)
        let session = try await pipeline.open(common, talk)
        let rendering = AdoptionRendering(talk: talk, journalOption: common.journalOption)
        let tally = try await session.adopt { adoption throws(TranshipError) in
            rendering.render(adoption)
        }
        rendering.render(tally)
    }
}
