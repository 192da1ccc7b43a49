// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import ImageUploaders
import MigrationModel
import MigrationPipeline
import TaskWaiters

/// The waiter together with the uploader that sends its requests, as in the pipeline.
struct ImportFollower {
    let waiter: ImportWaiter
    let uploader: CloudUploader
    let fetchable: Fetchable

    init(
        _ glance: GlanceServer, url: String, now: @escaping @Sendable () -> Int64
    ) {
        waiter = ImportWaiter(service: glance.service, now: now, jitter: { 0.5 })
        uploader = CloudUploader(targetKey: "beta", service: glance.service, now: now)
        fetchable = .openURL(Secret(url))
    }

    /// Performs one look, and the request that it requires.
    func look(_ given: Transfer) async throws(TranshipError) -> Outcome {
        let (need, transfer): (ImportNeed, Transfer)
        switch try await waiter.look(given) {
        case .outcome(let outcome): return outcome
        case .needs(let found, let next): (need, transfer) = (found, next)
        }
        var refusal: TranshipError?
        do {
            try await uploader.request(need, for: transfer, from: fetchable)
        } catch {
            refusal = error
        }
        return try await waiter.requested(need, for: transfer, refusal: refusal)
    }
}
