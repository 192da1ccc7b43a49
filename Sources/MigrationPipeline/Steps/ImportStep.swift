// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel

/// The first step for methods by which the service moves the bytes itself: creates the record and
/// sends no data.
struct ImportStep: Sendable {
    let stages: Stages
    let references: References

    func run(_ given: Transfer, _ trip: Trip) async throws(TranshipError) -> Outcome {
        let uploader = try stages.target(of: given).uploader
        let found = try await trip.reconcile(given, at: uploader)
        guard case .send(var transfer) = found else { return found }
        let facts: SourceFacts
        do {
            facts = try await stages.source(of: transfer).facts(transfer)
        } catch {
            throw error.at(.source)
        }
        try await trip.answered(.source)
        transfer.proof.sizeBytes = facts.sizeBytes ?? transfer.source.sizeBytes
        transfer.take(facts)
        let ids = try await references.ids(of: transfer)
        let registered = try await uploader.register(
            transfer, references: ids, commit: trip.commit)
        try await trip.answered(.target)
        guard case .send(var next) = registered else { return registered }
        next.move(to: .importing)
        next.placement.claimContents()
        return .advance(next)
    }
}
