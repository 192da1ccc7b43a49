// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
package import MigrationJournal
public import MigrationModel

/// What a journal knows of one run; of the last one also what others moved.
public struct RunStatus: Sendable {
    public let run: Run
    /// The process that has the journal now; nil if none has it.
    public let holder: LockHolder?
    /// What the run's plan decided.
    public let planned: [Tally<PlanAction>]
    /// The images that the plan refused or found in conflict; at most 10,000.
    public let refused: [RefusedImage]
    public let states: [Tally<TransferState>]
    /// Of every transfer of the journal, as it is now.
    public let statesInAll: [Tally<TransferState>]
    /// What the run changes about earlier versions of series.
    public let changes: [Change]
    /// What the run's plan found at the sources of its series.
    public let upstreams: [Upstream]
    /// Copies of the run that `rollback` removed later.
    public var rolledBackImages: Int { removalTimes.count }
    /// When `rollback` removed copies of the run, by their transfers; in milliseconds since 1970.
    let removalTimes: [Int64: Int64]
    public let failedTries: Int
    /// What the run read from the sources.
    public let reading: SourceReading
    public let outages: [OutageRecord]
    /// The sources and targets that the run's plan had to do without, sources first.
    public let absences: [Absence]
    /// What an operator set with `tranship limit`; nil if all limits are those of the pipeline file.
    public let limits: LimitOverride?
    /// What `--plan` takes in a command that goes on with the run; nil without a saved plan.
    public let planWord: String?
    /// How the run ended; nil while it has not, if it was killed, and for what `adopt` wrote down.
    public let end: RunEnd?
    /// What the run's plan looked for and did not find, in words.
    public var missed: [String] { notFound.map(\.words) }
    /// The same, with what to do.
    public let notFound: [MissedWords]
    /// What projects are called; those that a run could find out.
    public let projects: ProjectWords
    /// The path of the journal.
    public var journalPath: String { journal.path }
    private let journal: Journal
    private let isLast: Bool

    private static let pageImages = 100

    /// Reads a journal; a run may be working on it meanwhile.
    ///
    /// - Parameter number: of an earlier run; nil is the last one.
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

    /// The status of the last run, from a journal that is open.
    ///
    /// - Returns: nil if the journal has no run yet.
    package static func read(_ journal: Journal) async throws(TranshipError) -> RunStatus? {
        guard let run = try await journal.lastRun() else { return nil }
        return try await RunStatus(run, isLast: true, journal)
    }

    init(_ run: Run, isLast: Bool, _ journal: Journal) async throws(TranshipError) {
        self.run = run
        self.isLast = isLast
        // A status outlives the run that held the lock.
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

    /// Why the plan refused images.
    public var refusals: [Transfer.Failure] {
        refused.filter { $0.action == .refuse }.map(\.failure)
    }

    /// What an operator has to know of versions that had not moved for too long when the run was
    /// planned.
    public var staleWords: [String] {
        upstreams.compactMap { $0.staleNote(at: run.startedAt)?.words }
    }

    /// The first transfers of the run in some states, in the plan's order.
    public func transfers(
        in states: [TransferState], limit: Int
    ) async throws(TranshipError) -> [Transfer] {
        try await journal.transfers(run: run, in: states, limit: limit)
    }

    /// Hands over each transfer with its newest failed tries, oldest first: of an
    /// earlier run its own, of the last run all that the journal has.
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
