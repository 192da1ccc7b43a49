// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import TranshipKit

/// The common part of `run` and `resume`: signals, progress, and the table at the end.
struct RunSession {
    let run: PipelineRun
    let talk: Talk
    let options: RunOptions

    /// The command that continues the run; nil means `run` with the pipeline's file.
    let command: String?
    /// The saved plan that the run carries out.
    let planFile: String?
    private let startedAt = Timestamp.now()
    /// The number of images that the plan left out because the target has another image with their
    /// name.
    private let namesakes = Guarded(0)

    init(
        run: PipelineRun, talk: Talk, options: RunOptions, command: String? = nil,
        planFile: String? = nil
    ) {
        self.command = command
        self.planFile = planFile
        self.run = run
        self.talk = talk
        self.options = options
    }

    /// Makes the plan, shows it and carries it out.
    ///
    /// - Parameter saved: the plan that the operator named.
    /// - Throws: ``EarlyExit`` with the run's status if that is not 0.
    func carryOut(matching saved: SavedPlan? = nil) async throws {
        let runID = try await run.runNumber()
        begin(runID)
        do {
            let summary = try await work(matching: saved, runID)
            await finish(.done, runID, summary, nil)
        } catch let end as EndedRun {
            await finish(end.status, runID, end.summary, nil)
            throw EarlyExit(status: end.status)
        } catch {
            let wrapped = TranshipError(wrapping: error)
            let status = (error as? EarlyExit)?.status ?? ExitStatus(wrapped)
            if !(error is EarlyExit) { Terminal.tell(wrapped) }
            let cause = error is EarlyExit ? nil : wrapped
            await finish(status, runID, nil, cause)
            // A log has its own line for the exit code.
            end(status, runID, cause)
            throw EarlyExit(status: status, isError: !(error is EarlyExit))
        }
    }

    /// Writes the first line of a log: the program, the pipeline and the host.
    private func begin(_ runID: Int64) {
        let host = ProcessInfo.processInfo.hostName
        if talk.format == .json {
            JSONLine(
                "begin",
                [
                    "version": .string(Version.text), "run": .integer(runID),
                    "pipeline": .string(run.pipelineName),
                    "file": isCopy ? nil : .string(run.pipelineFile),
                    "journal": .string(run.journalPath), "host": .string(host),
                    "process": .integer(Int64(getpid())),
                ]
            ).put()
        }
        guard talk.style.isForLogs else { return }
        Terminal.tell(
            "tranship \(Version.text), run \(runID) of \(run.pipelineName) on \(host) "
                + "(process \(getpid())): \(isCopy ? command ?? "" : run.pipelineFile)")
    }

    private func finish(
        _ status: ExitStatus, _ runID: Int64, _ summary: RunSummary?, _ error: TranshipError?
    ) async {
        await options.writeMetrics(status, of: run)
        await runHook(status, runID, summary, error)
        guard let summary else { return }
        await report(status, summary)
    }

    /// True for a copy. Paths are absolute, so only a copy has its name in place of the file.
    private var isCopy: Bool { run.pipelineFile == run.pipelineName }

    private var seconds: Int64 { (Timestamp.now() - startedAt) / 1000 }

    /// Reports the results of the run's images, and the next steps.
    private func report(_ status: ExitStatus, _ summary: RunSummary) async {
        let facts = EndFacts(
            pipelineFile: run.pipelineFile,
            journalPath: run.isJournalInItsPlace ? nil : run.journalPath, seconds: seconds,
            sentBytes: run.progress.sentBytes, pipelineName: run.pipelineName,
            ownCommand: command, planFile: planFile, place: run.place,
            namesakes: namesakes.withLock { $0 })
        do {
            var report = try await EndReport(
                summary, pipeline: run.pipelineName, status: status, facts: facts)
            report.notes += talk.takeNotes().filter { !report.notes.contains($0) }
            if talk.format == .json { report.json.put() }
            let lines =
                talk.style.isForLogs
                ? report.logLines(columns: Terminal.talkIsTerminal ? Terminal.columns : 10_000)
                : report.lines(columns: Terminal.columns)
            for line in lines { Terminal.tellFitted(line) }
            if talk.style.isForLogs { Terminal.tell(report.lastLine) }
        } catch {
            talk.planning(.warning(.endUnknown(message: error.message)))
        }
    }

