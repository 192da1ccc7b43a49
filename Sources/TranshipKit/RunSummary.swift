// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import MigrationJournal
public import MigrationModel

/// How a run ended, by the journal.
public struct RunSummary: Sendable {
    public let run: Run
    /// What the run moved, by state.
    public var states: [StateTally]
    /// What its plan decided, by action.
    public var actions: [PlanTally]
    /// Codes of failed and unpublished transfers, and whether they may pass.
    public var failures: [Transfer.Failure]
    public var isInterrupted = false
    /// Targets whose quota was full, with the service's words.
    public var pausedTargets: [String: MigrationError] = [:]

    /// Failures that are looked at for the exit status; more change nothing.
    private static let failuresMax = 10_000

    init(run: Run, journal: Journal) async throws(MigrationError) {
        self.run = run
        states = try await journal.tally(run: run)
        let plan = try await journal.plan(of: run)
        actions = plan.tallies
        failures = try await journal.transfers(
            run: run, in: [.failed, .unpublished], limit: Self.failuresMax
        ).compactMap(\.failure)
        failures += plan.refusals
    }

    public func images(in state: TransferState) -> Int {
        states.first { $0.state == state }?.images ?? 0
    }

    public func images(_ action: PlanAction) -> Int {
        actions.first { $0.action == action }?.images ?? 0
    }

    /// Bytes of the images that arrived in this run.
    public var doneBytes: Int64 {
        states.filter { $0.state == .done }.reduce(0) { $0 + $1.sizeBytes }
    }

    /// True when there was nothing to do and nothing is wrong.
    public var isNothingToDo: Bool {
        states.allSatisfy { $0.state == .skipped } && failures.isEmpty && images(.conflict) == 0
    }

    /// Where several apply: interrupted, mismatch, some failed, retryable.
    public var exitStatus: ExitStatus {
        if isInterrupted { return .interrupted }
        let mismatches: Set<String> = [
            MigrationError.Code.checksumMismatch.rawValue,
            MigrationError.Code.verificationMismatch.rawValue,
        ]
        if failures.contains(where: { mismatches.contains($0.code) }) {
            return .verificationMismatch
        }
        let others = failures.filter { $0.code != MigrationError.Code.quotaExceeded.rawValue }
        if !pausedTargets.isEmpty, others.isEmpty, images(.conflict) == 0 { return .limitReached }
        if images(.conflict) > 0 || failures.contains(where: { !$0.isTransient }) {
            return .someFailed
        }
        return failures.isEmpty ? .done : .retryableLeft
    }
}
