// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel

/// The first step where the service moves the bytes itself: a record, and
/// nothing sent. Asking for the import is the waiter's.
struct ImportStep: Sendable {
    let stages: Stages

    func run(_ given: Transfer, commit: @escaping Commit) async throws(TranshipError) -> Outcome {
        var transfer = given
        if transfer.imageID != nil {
            switch try await stages.uploader.reconcile(transfer) {
            case .send(let next): transfer = next
            case .proceed(let next): return .advance(next)
            case .snooze(let next, let seconds, let reason):
                return .snooze(next, seconds: seconds, reason: reason)
            }
        }
        let facts: SourceFacts
        do {
            facts = try await stages.reader.facts(transfer)
        } catch {
            throw error.at(.source)
        }
        transfer.sizeBytes = facts.sizeBytes ?? transfer.source.sizeBytes
        transfer.members = facts.members
        switch try await stages.uploader.register(transfer, commit: commit) {
        case .send(let next): return .advance(next.moved(to: .importing))
        case .proceed(let next): return .advance(next)
        case .snooze(let next, let seconds, let reason):
            return .snooze(next, seconds: seconds, reason: reason)
        }
    }
}
