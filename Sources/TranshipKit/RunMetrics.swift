// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationJournal
public import MigrationModel

/// The metrics of a pipeline for a monitoring system, from its journal.
public struct RunMetrics: Sendable {
    /// The states of the last run's transfers at one target, and the last copy that was done there.
    public struct Target: Sendable {
        public let key: String
        public let states: [Tally<TransferState>]
        /// The numbers of images that the plan of the last run refused or found in conflict at this
        /// target; without sizes.
        public let refusals: [Tally<PlanAction>]
        /// The time at which any run last finished a copy at this target, in milliseconds since
        /// 1970.
        public let latestDoneAt: Int64?
    }

    public let run: Run
    public let planned: [Tally<PlanAction>]
    public let targets: [Target]
    public let changes: [Change]
    /// The sources and targets that the last run had to do without.
    public let absences: [Absence]
    /// The versions that the last run found at the sources of its series.
    public let upstreams: [Upstream]
    /// The time at which the last run without a failure ended, in milliseconds since 1970.
    public let lastSuccessAt: Int64?
    /// The names and conditions for which the last run found no image, in words.
    public let missed: [String]
    /// The error that ended the last run as a whole; nil if the run came to its end.
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
