// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel

extension Transfer.Failure {
    /// The step to take: the hint, or the message with the step for its code.
    var advice: String { hint ?? "\(message); \(step)" }

    /// The step for this kind of failure, for one that comes without a hint.
    var step: String {
        let operators = "ask the operator of that service"
        if let step = stepHere { return step }
        guard !isTransient else { return "run again later; if it stays so, \(operators)" }
        return stepAtService ?? stepForImage ?? operators
    }

    /// The step for what belongs to this machine; nil for other failures.
    private var stepHere: String? {
        switch code {
        case .usage, .invalidPipeline, .invalidChecksum, .noImageSelected, .ambiguous, .refused:
            "correct what it names, or leave the image out"
        case .planDrifted: "plan again, and read the new plan"
        case .interrupted: "run again"
        case .invalidCloudsFile, .unknownCloud:
            "correct the cloud's entry in clouds.yaml; `tranship doctor` checks it"
        case .targetFailed, .journalFailed:
            "make room on that disk, or let this user write to it"
        case .journalInUse: "wait until the other command ends, or stop it"
        case .journalMissing, .journalTooNew:
            "check that this is the right journal, and the newest version of tranship"
        case .unclassified where !isTransient:
            "read the message; if it says too little, report it with what `tranship status -v` "
                + "shows"
        default: nil
        }
    }

    /// The step after a refusal by a service, or if there is no connection to it; nil for failures
    /// of an image.
    private var stepAtService: String? {
        let operators = "ask the operator of that service"
        return switch code {
        case .unauthorized, .forbidden, .authenticationFailed:
            "use a user who may do that, or ask the operator of the cloud who may"
        case .notKeystone, .noImageService, .tlsFailed, .badRedirect:
            "correct the address or the cloud's entry; `tranship doctor` checks it"
        case .unreachable, .connectionLost, .timedOut:
            "check the network between this machine and that service, then run again"
        case .badRequest: "correct what it names; if it names nothing, \(operators)"
        case .notFound, .gone:
            "find out who deletes images there, then run again"
        case .conflict:
            "look at the image: something else may be changing it; if it stays so, \(operators)"
        case .quotaExceeded:
            "make room, or have the limit raised; `tranship doctor` shows the quotas of a target"
        case .importFailed, .importTimedOut, .waitFailed, .waitTimedOut:
            "write `method: upload` at the target, or \(operators)"
        case .rateLimited, .serviceFailed, .invalidAnswer: operators
        default: nil
        }
    }

    /// The step for an image whose data or record cannot be copied as planned.
    private var stepForImage: String? {
        switch code {
        case .formatRejected, .conversionFailed, .decompressionFailed, .noData:
            "look at the data at the source: correct it or its format, or leave the image out"
        case .checksumMismatch, .signatureRefused, .olderVersion, .sourceUnavailable:
            "look at the source, and ask its publisher if it stays so"
        case .rangeNotSatisfiable, .sourceTruncated, .sourceChanged:
            "run again, which reads the source again; if it stays so, look at the source"
        case .verificationMismatch, .unverifiable, .transformed, .unexpectedState, .unpublished:
            "look at the image at the target, then run again; if it stays so, ask its operator"
        case .targetConflict, .idBlocked:
            "look at the image that is in its place at the target: rename it, or leave this one out"
        case .dependencyFailed: "mend the image that it refers to first"
        default: nil
        }
    }
}