    /// Writes the end of a run that has no summary.
    private func end(_ status: ExitStatus, _ runID: Int64, _ cause: TranshipError?) {
        var report = EndReport(
            pipeline: run.pipelineName, runID: runID, status: status, seconds: seconds,
            endedAt: Timestamp.now(), sentBytes: run.progress.sentBytes, groups: [])
        report.cause = cause
        for note in talk.takeNotes() { Terminal.tell(note) }
        if talk.format == .json { report.json.put() }
        if talk.style.isForLogs { Terminal.tell(report.lastLine) }
    }

    /// The end of a run whose status is not 0.
    private struct EndedRun: Error {
        let status: ExitStatus
        let summary: RunSummary
    }

    /// Runs the pipeline's hook. Reports its failure, which does not change the exit code. If a
    /// signal interrupted the run, there is no hook: the operator is present, and waits for the
    /// end.
    private func runHook(
        _ status: ExitStatus, _ runID: Int64, _ summary: RunSummary?, _ error: TranshipError?
    ) async {
        guard status != .interrupted, run.hasHook(for: status) else { return }
        do {
            let report = try await RunReport(
                pipelineName: run.pipelineName, journalPath: run.journalPath, status: status,
                summary: summary, error: error, runID: runID
            ).text(bytesMax: PipelineRun.reportBytesMax)
            try await run.runHook(for: status, report: report)
        } catch {
            talk.planning(.warning(.hookFailed(message: error.message)))
        }
    }

    private func work(matching saved: SavedPlan?, _ runID: Int64) async throws -> RunSummary {
        let progress = Progress(run: run, talk: talk)
        if let span = options.maxDuration {
            run.expectEnd(withinSeconds: Int(clamping: span.seconds))
        }
        let deadline = options.maxDuration.map { Deadline($0, run, talk) }
        defer { deadline?.cancel() }
        let task = Task { [run, talk, namesakes] in
            let plan = try await run.plan(
                matching: saved, listsAllDifferences: talk.verbose)
            talk.endLine()
            deadline?.planned()
            // An earlier process has already shown the plan of a resumed run.
            let rendering = PlanRendering(talk: talk, tallyOnly: true)
            if !plan.isResumed {
                try await rendering.render(plan, headline: run.pipelineName)
            } else if talk.format == .text {
                rendering.tell(bandwidth: plan)
            }
            progress.begin(plan, runID: runID)
            let left = try await run.namesakes(in: plan)
            namesakes.withLock { $0 = left }
            return try await run.carryOut(plan)
        }
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
        let isTyped = command != nil && !options.quiet && !talk.style.isForLogs
        try await SummaryRendering(format: talk.format, verbose: talk.verbose || isTyped)
            .render(summary)
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

/// Ends a run in order when its time is over. A plan is always completed, because only the plan
/// shows whether anything is left to do.
private final class Deadline: Sendable {
    private struct State {
        var isOver = false
        var isPlanned = false
    }

    private let state = Guarded(State())
    private let clock = Guarded<Task<Void, any Error>?>(nil)
    private let run: PipelineRun
    private let talk: Talk
    private let span: Span

    init(_ span: Span, _ run: PipelineRun, _ talk: Talk) {
        (self.span, self.run, self.talk) = (span, run, talk)
        let task = Task { [weak self] in
            try await Task.sleep(for: .seconds(span.seconds))
            self?.note { $0.isOver = true }
        }
        clock.withLock { $0 = task }
    }

    var isOver: Bool { state.withLock(\.isOver) }

    /// Records that the plan is complete.
    func planned() { note { $0.isPlanned = true } }

    private func note(_ change: (inout State) -> Void) {
        let isEnd = state.withLock { state in
            change(&state)
            return state.isOver && state.isPlanned
        }
        guard isEnd else { return }
        talk.line(
            "the time of --max-duration is over (\(TimeSpan.format(span.seconds))): starting no more "
                + "images")
        run.stop(drains: true, status: .limitReached)
    }

    func cancel() { clock.withLock { $0 }?.cancel() }
}
