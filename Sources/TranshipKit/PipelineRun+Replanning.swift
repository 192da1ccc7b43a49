// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
package import MigrationJournal
package import MigrationModel
package import PipelineFiles

/// Decides if an interrupted run is planned again.
extension PipelineRun {
    private static let editsMax = 10

    /// Returns the edits of a pipeline since a run began: of its file, of its table of projects in
    /// another file, and of the values of its variables. If the file is gone, its text is the run's
    /// own.
    ///
    /// - Parameter facts: the facts of the run. Without them, only the file is compared.
    package static func edits(
        of pipeline: Pipeline, since run: Run, _ facts: RunFacts?
    ) -> [String] {
        let texts = Pipeline.keyTexts(of: run.pipelineText)
        guard let facts else { return SavedPlan.differences(texts, pipeline.keyTexts) }
        // A line of a table may have moved from one file into the other.
        return SavedPlan.differences(
            texts.merging(facts.outsideTexts) { text, _ in text },
            pipeline.keyTexts.merging(pipeline.outsideTexts) { text, _ in text })
    }

    /// The reason why an interrupted run is planned again, as a warning; nil if it goes on as
    /// planned.
    var replanWarning: Warning? {
        let run = interrupted?.id ?? 0
        if !edits.isEmpty {
            return .pipelineEdited(
                sinceRun: run, edits: Array(edits.prefix(Self.editsMax)), count: edits.count)
        }
        return failedSince.map { .laterRunFailed($0, interrupted: run) }
    }

    private var editsList: String {
        let more = edits.count > Self.editsMax ? " and \(edits.count - Self.editsMax) more" : ""
        return edits.prefix(Self.editsMax).joined(separator: ", ") + more
    }

    /// Returns the number of a run that failed before it was planned, after another run was
    /// interrupted. The interrupted run is planned again because of that. Returns nil if no run
    /// failed so, or if the interrupted run carries out a saved plan: an operator has reviewed the
    /// plan, so the run goes on with it or not at all.
    package static func failedSince(
        _ interrupted: Run, in journal: Journal
    ) async throws(TranshipError) -> Int64? {
        guard let last = try await journal.lastRun()?.id, last != interrupted.id,
            try await journal.facts(of: interrupted)?.planDigest == nil
        else { return nil }
        return last
    }

    /// True if an interrupted run of this same saved plan waits for `resume`. A later run of the
    /// plan that was interrupted while it planned must not hide that run.
    func isInterrupted(_ saved: SavedPlan?) async -> Bool {
        guard let saved, let run = try? await journal.lastRunWithWork(), run.isInterrupted,
            run.plannedAt != nil, let facts = try? await journal.facts(of: run)
        else { return false }
        return facts.planDigest == saved.digest
    }

    /// Throws if planning was interrupted: the plan may lack images.
    func expectNotStopped() throws(TranshipError) {
        guard isStopped else { return }
        throw TranshipError(.interrupted, "interrupted while planning", isTransient: true)
    }

    /// Stores the path of the saved plan in the journal, so that `status` can name it. Call this
    /// before ``plan(matching:listsAllDifferences:)``.
    public func keep(planFile path: String) {
        planFile.withLock { $0 = JournalPlace.absolute(path) }
    }

    /// Returns the argument of `--plan` for a command that goes on with the interrupted run; nil if
    /// the run has no saved plan.
    public func interruptedPlan() async throws(TranshipError) -> String? {
        guard let interrupted else { return nil }
        return try await journal.facts(of: interrupted)?.planWord
    }

    /// Throws if an interrupted run of a saved plan would be planned again: an operator has
    /// reviewed that plan.
    func expectNoSavedPlan() async throws(TranshipError) {
        guard let interrupted, let facts = try await journal.facts(of: interrupted),
            let digest = facts.planDigest
        else { return }
        let why =
            !edits.isEmpty
            ? "the pipeline file was edited since: \(editsList)"
            : "it was interrupted before its work was written down"
        throw TranshipError(
            .planDrifted,
            "run \(interrupted.id) carries out a saved plan (\(digest)), and \(why)",
            hint: edits.isEmpty
                ? "start it again: `\(interrupted.command(facts))`"
                : "undo the edits and resume; or save a new plan, look at it, and run that")
    }
}
