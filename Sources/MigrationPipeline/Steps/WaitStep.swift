// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel

/// Looks once at an import, and requests it if that has not been done.
struct WaitStep: Sendable {
    let ends: TransferEnds

    func run(_ given: Transfer, _ trip: Trip) async throws(TranshipError) -> Outcome {
        let target = ends.target
        let (need, transfer): (ImportNeed, Transfer)
        let look = try await target.waiter.look(given)
        try await trip.answered(.target)
        switch look {
        case .outcome(let outcome): return outcome
        case .needs(let found, let next): (need, transfer) = (found, next)
        }
        let fetchable = try fetchable(need, transfer, target)
        var refusal: TranshipError?
        do {
            try await target.uploader.request(need, for: transfer, from: fetchable)
        } catch {
            refusal = error
        }
        return try await target.waiter.requested(need, for: transfer, refusal: refusal)
    }

    private func fetchable(
        _ need: ImportNeed, _ transfer: Transfer, _ target: OpenedTarget
    ) throws(TranshipError) -> Fetchable {
        guard need == .image, transfer.method.isServerSide else {
            return .nothing(.fetchedByTarget)
        }
        let fetchable = try ends.source.fetchable(
            transfer.source, for: target.region)
        guard fetchable.suits(transfer.method) else {
            throw TranshipError(
                .invalidPipeline,
                "source \(transfer.source.sourceIndex + 1) of the pipeline is not what "
                    + "\(transfer.method.rawValue) can fetch",
                hint: "run the pipeline again, which makes a new plan")
        }
        return fetchable
    }
}
