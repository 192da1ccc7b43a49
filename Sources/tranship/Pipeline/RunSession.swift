// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import Synchronization
import TranshipKit

/// The common part of `run` and `resume`: signals, progress, and the table at the end.
struct RunSession {
    let run: PipelineRun
    let talk: Talk
    let options: RunOptions

    /// Makes the plan, shows it and carries it out.
    ///
    /// - Parameter saved: the plan that the operator named.
    /// - Throws: ``EarlyExit`` with the run's status when that is not 0.
    func carryOut(matching saved: SavedPlan? = nil) async throws {
        do {
            let summary = try await work(matching: saved)
            await options.writeMetrics(.done, of: run)
            await runHook(.done, summary, nil)
        } catch let end as EndedRun {
            await options.writeMetrics(end.status, of: run)
            await runHook(end.status, end.summary, nil)
            throw EarlyExit(status: end.status)
        } catch {
            let wrapped = TranshipError(wrapping: error)
            let status = (error as? EarlyExit)?.status ?? ExitStatus(wrapped.code)
            await options.writeMetrics(status, of: run)
            await runHook(status, nil, error is EarlyExit ? nil : wrapped)
            throw error
        }
    }

    /// A run that ended with another status than 0.
    private struct EndedRun: Error {
        let status: ExitStatus
        let summary: RunSummary
    }

    /// Runs the pipeline's hook. Its failure is said, and does not change the exit code. A run that
    /// a signal interrupted has no hook: the operator is there, and waits for it to end.
    private func runHook(
        _ status: ExitStatus, _ summary: RunSummary?, _ error: TranshipError?
    ) async {
        guard status != .interrupted, run.hasHook(for: status) else { return }
        do {
            let report = try await RunReport(
                pipelineName: run.pipelineName, journalPath: run.journalPath, status: status,
                summary: summary, error: error
            ).text(bytesMax: PipelineRun.reportBytesMax)
            try await run.runHook(for: status, report: report)
        } catch {
            talk.planning(.warning("hook: \(error.message)"))
        }
    }

    private func work(matching saved: SavedPlan?) async throws -> RunSummary {
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
        let deadline = options.maxDuration.map { Deadline($0, run, talk) }
        defer { deadline?.cancel() }
        let signals = Signals(drain: options.drain) { [run] abort in
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
                if deadline?.isOver == true { throw EarlyExit(status: .limitReached) }
                talk.interrupted(journalPath: run.journalPath)
                throw EarlyExit(status: .interrupted)
            }
            throw error
        }
        try await SummaryRendering(format: talk.format).render(summary)
        if summary.isInterrupted, deadline?.isOver == true {
            throw EndedRun(status: .limitReached, summary: summary)
        }
        if summary.isInterrupted { talk.interrupted(journalPath: run.journalPath) }
        if summary.exitStatus != .done {
            throw EndedRun(status: summary.exitStatus, summary: summary)
        }
        return summary
    }
}

/// Ends a run in order when its time is over.
private final class Deadline: Sendable {
    private let over = Mutex(false)
    private let clock = Mutex<Task<Void, any Error>?>(nil)

    init(_ span: Span, _ run: PipelineRun, _ talk: Talk) {
        let task = Task { [weak self] in
            try await Task.sleep(for: .seconds(span.seconds))
            self?.over.withLock { $0 = true }
            talk.line(
                "the time of --max-duration is over (\(TimeSpan.format(span.seconds))): finishing the "
                    + "images in flight; the next run goes on")
            run.stop(drains: true)
        }
        clock.withLock { $0 = task }
    }

    var isOver: Bool { over.withLock { $0 } }

    func cancel() { clock.withLock { $0 }?.cancel() }
}
