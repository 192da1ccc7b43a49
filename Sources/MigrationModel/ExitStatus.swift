// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The exit code of a command, for scripts and schedulers.
///
/// The help texts and `docs/exit-codes.md` are made from this enum.
public enum ExitStatus: Int32, CaseIterable, Sendable {
    case done = 0
    case unclassified = 1
    case usage = 2
    case someFailed = 3
    case differences = 4
    case retryableLeft = 5
    case verificationMismatch = 6
    case fatal = 7
    case limitReached = 8
    case journalInUse = 11
    case interrupted = 130

    /// The meaning of the code for the caller, in one line.
    public var meaning: String {
        switch self {
        case .done: "done; nothing is left to do"
        case .unclassified: "an error that has no code of its own"
        case .usage: "the command line or the pipeline file is wrong; nothing was done"
        case .someFailed:
            "some images failed, were refused, left in conflict, not found by their name, or wait for "
                + "the name of their series"
        case .differences:
            "differences were found (plan drift, check, clean), or something would be changed "
                + "(rollback, prune)"
        case .retryableLeft: "only failures that may pass are left; run again"
        case .verificationMismatch:
            "some data did not match its checksum; nothing of it was published"
        case .fatal: "authentication failed, or nothing could be done at all"
        case .limitReached:
            "a limit of the pipeline or a quota of a target was reached; run again to go on"
        case .journalInUse: "another process works on this journal"
        case .interrupted: "interrupted; run again or resume to go on"
        }
    }

    /// The code for a command that ended with this error alone.
    public init(_ error: TranshipError) {
        // The service will never do this request: see ``TranshipError/Code/serviceFailed``.
        let isLasting = error.code == .serviceFailed && error.answer != nil && !error.isTransient
        // The error is about one source of a pipeline, and not about the only file of a command.
        let isOneOfMany = error.code == .sourceUnavailable && error.place != nil
        self = isLasting ? .unclassified : isOneOfMany ? .someFailed : ExitStatus(error.code)
    }

    /// The code for a command that ended with an error of this code. Service failures count as ones
    /// that may pass.
    public init(_ code: TranshipError.Code) {
        switch code {
        case .usage, .invalidPipeline, .unknownCloud, .invalidCloudsFile,
            .invalidChecksum:
            self = .usage
        case .noImageSelected: self = .someFailed
        case .planDrifted, .placeChanged: self = .differences
        case .interrupted: self = .interrupted
        case .checksumMismatch, .verificationMismatch: self = .verificationMismatch
        case .authenticationFailed, .notKeystone, .noImageService, .unreachable, .tlsFailed,
            .journalMissing, .journalTooNew, .journalFailed, .unauthorized:
            self = .fatal
        case .journalInUse: self = .journalInUse
        case .quotaExceeded: self = .limitReached
        case .timedOut, .connectionLost, .rateLimited, .serviceFailed: self = .retryableLeft
        case .unclassified, .badRedirect, .invalidAnswer, .badRequest, .forbidden, .notFound,
            .conflict, .gone, .formatRejected, .rangeNotSatisfiable, .ambiguous, .waitFailed,
            .waitTimedOut, .noData, .decompressionFailed, .signatureRefused, .conversionFailed,
            .sourceUnavailable, .sourceTruncated, .sourceChanged, .olderVersion,
            .targetFailed, .targetConflict, .idBlocked, .refused, .transformed, .unverifiable,
            .importFailed,
            .importTimedOut, .unpublished, .dependencyFailed, .unexpectedState:
            self = .unclassified
        }
    }
}
