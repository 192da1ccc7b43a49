// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationJournal
public import MigrationModel

/// How a run ended, by the journal.
public struct RunSummary: Sendable {
    /// What the run planned, moved and read.
    public let status: RunStatus
    /// Codes of failed and unpublished transfers, and whether they may pass.
    public let failures: [Transfer.Failure]
    public internal(set) var isInterrupted = false
    /// Targets whose quota was full, with the service's words.
    public internal(set) var pausedTargets: [String: TranshipError] = [:]

    /// Services and hosts that did not answer until the run gave them up, with
    /// the last failure. Their images wait for the next run.
    public internal(set) var deadEndpoints: [String: TranshipError] = [:]

    /// Sources and targets that the plan had to do without. The next run copies what is missing.
    public var absences: [Absence] { status.absences }

    /// Targets that did not answer when the run began, or refused the login, by key.
    public var absentTargets: [String: Transfer.Failure] {
        Dictionary(
            absences.filter { $0.side == .target }.map { ($0.name, $0.failure) }
        ) { first, _ in first }
    }

    /// What the pipeline names and no image has, in words, unless it allows that.
    public var missed: [String] { status.missed }

    /// Failures that are looked at for the exit code; more change nothing.
    private static let failuresMax = 10_000

    init(run: Run, journal: Journal) async throws(TranshipError) {
        try await self.init(try await RunStatus(run, isLast: true, journal))
    }

    /// The summary of a run as it is now: that of a run under way says how it would end if all that
    /// is left went well.
    public init(_ status: RunStatus) async throws(TranshipError) {
        self.status = status
        failures =
            try await status.transfers(in: [.failed, .unpublished], limit: Self.failuresMax)
            .compactMap(\.failure) + status.refusals + status.changes.compactMap(\.failure)
    }

    /// What the run changed about earlier versions of series.
    public var changes: [Change] { status.changes }

    public func images(in state: TransferState) -> Int {
        status.states.first { $0.kind == state }?.images ?? 0
    }

    public func images(_ action: PlanAction) -> Int {
        status.planned.first { $0.kind == action }?.images ?? 0
    }

    /// Bytes of the images that arrived in this run.
    public var doneBytes: Int64 {
        status.states.first { $0.kind == .done }?.sizeBytes ?? 0
    }

    /// True when there was nothing to do and nothing is wrong.
    public var isNothingToDo: Bool {
        status.states.allSatisfy { $0.kind == .skipped } && failures.isEmpty && missed.isEmpty
            && changes.allSatisfy { $0.state == .left && !$0.waitsForOperator }
            && deadEndpoints.isEmpty && absences.isEmpty && images(.conflict) == 0
    }

    /// What keeps a run from ending with 0. Of several, the first one decides the exit code.
    private enum Trouble: CaseIterable {
        case interrupted, otherData, refusedLogin, lasting, fullQuota, passing

        var exitStatus: ExitStatus {
            switch self {
            case .interrupted: .interrupted
            case .otherData: .verificationMismatch
            case .refusedLogin: .fatal
            case .lasting: .someFailed
            case .fullQuota: .limitReached
            case .passing: .retryableLeft
            }
        }
    }

    /// If several apply: interrupted, mismatch, no login at an end, some failed, limit,
    /// retryable.
    ///
    /// A full quota fails the image that met it and holds back the rest. The limit's status says
    /// that, unless something failed that room at the target would not have saved.
    public var exitStatus: ExitStatus {
        Trouble.allCases.first(where: has)?.exitStatus ?? .done
    }

    private func has(_ trouble: Trouble) -> Bool {
        switch trouble {
        case .interrupted: isInterrupted
        case .otherData:
            failures.contains {
                $0.code == .checksumMismatch || $0.code == .verificationMismatch
            }
        case .refusedLogin: absences.contains(where: \.isRefusedLogin)
        case .lasting:
            images(.conflict) > 0 || !missed.isEmpty || failures.contains(where: isLasting)
                || absences.contains(where: \.isLasting)
                || changes.contains(where: \.waitsForOperator)
        case .fullQuota: !pausedTargets.isEmpty
        case .passing: !failures.isEmpty || !deadEndpoints.isEmpty || !absences.isEmpty
        }
    }

    private func isLasting(_ failure: Transfer.Failure) -> Bool {
        let metQuota = failure.code == .quotaExceeded
        return !failure.isTransient && !(metQuota && !pausedTargets.isEmpty)
    }
}
