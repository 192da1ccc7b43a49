// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel

extension Scheduler {
    /// How many of what at once.
    public struct Limits: Sendable {
        /// Images whose data moves.
        public var images: Int
        /// Images that are looked at, compared or published.
        public var small: Int
        public var retries: RetryPolicy
        /// What single targets allow, by target key.
        public var targets: [String: TargetLimits]
        /// What single sources allow, by their index in the pipeline.
        public var sources: [Int: PlaceLimit]
        /// The services behind sources and targets.
        public var endpoints: Endpoints

        public init(
            images: Int, small: Int = 16, retries: RetryPolicy,
            targets: [String: TargetLimits] = [:], sources: [Int: PlaceLimit] = [:],
            endpoints: Endpoints = .init()
        ) {
            precondition(images > 0 && small > 0, "a limit that lets nothing through")
            self.images = images
            self.small = small
            self.retries = retries
            self.targets = targets
            self.sources = sources
            self.endpoints = endpoints
        }
    }

    /// How many images at most are read at once from one place, or written to
    /// it. A place is an Image service, a host or this machine; the sources, or
    /// the targets, that lead to one place name it alike and share its count.
    public struct PlaceLimit: Sendable, Hashable {
        public var place: String
        public var images: Int

        public init(place: String, images: Int) {
            precondition(images > 0, "a limit that lets nothing through")
            self.place = place
            self.images = images
        }
    }

    /// What one target allows; nil is no limit.
    public struct TargetLimits: Sendable, Hashable {
        /// Images whose data moves: the pipeline's own wish.
        public var images: PlaceLimit?
        /// Images that are being uploaded or imported: `image_count_uploading`.
        public var uploading: Int?
        /// Bytes in the staging area: `image_stage_total`.
        public var stagedBytes: Int64?

        public init(
            images: PlaceLimit? = nil, uploading: Int? = nil, stagedBytes: Int64? = nil
        ) {
            self.images = images
            self.uploading = uploading
            self.stagedBytes = stagedBytes
        }
    }

    /// What one look at the due transfers may still start.
    struct Admission {
        let movesData: Bool
        var busy: [Int64: Busy]
        /// Targets and sources that take nothing more now.
        var fullTargets: Set<String>
        var fullSources: Set<Int> = []

        var refusals: Int { fullTargets.count + fullSources.count }
    }

    /// True when every limit and every endpoint lets the transfer start; notes
    /// which place does not.
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
        // Last, as it makes this one the one that looks.
        guard isCutOff(transfer), !endpointsAdmit(transfer, at: now) else { return true }
        if isOpen(limits.endpoints.target(transfer)) {
            admission.fullTargets.insert(transfer.targetKey)
        } else {
            admission.fullSources.insert(transfer.source.sourceIndex)
        }
        return false
    }

    /// True when what the transfer reads from may be read by one more. What a
    /// target fetches by itself counts as long as it is imported.
    func sourceAdmits(
        _ transfer: Transfer, _ run: Run, _ busy: [Int64: Busy]
    ) async throws(TranshipError) -> Bool {
        guard let limit = limits.sources[transfer.source.sourceIndex] else { return true }
        let reading = busy.values.count {
            $0.movesData && limits.sources[$0.sourceIndex]?.place == limit.place
        }
        guard reading < limit.images else { return false }
        let sources = limits.sources.filter { $0.value.place == limit.place }
        let fetched = try await journal.fetching(run: run, fromSources: Set(sources.keys))
        return reading + fetched < limit.images
    }

    /// True when the target's own limits leave room for one more.
    func targetAdmits(
        _ transfer: Transfer, _ run: Run, _ busy: [Int64: Busy]
    ) async throws(TranshipError) -> Bool {
        guard let limit = limits.targets[transfer.targetKey] else { return true }
        let here = busy.values.filter { $0.movesData && $0.targetKey == transfer.targetKey }
        let moving = here.count
        if let images = limit.images {
            let sharing = busy.values.count {
                $0.movesData && limits.targets[$0.targetKey]?.images?.place == images.place
            }
            if sharing >= images.images { return false }
        }
        guard limit.uploading != nil || limit.stagedBytes != nil else { return true }
        let load = try await journal.load(run: run, targetKey: transfer.targetKey)
        if let uploading = limit.uploading, moving + load.importing >= max(1, uploading) {
            return false
        }
        if let most = limit.stagedBytes, transfer.method.isImport {
            // One that is too large for the quota goes alone: the service has
            // the last word.
            let staged = here.reduce(load.stagedBytes) { $0.clampedSum($1.stagedBytes) }
            return staged == 0 || staged.clampedSum(transfer.source.sizeBytes ?? 0) <= most
        }
        return true
    }
}
