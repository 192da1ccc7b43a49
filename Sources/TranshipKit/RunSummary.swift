// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationJournal
public import MigrationModel

/// The outcome of a run, from its journal.
public struct RunSummary: Sendable {
    /// The status of the run: its plan, its transfers and its reading.
    public let status: RunStatus
    /// The errors of failed and unpublished transfers, of refused images and of changes.
    public let failures: [Transfer.Failure]
    public internal(set) var isInterrupted = false
    /// The targets whose quota was full, with the service's error.
    public internal(set) var pausedTargets: [String: TranshipError] = [:]

    /// The services and hosts that did not answer until the run gave up on them, with the last
    /// error. Their images wait for the next run.
    public internal(set) var deadEndpoints: [String: TranshipError] = [:]

    /// The sources and targets that the plan had to do without. The next run copies the missing
    /// images.
    public var absences: [Absence] { status.absences }

    /// The targets that did not answer when the run began, or that refused the login, by key.
    public var absentTargets: [String: Transfer.Failure] {
        Dictionary(
            absences.filter { $0.side == .target }.map { ($0.name, $0.failure) }
        ) { first, _ in first }
    }

    /// The names in the pipeline for which no image was found, in words, unless the pipeline allows
    /// that.
    public var missed: [String] { status.missed }

    /// The maximum number of failures that decide the exit code; more make no difference.
    private static let failuresMax = 10_000

    init(run: Run, journal: Journal) async throws(TranshipError) {
        try await self.init(try await RunStatus(run, isLast: true, journal))
    }

    /// Summarizes a run as it is now. The summary of a run under way shows how the run would end if
    /// the rest succeeded.
    public init(_ status: RunStatus) async throws(TranshipError) {
        self.status = status
        failures =
            try await status.transfers(in: [.failed, .unpublished], limit: Self.failuresMax)
            .compactMap(\.failure) + status.refusals + status.changes.compactMap(\.failure)
    }

    /// The changes of the run to earlier versions of series.
    public var changes: [Change] { status.changes }

    public func images(in state: TransferState) -> Int {
        status.states.first { $0.kind == state }?.images ?? 0
    }

    public func images(_ action: PlanAction) -> Int {
        status.planned.first { $0.kind == action }?.images ?? 0
    }

    /// The bytes of the images that the run finished.
    public var doneBytes: Int64 {
        status.states.first { $0.kind == .done }?.sizeBytes ?? 0
    }

    /// True if there was nothing to do and nothing is wrong.
    public var isNothingToDo: Bool {
        status.states.allSatisfy { $0.kind == .skipped } && failures.isEmpty && missed.isEmpty
            && changes.allSatisfy { $0.state == .left && !$0.waitsForOperator }
            && deadEndpoints.isEmpty && absences.isEmpty && images(.conflict) == 0
    }

    /// A reason for a run not to end with exit code 0, in order: the first one that applies decides
    /// the exit code.
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

    /// The exit status of the run. If several apply, the order is: interrupted, mismatch, login
    /// refused, some failed, limit, retryable.
    ///
    /// A full quota fails the image that met it and holds back the rest. The status is then the
    /// limit's, unless another image failed for a reason that more room at the target would not
    /// have removed.
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
