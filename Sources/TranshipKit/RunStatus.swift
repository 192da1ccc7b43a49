// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
package import MigrationJournal
public import MigrationModel

/// The state of one run by its journal; for the last run, also of transfers of other runs.
public struct RunStatus: Sendable {
    public let run: Run
    /// The process that has the journal's lock now; nil if there is none.
    public let holder: LockHolder?
    /// The numbers of images for each decision of the run's plan.
    public let planned: [Tally<PlanAction>]
    /// The images that the plan refused or found in conflict; at most 10,000.
    public let refused: [RefusedImage]
    public let states: [Tally<TransferState>]
    /// The states of all transfers of the journal, as they are now.
    public let statesInAll: [Tally<TransferState>]
    /// The changes of the run to earlier versions of series.
    public let changes: [Change]
    /// The versions that the run's plan found at the sources of its series.
    public let upstreams: [Upstream]
    /// The number of copies of the run that `rollback` removed later.
    public var rolledBackImages: Int { removalTimes.count }
    /// The times at which `rollback` removed copies of the run, by their transfers, in milliseconds
    /// since 1970.
    let removalTimes: [Int64: Int64]
    public let failedTries: Int
    /// The amounts of data that the run read from the sources.
    public let reading: SourceReading
    public let outages: [OutageRecord]
    /// The sources and targets that the run's plan had to do without, sources first.
    public let absences: [Absence]
    /// The limits that an operator set with `tranship limit`; nil if all limits are those of the
    /// pipeline file.
    public let limits: LimitOverride?
    /// The argument of `--plan` for a command that goes on with the run; nil without a saved plan.
    public let planWord: String?
    /// The end of the run; nil for a run that has not ended, that was killed, or that `adopt`
    /// recorded.
    public let end: RunEnd?
    /// The names and conditions for which the run's plan found no image, in words.
    public var missed: [String] { notFound.map(\.words) }
    /// The same names and conditions, with hints.
    public let notFound: [MissedWords]
    /// The names of projects, as far as a run could find them.
    public let projects: ProjectWords
    /// The path of the journal.
    public var journalPath: String { journal.path }
    private let journal: Journal
    private let isLast: Bool

    private static let pageImages = 100

    /// Reads a journal. A run may work on it at the same time.
    ///
    /// - Parameter number: the number of an earlier run; nil is the last run.
    /// - Returns: nil if the journal has no run yet.
    /// - Throws: ``TranshipError/Code/journalMissing`` and ``TranshipError/Code/journalFailed``;
    ///   ``TranshipError/Code/notFound`` if the journal has no such run.
    public static func read(
        journalPath: String, run number: Int64? = nil
    ) async throws(TranshipError) -> RunStatus? {
        let journal = try Journal.openForReading(path: journalPath)
        let found =
            if let number { try await journal.run(number) } else { try await journal.lastRun() }
        if let found { return try await RunStatus(found, isLast: number == nil, journal) }
        guard let number else { return nil }
        throw TranshipError(
            .notFound, "the journal \(journal.path) has no run \(number)",
            hint: try await journal.runsWords())
    }

    /// Reads the status of the last run from an open journal.
    ///
    /// - Returns: nil if the journal has no run yet.
    package static func read(_ journal: Journal) async throws(TranshipError) -> RunStatus? {
        guard let run = try await journal.lastRun() else { return nil }
        return try await RunStatus(run, isLast: true, journal)
    }

    init(_ run: Run, isLast: Bool, _ journal: Journal) async throws(TranshipError) {
        self.run = run
        self.isLast = isLast
        // Open the journal again without the lock: a status outlives the run that held it.
        self.journal = journal.reopened()
        holder = Journal.holder(path: journal.path)
        let decided = try await journal.plan(of: run)
        (planned, refused) = (decided.tallies, decided.refused)
        planWord = try await journal.facts(of: run)?.planWord
        states = try await journal.tally(run: run)
        statesInAll = try await journal.tally(run: nil)
        changes = try await journal.changes(of: run)
        upstreams = try await journal.upstreams(of: run)
        removalTimes = Dictionary(
            try await journal.removals(of: run).map { ($0.transferID, $0.at) }
        ) { $1 }
        failedTries = try await journal.attemptCount(run: run)
        reading = try await journal.readingTally(run: run)
        outages = try await journal.outages(run: run)
        absences = try await journal.absences(of: run)
        limits = try await journal.limitOverride(of: run).flatMap { $0.isAsInFile ? nil : $0 }
        end = try await journal.end(of: run)
        notFound = try await journal.missed(in: run)
        projects = ProjectWords(try await journal.projectNames())
    }

    /// The reasons why the plan refused images.
    public var refusals: [Transfer.Failure] {
        refused.filter { $0.action == .refuse }.map(\.failure)
    }

    /// The warnings about sources whose version had not changed for too long when the run was
    /// planned.
    public var staleWords: [String] {
        upstreams.compactMap { $0.staleNote(at: run.startedAt)?.words }
    }

    /// Returns the first transfers of the run in some states, in the plan's order.
    public func transfers(
        in states: [TransferState], limit: Int
    ) async throws(TranshipError) -> [Transfer] {
        try await journal.transfers(run: run, in: states, limit: limit)
    }

    /// Hands over each transfer with its newest failed tries, oldest first. For an earlier run,
    /// these are its own transfers; for the last run, all transfers of the journal.
    public func eachTransfer(
        _ each: (Transfer, [Attempt]) -> Void
    ) async throws(TranshipError) {
        let run = isLast ? nil : run
        var shown = 0
        while true {
            let page = try await journal.transfers(
                run: run, in: TransferState.allCases, limit: Self.pageImages, offset: shown)
            if page.isEmpty { return }
            shown += page.count
            let tries = try await journal.attempts(of: page.map(\.id), run: run)
            for transfer in page { each(transfer, tries[transfer.id] ?? []) }
        }
    }
}
