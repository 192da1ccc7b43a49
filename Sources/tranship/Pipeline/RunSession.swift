// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TranshipKit

/// The common part of `run` and `resume`: signals, progress, and the table at the end.
struct RunSession {
    let run: PipelineRun
    let talk: Talk
    let drain: Bool

    /// Makes the plan, shows it and carries it out.
    ///
    /// - Parameter saved: the plan that the operator named.
    /// - Throws: ``EarlyExit`` with the run's status when that is not 0.
    func carryOut(matching saved: SavedPlan? = nil) async throws {
        let progress = Progress(run: run, talk: talk)
        let task = Task { [run, talk] in
            let plan = try await run.plan(matching: saved)
            talk.endLine()
            // An earlier process has already shown the plan of a resumed run.
            if !plan.isResumed {
                try await PlanRendering(talk: talk, tallyOnly: true).render(plan)
            }
            progress.begin(plan)
            return try await run.carryOut(plan)
        }
        let signals = Signals(drain: drain) { [run] abort in
            run.stop(drains: !abort)
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
                talk.interrupted(journalPath: run.journalPath)
                throw EarlyExit(status: .interrupted)
            }
            throw error
        }
        try await SummaryRendering(format: talk.format).render(summary)
        if summary.isInterrupted { talk.interrupted(journalPath: run.journalPath) }
        if summary.exitStatus != .done { throw EarlyExit(status: summary.exitStatus) }
    }
}
