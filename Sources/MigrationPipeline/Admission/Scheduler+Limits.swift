// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
public import MigrationModel

extension Scheduler {
    /// The limits on what runs at once.
    public struct Limits: Sendable {
        /// Images whose data moves at once; an upper bound if ``isAutomatic``.
        public var images: Int
        /// True if the scheduler finds the number for each Image service.
        public var isAutomatic: Bool
        /// The numbers that an earlier run found, by the endpoint of the Image service.
        public var experience: [String: PaceExperience]
        /// The maximum number of images that are looked at, compared or published at once.
        public var small: Int
        public var retries: RetryPolicy

        public init(
            images: Int, isAutomatic: Bool = false, experience: [String: PaceExperience] = [:],
            small: Int = 16, retries: RetryPolicy
        ) {
            precondition(images > 0 && small > 0, "a limit that lets nothing through")
            self.images = images
            self.isAutomatic = isAutomatic
            self.experience = experience
            self.small = small
            self.retries = retries
        }
    }

    /// The lowest limit of each endpoint that has one.
    static func lowest(_ limits: [(endpoint: String, images: Int?)]) -> [String: Int] {
        limits.reduce(into: [:]) { lowest, limit in
            guard let images = limit.images else { return }
            lowest[limit.endpoint] = min(images, lowest[limit.endpoint] ?? images)
        }
    }

    /// Decides which due transfers may start now.
    struct Admission {
        let movesData: Bool
        var busy: [Int64: Busy]
        /// Targets and sources that are full now.
        var fullTargets: Set<String>
        var fullSources: Set<Int> = []

        var refusals: Int { fullTargets.count + fullSources.count }
    }

    /// Returns true if every limit and every endpoint allows the transfer to start. If not, records
    /// the target or source that is full.
    func admits(
        _ transfer: Transfer, _ run: Run, _ admission: inout Admission, at now: Int64
    ) async throws(TranshipError) -> Bool {
        if admission.movesData {
            guard try await targetAdmits(transfer, run, admission.busy) else {
                admission.fullTargets.insert(transfer.targetKey)
                return false
            }
            guard try await sourceAdmits(transfer, run, admission.busy) else {
                admission.fullSources.insert(transfer.source.sourceIndex)
                return false
            }
        }
        // This check is last because it makes this transfer the probe of the endpoint.
        guard isCutOff(transfer), !endpointsAdmit(transfer, at: now) else { return true }
        if isOpen(targetEndpoint(of: transfer)) {
            admission.fullTargets.insert(transfer.targetKey)
        } else {
            admission.fullSources.insert(transfer.source.sourceIndex)
        }
        return false
    }

    /// Returns true if the transfer's source allows one more reader. An image that a target's
    /// service fetches counts until its import ends.
    func sourceAdmits(
        _ transfer: Transfer, _ run: Run, _ busy: [Int64: Busy]
    ) async throws(TranshipError) -> Bool {
        let endpoint = sourceEndpoint(of: transfer)
        guard let limit = sourceLimits[endpoint] else { return true }
        let sources = Set(
            stages.sources.indices.filter { stages.sources[$0].endpoint == endpoint })
        let reading = busy.values.count { $0.movesData && sources.contains($0.sourceIndex) }
        guard reading < limit else { return false }
        let fetched = try await journal.fetching(run: run, fromSources: sources)
        return reading + fetched < limit
    }

    /// Returns true if the target's limits allow one more image.
    func targetAdmits(
        _ transfer: Transfer, _ run: Run, _ busy: [Int64: Busy]
    ) async throws(TranshipError) -> Bool {
        guard let target = try? stages.target(of: transfer) else { return true }
        let limit = target.limits
        let here = busy.values.filter { $0.movesData && $0.targetKey == transfer.targetKey }
        let movingHere = moving(busy.values, to: target.endpoint)
        guard movingHere < targetLimits[target.endpoint] ?? .max,
            paceAdmits(target.endpoint, moving: movingHere)
        else { return false }
        guard limit.uploading != nil || limit.stagedBytes != nil else { return true }
        let load = try await journal.load(run: run, targetKey: transfer.targetKey)
        if let uploading = limit.uploading, here.count + load.importing >= max(1, uploading) {
            return false
        }
        if let most = limit.stagedBytes, transfer.method.isImport {
            // An image that is larger than the quota goes alone, so that the service decides.
            let staged = here.reduce(load.stagedBytes) { $0.clampedSum($1.stagedBytes) }
            return staged == 0 || staged.clampedSum(transfer.source.sizeBytes ?? 0) <= most
        }
        return true
    }
}
