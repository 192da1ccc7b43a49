// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import MigrationModel
import MigrationPipeline

/// An uploader around another one. Passes on every call that it does not change, but has no
/// objections: a mistake should reach the service.
protocol ForwardingUploader: ImageUploader {
    var real: any ImageUploader { get }
}

extension ForwardingUploader {
    func carryOut(_ change: Change) async throws(TranshipError) -> Change {
        try await real.carryOut(change)
    }

    func list(
        ownerID: String?, page: ([TargetImage]) async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        try await real.list(ownerID: ownerID, page: page)
    }

    func undo(
        _ copy: inout UndoneCopy, references: [String: String], deletesLeft: inout Int
    ) async throws(TranshipError) {
        try await real.undo(&copy, references: references, deletesLeft: &deletesLeft)
    }

    func record(
        _ imageID: String, withMembers: Bool
    ) async throws(TranshipError) -> TargetRecord? {
        try await real.record(imageID, withMembers: withMembers)
    }

    func request(
        _ request: ImportNeed, for transfer: Transfer, from fetchable: Fetchable
    ) async throws(TranshipError) {
        try await real.request(request, for: transfer, from: fetchable)
    }

    func reportedAlgorithm(
        for transfer: Transfer
    ) async throws(TranshipError) -> Checksum.Algorithm {
        try await real.reportedAlgorithm(for: transfer)
    }

    func reconcile(_ transfer: Transfer) async throws(TranshipError) -> Outcome {
        try await real.reconcile(transfer)
    }

    func register(
        _ transfer: Transfer, references: [String: String], commit: @escaping Commit
    ) async throws(TranshipError) -> Outcome {
        try await real.register(transfer, references: references, commit: commit)
    }

    func send(_ transfer: Transfer, from ring: ByteRing) async throws(TranshipError) -> Transfer {
        try await real.send(transfer, from: ring)
    }

    func report(_ transfer: Transfer) async throws(TranshipError) -> TargetReport {
        try await real.report(transfer)
    }

    func readBack(_ transfer: Transfer, into ring: ByteRing) async throws(TranshipError) {
        try await real.readBack(transfer, into: ring)
    }

    func clean(
        _ leftover: inout Leftover, deletesLeft: inout Int
    ) async throws(TranshipError) {
        try await real.clean(&leftover, deletesLeft: &deletesLeft)
    }

    func discard(_ transfer: Transfer) async throws(TranshipError) -> Bool {
        try await real.discard(transfer)
    }
}
