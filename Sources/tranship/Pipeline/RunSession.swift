// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationJournal
import MigrationModel
import MigrationPipeline
import PipelineFiles
import TranshipKit

/// The common part of `run` and `resume`: signals, progress, and the table at the end.
struct RunSession {
    let pipeline: Pipeline
    let journalPath: String
    let common: PipelineOptions
    let drain: Bool

    typealias Work =
        @Sendable (PipelineRun, @escaping PipelineRun.Planned) async throws -> RunSummary

    /// - Throws: ``EarlyExit`` with the run's status when that is not 0.
    func carryOut(_ work: @escaping Work) async throws {
        let talk = Talk(format: common.format, verbose: common.verbose)
        let session = try await PipelineRun(
            pipeline, journalPath: absolute(journalPath), environment: common.environment,
            planning: talk.planning, events: talk.event)
        let progress = Progress(monitor: session.monitor, talk: talk)
        let (format, verbose) = (common.format, common.verbose)
        let task = Task {
            try await work(session) { run throws(TranshipError) in
                talk.endLine()
                // An earlier process has already shown the plan of a resumed run.
                let plan = run.plannedAt == nil ? session.currentPlan : nil
                if let plan {
                    try await PlanRendering(format: format, verbose: verbose, tallyOnly: true)
                        .render(plan)
                }
                progress.begin(
                    try await Remaining(journal: session.journal, plan: plan, run: run))
            }
        }
        let signals = Signals(drain: drain) { abort in
            session.stop(abort ? .abort : .drain)
            if abort { task.cancel() }
        }
        let result = await task.result
        await progress.end()
        withExtendedLifetime(signals) {}
        let summary: RunSummary
        do {
            summary = try result.get()
        } catch {
            if TranshipError(wrapping: error).code == .interrupted {
                talk.interrupted(journalPath: journalPath)
                throw EarlyExit(status: .interrupted)
            }
            throw error
        }
        try await SummaryRendering(format: common.format, verbose: common.verbose)
            .render(summary, session.journal)
        if summary.isInterrupted { talk.interrupted(journalPath: journalPath) }
        if summary.exitStatus != .done { throw EarlyExit(status: summary.exitStatus) }
    }

    /// Messages and `resume` refer to the journal from any folder, so its path must be absolute.
    private func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    }
}
