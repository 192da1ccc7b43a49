// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import GlanceServer
import MigrationModel
import MigrationPipeline
import TestSupport

@testable import ImageUploaders

/// An uploader with a fake service, and its commits.
final class Target: Sendable {
    let glance: GlanceServer
    let uploader: CloudUploader
    private let commits = Guarded<[Transfer]>([])
    private let others: Others

    private final class Others: Sendable {
        let nowMilliseconds = Guarded<Int64>(1_800_000_000_000)
    }

    init() throws {
        let glance = try GlanceServer()
        let others = Others()
        self.glance = glance
        self.others = others
        uploader = CloudUploader(
            targetKey: "beta", service: glance.service,
            now: { others.nowMilliseconds.withLock { $0 } })
    }

    func pass(seconds: Int64) {
        others.nowMilliseconds.withLock { $0 += seconds * 1000 }
    }

    var committed: [Transfer] { commits.withLock { $0 } }

    func commit(_ transfer: Transfer) {
        commits.withLock { $0.append(transfer) }
    }

    /// Registers a transfer, and returns the outcome.
    func registering(
        _ transfer: Transfer, references: [String: String] = [:]
    ) async throws(TranshipError) -> Outcome {
        try await uploader.register(transfer, references: references) {
            [self] transfer throws(TranshipError) in commit(transfer)
        }
    }

    /// Registers a transfer whose body can then be sent, or whose data is already at the target.
    func register(
        _ transfer: Transfer, references: [String: String] = [:]
    ) async throws -> Transfer {
        switch try await registering(transfer, references: references) {
        case .send(let transfer), .advance(let transfer): return transfer
        case .snooze(_, _, let reason): throw Unexpected(reason: reason.words)
        case .restart(_, let error): throw error
        }
    }

    struct Unexpected: Error {
        var reason: String
    }

    /// Returns the id of one generation, without Keystone and so without a project.
    func id(_ generation: Int = 0) -> String {
        ImageIdentity.imageID(of: Sample.source("a"), project: "", generation: generation)
    }

    /// Returns a transfer whose record is at the target, in some state.
    func begun(
        _ state: TransferState, _ fields: [String: JSONValue]? = nil
    ) -> Transfer {
        let transfer = Sample.transfer("a", state: state, imageID: id())
        if let fields { putOurs(fields) }
        return transfer
    }

    /// Adds a record that carries the marker of transfer `a`.
    func putOurs(_ fields: [String: JSONValue], generation: Int = 0) {
        glance.put(
            id(generation),
            fields.merging([
                Origin.propertyName: .string(Sample.origin(of: "a").propertyValue)
            ]) { $1 })
    }
}
