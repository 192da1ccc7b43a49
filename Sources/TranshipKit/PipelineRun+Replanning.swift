// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel

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

    /// Work that would be planned again does not go on under a plan that an operator has reviewed.
    func expectNoSavedPlan() async throws(TranshipError) {
        guard let interrupted, let digest = try await journal.facts(of: interrupted)?.planDigest
        else { return }
        let why =
            !edits.isEmpty
            ? "the pipeline file was edited since: \(editsList)"
            : failedSince.map { "run \($0) failed since" }
                ?? "it was interrupted before its work was written down"
        throw TranshipError(
            .planDrifted,
            "run \(interrupted.id) carries out a saved plan (\(digest)), and \(why)",
            hint: edits.isEmpty
                ? "start it again, with `tranship run --plan` and that plan"
                : "undo the edits and resume; or save a new plan, look at it, and run that")
    }
}
