// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// How a run ended, beside its outcome.
public struct RunEnd: Sendable, Hashable {
    public var exitStatus: ExitStatus
    /// What ended the run as a whole; nil if it came to its end, whatever became of its images.
    public var cause: Transfer.Failure?
    /// `file:line:column` of the part of the pipeline that ``cause`` is about, if one part is.
    public var place: String?

    public init(exitStatus: ExitStatus, cause: Transfer.Failure? = nil, place: String? = nil) {
        self.exitStatus = exitStatus
        self.cause = cause
        self.place = place
    }

    /// The end of a run that an error ended. An interruption is in the outcome,
    /// and not a cause.
    public init(_ error: TranshipError) {
        self.init(exitStatus: ExitStatus(error))
        guard error.code != .interrupted else { return }
        (cause, place) = (.init(error), error.place)
    }

    /// The place, unless the cause's message begins with it.
    public var unsaidPlace: String? {
        let said = cause?.message ?? ""
        return place.flatMap { said.hasPrefix($0) ? nil : $0 }
    }
}
