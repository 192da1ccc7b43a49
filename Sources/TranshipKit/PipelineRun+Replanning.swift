// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
package import MigrationJournal
package import MigrationModel

/// An interrupted run that does not go on as it was planned.
extension PipelineRun {
    private static let editsMax = 10

    /// Why an interrupted run does not go on as it was planned; nil if it does.
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

    /// The number of a run that failed before it was planned since another one was interrupted,
    /// which is planned again because of that. Nil if none did, and if the interrupted run carries
    /// out a saved plan: it goes on as an operator has reviewed it, or not at all.
    package static func failedSince(
        _ interrupted: Run, in journal: Journal
    ) async throws(TranshipError) -> Int64? {
        guard let last = try await journal.lastRun()?.id, last != interrupted.id,
            try await journal.facts(of: interrupted)?.planDigest == nil
        else { return nil }
        return last
    }

    /// True if an interrupted run of this very saved plan waits for `resume`: a run of it that was
    /// interrupted while it planned must not hide that one.
    func isInterrupted(_ saved: SavedPlan?) async -> Bool {
        guard let saved, let run = try? await journal.lastRunWithWork(), run.isInterrupted,
            run.plannedAt != nil, let facts = try? await journal.facts(of: run)
        else { return false }
        return facts.planDigest == saved.digest
    }

    /// A plan that was interrupted may be short of images.
    func expectNotStopped() throws(TranshipError) {
        guard isStopped else { return }
        throw TranshipError(.interrupted, "interrupted while planning", isTransient: true)
    }

    /// Keeps in the journal where the saved plan lies, so that `status` names it. Call before
    /// ``plan(matching:listsAllDifferences:)``.
    public func keep(planFile path: String) {
        planFile.withLock { $0 = JournalPlace.absolute(path) }
    }

    /// What `--plan` takes in a command that goes on with the interrupted run; nil without one.
    public func interruptedPlan() async throws(TranshipError) -> String? {
        guard let interrupted else { return nil }
        return try await journal.facts(of: interrupted)?.planWord
    }

    /// Work that would be planned again does not go on under a plan that an operator has reviewed.
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
