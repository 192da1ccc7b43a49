// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import TranshipKit

struct AdoptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt",
        abstract: "Rebuild a lost or old journal from what stands at the targets.",
        discussion: """
              $ tranship adopt leave-alpha.yaml

            Copies of ours are found by their ids and their property tranship_origin, and
            proved by what the target reports. Nothing changes at any cloud.
            """)

    @OptionGroup var pipeline: PipelineArgument
    @OptionGroup var common: PipelineOptions

    func run() async throws {
        let loaded = try pipeline.load()
        let talk = Talk(format: common.format, verbose: common.verbose)
        let session = try await common.open(loaded, talk)
        let rendering = AdoptionRendering(format: common.format, talk: talk)
        let tally = try await session.adopt { adoption throws(TranshipError) in
            rendering.render(adoption)
        }
        rendering.render(tally)
    }
}
