// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationJournal
public import MigrationModel

/// What a monitoring system wants to know of a pipeline, from its journal.
public struct RunMetrics: Sendable {
    /// How the transfers of the last run ended at one target, and what was done there at
    /// last.
    public struct Target: Sendable {
        public let key: String
        public let states: [Tally<TransferState>]
        /// What the plan of the last run refused there, and what was a conflict; without sizes.
        public let refusals: [Tally<PlanAction>]
        /// When a copy was last done there, by any run; milliseconds since 1970.
        public let latestDoneAt: Int64?
    }

    public let run: Run
    public let planned: [Tally<PlanAction>]
    public let targets: [Target]
    public let changes: [Change]
    /// What the last run had to do without.
    public let absences: [Absence]
    /// What the last run found at the sources of its series.
    public let upstreams: [Upstream]
    /// When a run was last done without a failure; milliseconds since 1970.
    public let lastSuccessAt: Int64?
    /// What the last run looked for and did not find, in words.
    public let missed: [String]
    /// What ended the last run as a whole; nil if it came to its end.
    public let cause: Transfer.Failure?

    /// - Returns: nil if the journal has no run yet.
    /// - Throws: ``TranshipError/Code/journalMissing``;
    ///   ``TranshipError/Code/journalFailed``.
    public static func read(journalPath: String) async throws(TranshipError) -> RunMetrics? {
        let journal = try Journal.openForReading(path: journalPath)
        guard let run = try await journal.lastRun() else { return nil }
        return RunMetrics(
            run: run, planned: try await journal.plan(of: run).tallies,
            targets: try await journal.targetTallies(run: run).map {
                Target(
                    key: $0.key, states: $0.states, refusals: $0.refusals,
                    latestDoneAt: $0.latestDoneAt)
            }, changes: try await journal.changes(of: run),
            absences: try await journal.absences(of: run),
            upstreams: try await journal.upstreams(
                of: try await journal.lastRunWithWork() ?? run),
            lastSuccessAt: try await journal.lastSuccess()?.endedAt,
            missed: try await journal.missed(in: run).map(\.words),
            cause: try await journal.end(of: run)?.cause)
    }
}
