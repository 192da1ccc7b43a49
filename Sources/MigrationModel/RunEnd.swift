// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// Details of the end of a run, beside its outcome.
public struct RunEnd: Sendable, Hashable {
    public var exitStatus: ExitStatus
    /// The failure that ended the whole run; nil if the run came to its end, even if images failed.
    public var cause: Transfer.Failure?
    /// `file:line:column` of the part of the pipeline file that ``cause`` is about, if any.
    public var place: String?

    public init(exitStatus: ExitStatus, cause: Transfer.Failure? = nil, place: String? = nil) {
        self.exitStatus = exitStatus
        self.cause = cause
        self.place = place
    }

    /// The end of a run that an error ended. An interruption does not count as a cause: it is in
    /// the run's outcome.
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
