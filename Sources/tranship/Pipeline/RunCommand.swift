// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import MigrationModel
import TranshipKit

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Plan, then carry out the plan; run it again after an interruption to continue.",
        discussion: """
              $ tranship run pipelines/cloud-to-cloud.yaml
              $ tranship run nightly.yaml --format json > nightly.jsonl

            SIGINT, SIGTERM and SIGHUP stop it within 5 seconds. The next run continues.
            """)

    @OptionGroup var pipeline: PipelineArgument
    @OptionGroup var common: PipelineOptions

    @OptionGroup var options: RunOptions

    @Option(
        help: .value(
            "file", "Carry out exactly this saved plan; refuse if the run would do anything else."),
        completion: .file())
    var plan: String?

    func run() async throws {
        let talk = try options.begin(common.format, isVerbose: common.verbose)
        let saved = try plan.map { try SavedPlan.read(from: $0) }
        let run: PipelineRun
        do {
            run = try await pipeline.open(common, talk)
        } catch {
            let status = ExitStatus(TranshipError(wrapping: error))
            // If another run is active, it writes its own metrics.
            if status != .journalInUse { options.writeMetrics(status, ofFile: pipeline.file) }
            throw error
        }
        if let plan { run.keep(planFile: plan) }
        try await RunSession(run: run, talk: talk, options: options, planFile: plan)
            .carryOut(matching: saved)
    }
}
