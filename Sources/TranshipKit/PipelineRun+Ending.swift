// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationJournal
public import MigrationModel
internal import PipelineFiles

extension PipelineRun {
    /// Does the work of a run. If the work throws, records that the run failed or was interrupted.
    func endingIfItFails<Value>(
        _ run: Run, _ work: () async throws(TranshipError) -> Value
    ) async throws(TranshipError) -> Value {
        do throws(TranshipError) {
            return try await work()
        } catch {
            await end(run, with: error)
            throw error
        }
    }

    /// Records the error that ended a run. Ignores a failure of the journal: the run's own error is
    /// the one to report, and most likely has the same cause.
    private func end(_ run: Run, with error: TranshipError) async {
        try? await journal.endRun(run, outcome: Self.outcome(of: error), RunEnd(error))
    }

    private static func outcome(of error: TranshipError) -> Run.Outcome {
        error.code == .interrupted ? .interrupted : .failed
    }

    /// Records that a run ended before it was planned, so that a failed night does not look like
    /// the good one before it.
    ///
    /// - Parameters:
    ///   - begun: the run, if the journal has it.
    ///   - planned: the interrupted run that was about to go on as planned.
    ///   - startedAt: milliseconds since 1970.
    func note(
        _ error: TranshipError, begun: Run?, planned: Run?, startedAt: Int64, _ saved: SavedPlan?
    ) async {
        if let begun { return await end(begun, with: error) }
        // Without a saved plan given to this command: the interrupted run can still go on, with its
        // saved plan or in its place.
        let keepsPlan = [.planDrifted, .placeChanged].contains(error.code) && saved == nil
        if let run = planned ?? (keepsPlan ? interrupted : nil) {
            if error.code != .interrupted { try? await journal.note(RunEnd(error), of: run) }
            return
        }
        if error.code == .interrupted, await isInterrupted(saved) { return }
        let last = try? await journal.lastRun()
        if isMistyped(error), last == nil { return await journal.removeIfEmpty() }
        try? await journal.recordEndedRun(
            pipelineName: pipeline.name, pipelineFile: pipeline.absoluteFile,
            pipelineText: pipeline.textWithoutSecrets, startedAt: startedAt,
            outcome: Self.outcome(of: error), RunEnd(error), facts: facts(saved))
    }

    /// True if a command typed by a person names a cloud, image or file that does not exist. A copy
    /// that never ran for this reason leaves no journal behind.
    private func isMistyped(_ error: TranshipError) -> Bool {
        // A wrong region counts as a typing mistake too.
        refusal != nil
            && ([.usage, .someFailed].contains(ExitStatus(error)) || error.code == .noImageService)
    }

    /// The message and exit status of `resume` if no run was interrupted.
    public struct NothingToResume: Sendable {
        public let words: String
        /// The exit status of the last run, so that a script does not take a failed run for a done
        /// one.
        public let exitStatus: ExitStatus
    }

    /// Returns the message and exit status for a `resume` that finds no interrupted run.
    ///
    /// - Throws: the journal's errors.
    public static func nothingToResume(
        journalPath: String? = nil, environment: [String: String]
    ) async throws(TranshipError) -> NothingToResume {
        var path = journalPath.map(JournalPlace.absolute)
        if path == nil {
            var unreadable: [TranshipError] = []
            path = await JournalPlace.latest(
                environment: environment, interruptedOnly: false, &unreadable)?.path
            // An unreadable journal may have the interrupted run.
            if let error = unreadable.first {
                throw path == nil
                    ? error
                    : error.whileDoing("no run was interrupted in the journals that can be read")
            }
        }
        var run: Run?
        var end: RunEnd?
        var facts: RunFacts?
        if let path {
            let journal = try Journal.openForReading(path: path)
            run = try await journal.lastRun()
            if let run {
                end = try await journal.end(of: run)
                facts = try await journal.facts(of: run)
            }
            if let run, let holder = Journal.holder(path: path) {
                return NothingToResume(
                    words:
                        "a command works on \(run.pipelineName) now (\(holder.words)); `tranship "
                        + "status` shows how far it is",
                    exitStatus: .journalInUse)
            }
        }
        guard let run, let end, end.exitStatus != .done else {
            return NothingToResume(words: "no run was interrupted", exitStatus: .done)
        }
        let again =
            run.isCopy
            ? run.copyCommand.map { "`\($0)`" } ?? "the same `tranship copy` command"
            : "`\(run.command(facts))`"
        let name = "run \(run.id) of \(run.pipelineName)"
        let cause = end.cause.map { ": \($0.firstLine)" } ?? ""
        let next =
            end.cause?.code == .planDrifted
            ? "; save a new plan with `tranship plan FILE --save PLAN`, read it, and run that"
            : "; \(again) plans again"
        return NothingToResume(
            words: run.isFailedBeforeItsPlan
                ? "\(name) failed before it was planned\(cause)\(next)"
                : "\(name) came to its end, with exit \(end.exitStatus.rawValue)\(cause); \(again) "
                    + "tries again what is missing",
            exitStatus: end.exitStatus)
    }
}

extension Transfer.Failure {
    /// The message without the list below it, such as the list of differences from a saved plan.
    fileprivate var firstLine: Substring {
        let line = message.prefix { !$0.isNewline }
        return line.count < message.count && line.hasSuffix(":") ? line.dropLast() : line
    }
}
