// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import MigrationModel
import TranshipKit

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Continue the last interrupted run, of any pipeline.",
        discussion: """
              $ tranship resume
              $ tranship resume nightly

            If the pipeline file was edited since the run began, names the edits, plans the
            work again and shows the new plan; images that are done are compared with it.
            The run of a saved plan is not planned again: that ends with exit code 4. If
            the file is gone, uses its text in the journal. If no run was interrupted,
            ends with the exit code of the last one.
            """)

    @Argument(
        help: "The pipeline's name or file. Default: the pipeline whose run was interrupted last.",
        completion: .pipeline)
    var pipeline: String?

    @OptionGroup var common: PipelineOptions

    @OptionGroup var options: RunOptions

    func run() async throws {
        let talk = try options.begin(common.format, isVerbose: common.verbose)
        var journal = common.journal
        if let pipeline, journal == nil {
            journal = try await JournalPlace.find(pipeline, environment: common.environment)
        }
        let run = try await PipelineRun.resuming(
            journalPath: journal, environment: common.environment,
            planning: talk.planning, events: talk.event)
        guard let run, let interrupted = run.interrupted else {
            let nothing = try await PipelineRun.nothingToResume(
                journalPath: journal, environment: common.environment)
            Terminal.tell("nothing to resume: \(nothing.words)")
            guard nothing.exitStatus == .done else { throw EarlyExit(status: nothing.exitStatus) }
            return
        }
        Terminal.tell(
            "resuming \(interrupted.shownPipeline), started "
                + Timestamp.text(interrupted.startedAt))
        try await RunSession(
            run: run, talk: talk, options: options, command: interrupted.copyCommand,
            planFile: try await run.interruptedPlan()
        ).carryOut()
    }
}
