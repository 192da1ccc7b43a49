// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel

/// The next step for a transfer: the result of every stage and every step.
///
/// Waiting is an outcome and not a `sleep`, so a thousand images in import
/// cost no threads, and a restart resumes each wait where it was.
public enum Outcome: Sendable {
    /// The target's record is missing or empty: the body is sent next. Only an uploader returns
    /// this.
    case send(Transfer)
    /// The work is done; the transfer is in its next state.
    case advance(Transfer)
    /// Nothing is wrong, but the other side is not ready. Does not count as a try.
    case snooze(Transfer, seconds: Double, reason: WaitReason)
    /// The record cannot be used any more. The pipeline discards it, and the transfer starts over,
    /// perhaps with another method.
    case restart(Transfer, after: TranshipError)

    public var transfer: Transfer {
        switch self {
        case .send(let transfer), .advance(let transfer), .snooze(let transfer, _, _),
            .restart(let transfer, _):
            transfer
        }
    }

    /// Returns the same outcome with a changed transfer.
    func with(_ change: (inout Transfer) -> Void) -> Outcome {
        var transfer = transfer
        change(&transfer)
        return switch self {
        case .send: .send(transfer)
        case .advance: .advance(transfer)
        case .snooze(_, let seconds, let reason):
            .snooze(transfer, seconds: seconds, reason: reason)
        case .restart(_, let error): .restart(transfer, after: error)
        }
    }
}

/// Writes a transfer to the journal and returns when it is on disk.
public typealias Commit = @Sendable (Transfer) async throws(TranshipError) -> Void
