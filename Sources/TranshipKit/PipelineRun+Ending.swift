// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationJournal
public import MigrationModel
internal import PipelineFiles

extension PipelineRun {
    /// Writes down that the run failed or was interrupted, if it throws.
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

    /// The first error is the one to report: a journal that cannot take this either is most likely
    /// its cause.
    private func end(_ run: Run, with error: TranshipError) async {
        try? await journal.endRun(run, outcome: Self.outcome(of: error), RunEnd(error))
    }

    private static func outcome(of error: TranshipError) -> Run.Outcome {
        error.code == .interrupted ? .interrupted : .failed
    }

    /// Writes down that a run ended before it was planned, so that a night that failed does not look
    /// like the good one before it.
    ///
    /// - Parameters:
    ///   - begun: the run, if the journal has it.
    ///   - planned: the interrupted run that was to go on as it was planned.
    ///   - startedAt: milliseconds since 1970.
    func note(
        _ error: TranshipError, begun: Run?, planned: Run?, startedAt: Int64, _ saved: SavedPlan?
    ) async {
        if let begun { return await end(begun, with: error) }
        // Without a saved plan of its own: the interrupted run has one, which it still can go on with.
        let keepsPlan = error.code == .planDrifted && saved == nil
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

    /// True if a command that people type names something that is not there: a copy that never ran
    /// leaves nothing behind.
    private func isMistyped(_ error: TranshipError) -> Bool {
        // A wrong region counts as a typing mistake too.
        refusal != nil
            && ([.usage, .someFailed].contains(ExitStatus(error)) || error.code == .noImageService)
    }

    /// What `resume` says and ends with if no run was interrupted.
    public struct NothingToResume: Sendable {
        public let words: String
        /// As the last run ended, so that a script does not take what failed for done.
        public let exitStatus: ExitStatus
    }

    /// - Throws: the journal's errors.
    public static func nothingToResume(
        journalPath: String? = nil, environment: [String: String]
    ) async throws(TranshipError) -> NothingToResume {
        var path = journalPath.map(JournalPlace.absolute)
        if path == nil {
            var unreadable: [TranshipError] = []
            path = await JournalPlace.latest(
                environment: environment, interruptedOnly: false, &unreadable)?.path
            // The interrupted run may be in it.
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
    /// The message without the list below it, such as that of the differences from a saved plan.
    fileprivate var firstLine: Substring {
        let line = message.prefix { !$0.isNewline }
        return line.count < message.count && line.hasSuffix(":") ? line.dropLast() : line
    }
}
