// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel

/// The first step for methods by which the target's service moves the bytes: creates the record and
/// sends no data.
struct ImportStep: Sendable {
    let ends: TransferEnds
    /// The ids at the target of the images that the record refers to, by property.
    let references: [String: String]

    func run(_ given: Transfer, _ trip: Trip) async throws(TranshipError) -> Outcome {
        let uploader = ends.uploader
        let found = try await trip.reconcile(given, at: uploader)
        guard case .send(var transfer) = found else { return found }
        let facts: SourceFacts
        do {
            facts = try await ends.source.facts(transfer)
        } catch {
            throw error.at(.source)
        }
        try await trip.answered(.source)
        transfer.proof.sizeBytes = facts.sizeBytes ?? transfer.source.sizeBytes
        transfer.take(facts)
        let registered = try await uploader.register(
            transfer, references: references, commit: trip.commit)
        try await trip.answered(.target)
        guard case .send(var next) = registered else { return registered }
        next.move(to: .importing)
        next.placement.claimContents()
        return .advance(next)
    }
}
