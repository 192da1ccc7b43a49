// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A copy that a run made, and the decision of `rollback` about it.
public struct UndoneCopy: Sendable, Hashable {
    /// The transfer as the run left it.
    public let transfer: Transfer
    public var fate: Leftover.Fate
    public var reason: PlanReason
    /// The ids of the images that `on_conflict: replace` hid for the copy, and that become visible
    /// again with its removal.
    public var shownAgain: [String] = []
    /// The ids of the images that `on_conflict: replace` hid for the copy, and that are gone.
    public var replacedGone: [String] = []

    /// - Parameter reason: the reason for the removal, until a check finds a reason against it.
    public init(_ transfer: Transfer, _ reason: PlanReason) {
        self.transfer = transfer
        self.reason = reason
        fate = .remove
    }

    /// True if the source's own id is lost with the copy: the service never gives out an id again.
    public var burnsKeptID: Bool { transfer.holdsKeptID }
}
