// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import MigrationJournal
import PipelineFiles
import TranshipKit

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Continue the last interrupted run, of any pipeline.",
        discussion: """
              $ tranship resume

            Uses the pipeline file as it was when the run began; the journal keeps its text.
            """)

    @OptionGroup var common: PipelineOptions

    @Flag(help: "On a signal, finish the images that are in flight.")
    var drain = false

    func run() async throws {
        guard let (path, run) = try await interrupted() else {
            Terminal.tell("nothing to resume: no run was interrupted")
            return
        }
        Terminal.tell(
            "resuming \(run.pipelineName), started \(Timestamp.text(run.startedAt)) "
                + "(\(run.pipelineFile))")
        let pipeline = try Pipeline.recall(
            text: run.pipelineText, file: run.pipelineFile, environment: common.environment)
        try await RunSession(pipeline: pipeline, journalPath: path, common: common, drain: drain)
            .carryOut { session, planned in try await session.resume(run, planned: planned) }
    }

    private func interrupted() async throws -> (String, Run)? {
        guard let path = common.journal else {
            let latest = await JournalPlace.latest(
                environment: common.environment, interruptedOnly: true)
            return latest.map { ($0.path, $0.run) }
        }
        let run = try await Journal.openForReading(path: path).lastRun()
        guard let run, run.isInterrupted else { return nil }
        return (path, run)
    }
}
