// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel

/// One transfer on its way through one step.
///
/// Keeps the last committed state, so that an error does not lose the transfer. Passes on which
/// sides answered, because only the step knows whether it used the source, the target or neither.
final class Trip: Sendable {
    private let last: Guarded<Transfer>
    private let write: Commit
    private let hear: @Sendable (TranshipError.Side) async throws(TranshipError) -> Void

    /// The longest time between two looks at a copy that the target does not show, in seconds.
    private let lookSecondsMax: Double

    init(
        _ transfer: Transfer, lookSecondsMax: Double = 60, commit: @escaping Commit,
        answered: @escaping @Sendable (TranshipError.Side) async throws(TranshipError) -> Void
    ) {
        last = Guarded(transfer)
        self.lookSecondsMax = lookSecondsMax
        write = commit
        hear = answered
    }

    /// The transfer as last committed.
    var committed: Transfer { last.withLock { $0 } }

    func commit(_ transfer: Transfer) async throws(TranshipError) {
        try await write(transfer)
        last.withLock { $0 = transfer }
    }

    /// Checks the record that an earlier try may have left. The step continues only after
    /// ``Outcome/send(_:)``.
    func reconcile(
        _ transfer: Transfer, at uploader: any ImageUploader
    ) async throws(TranshipError) -> Outcome {
        guard transfer.imageID != nil else {
            if let objection = uploader.objection(to: transfer) { throw objection }
            return .send(transfer)
        }
        let found = try await uploader.reconcile(transfer)
        try await answered(.target)
        return found
    }

    /// The number of looks at a copy of ours that the target does not show.
    static let lostLooksMax = 4

    /// Starts over because the target no longer has the image. The first time in a run, this does
    /// not count as a failed try: a user may have deleted the image since an earlier run. Later
    /// times count: a user may still be deleting images, or the service may lose its data.
    ///
    /// Before that, looks again at a copy that we filled: behind one address, a node may read an
    /// older state of the database than the node that took the data. A second copy would otherwise
    /// be beside the first.
    ///
    /// - Parameter isFinal: true if the target always reads its newest state.
    func lostCopy(
        of lost: Transfer, startingOver: Transfer, isFinal: Bool
    ) async throws(TranshipError) -> Outcome {
        let looks = lost.wait.lostLooks ?? 0
        if !isFinal, lost.placement.isFilledByUs, looks < Self.lostLooksMax, let id = lost.imageID {
            var again = lost
            again.wait.lostLooks = looks + 1
            return .snooze(
                again, seconds: min(0.5 * Double(1 << looks), lookSecondsMax),
                reason: .copyNotShown(imageID: id))
        }
        let error = TranshipError(
            .gone,
            "image \(lost.imageID ?? "?") was deleted at the target before its copy was "
                + (lost.state == .publishing ? "published" : "compared"),
            hint:
                "find out who deletes images at the target, unless an earlier try of ours did it "
                + "late")
        var next = startingOver
        guard lost.tries.surprises == 0 else {
            try await commit(next)
            throw error
        }
        next.tries.surprises = 1
        next.wait.cause = .startsOver(next.method, message: error.message)
        return .advance(next)
    }

    /// Reports that a side has just answered.
    func answered(_ side: TranshipError.Side) async throws(TranshipError) {
        try await hear(side)
    }
}
