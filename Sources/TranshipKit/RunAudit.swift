// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Digests
internal import Foundation
internal import MigrationJournal
public import MigrationModel
internal import PipelineFiles

/// The transfers of one run and their outcomes, for a report that an auditor keeps.
public struct RunAudit: Sendable {
    /// One image at one target.
    public struct Entry: Sendable {
        public let transfer: Transfer
        public let history: TransferHistory
        /// The time at which `rollback` removed the copy, in milliseconds since 1970; nil if it did
        /// not.
        public let rolledBackAt: Int64?

        /// The strongest checksum of the data at the target; nil if none is known.
        public var digest: Checksum? {
            // If the target converts images, its data differs from the data that we sent.
            let known =
                transfer.proof.reported
                + (transfer.conversion == nil ? transfer.proof.computed : [])
            return known.max { $0.strength < $1.strength }
                ?? (isProved && transfer.conversion == nil ? transfer.proof.promised : nil)
        }

        /// True if the target had the data when the run ended, and no check failed; ``proofWords``
        /// names the proof. A rollback may have removed the copy since.
        public var isProved: Bool { [.done, .unpublished].contains(transfer.state) }

        /// The proof, for people.
        public var proofWords: String { isProved ? transfer.proofWords : "" }
    }

    public let run: Run
    /// The facts about the start of the run; nil for runs that `adopt` recorded.
    public let facts: RunFacts?
    public let status: RunStatus
    /// The names of projects, by their ids, as far as a run could find them.
    public var projectNames: [String: String] { status.projects.names }
    private let journal: Journal

    private static let pageImages = 200

    /// Reads a journal. A run may work on it at the same time.
    ///
    /// - Parameter number: the number of a run; nil is the last run.
    /// - Throws: ``TranshipError/Code/journalMissing``;
    ///   ``TranshipError/Code/notFound`` if the journal has no such run;
    ///   ``TranshipError/Code/journalFailed``.
    public static func read(
        journalPath: String, run number: Int64? = nil
    ) async throws(TranshipError) -> RunAudit {
        let journal = try Journal.openForReading(path: journalPath)
        guard let status = try await RunStatus.read(journalPath: journalPath, run: number) else {
            throw TranshipError(
                .notFound, "the journal \(journal.path) has no run yet",
                hint: "run the pipeline first")
        }
        return RunAudit(
            run: status.run, facts: try await journal.facts(of: status.run), status: status,
            journal: journal)
    }

    /// Returns `payroll (8607…)`, or only the id.
    public func words(ofProject id: String) -> String { status.projects.words(ofProject: id) }

    /// Returns a message with the names of projects before their ids.
    public func naming(projectsIn message: String) -> String {
        status.projects.naming(projectsIn: message)
    }

    /// Hands over every transfer of the run, in the plan's order. Images that the target already
    /// had are counted in the status and have no entry, even if another pipeline copied them: this
    /// run did nothing to them.
    public func eachEntry(
        _ each: (Entry) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        var shown = 0
        while true {
            let page = try await journal.transfers(
                run: run, in: TransferState.allCases.filter { $0 != .skipped },
                limit: Self.pageImages, offset: shown)
            if page.isEmpty { return }
            shown += page.count
            let histories = try await journal.histories(of: page.map(\.id), run: run)
            for transfer in page {
                let history =
                    histories[transfer.id] ?? TransferHistory(startedAt: nil, updatedAt: 0)
                try await each(
                    Entry(
                        transfer: transfer, history: history,
                        rolledBackAt: status.removalTimes[transfer.id]))
            }
        }
    }
}

extension Checksum {
    /// A rank: a larger number is a stronger algorithm.
    fileprivate var strength: Int {
        switch algorithm {
        case .md5: 0
        case .sha1: 1
        case .sha256: 2
        case .sha512: 3
        }
    }
}

extension PipelineRun {
    /// Returns the user who starts this run, the digest of its pipeline file, and its saved plan.
    func facts(_ saved: SavedPlan? = nil) -> RunFacts {
        let process = ProcessInfo.processInfo
        return RunFacts(
            who: "\(process.userName)@\(process.hostName)",
            pipelineDigest: TextDigest.sha256(pipeline.textWithoutSecrets),
            planDigest: saved?.digest,
            planFile: saved == nil ? nil : planFile.withLock(\.self),
            outsideTexts: pipeline.outsideTexts)
    }
}

/// Digests of short texts.
enum TextDigest {
    /// Returns `sha256:` and the digits, as sha256sum(1) computes them.
    static func sha256(_ text: String) -> String {
        do {
            let digest = try StreamingDigest(.sha256)
            Array(text.utf8).withUnsafeBytes { digest.update($0) }
            return try digest.finish().description
        } catch {
            // With an OpenSSL that lacks sha256, no image can be moved either.
            return "none"
        }
    }
}
