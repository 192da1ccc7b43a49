// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel
public import MigrationPipeline

/// Picks the method by which image data gets into a target, and says why.
///
/// Pure. The service moves the bytes itself only where its result can be proved
/// afterwards: the promise must be in an algorithm that the target reports.
/// Otherwise the bytes pass through us, where they can be hashed.
public struct Negotiation: Sendable {
    /// What matters of a source.
    public struct Origin: Sendable, Hashable {
        public var fetchable: Fetchable
        public var promise: Checksum?

        public init(_ fetchable: Fetchable, promise: Checksum?) {
            self.fetchable = fetchable
            self.promise = promise
        }
    }

    public struct Choice: Sendable, Hashable {
        public var method: UploadMethod
        /// What is used when it fails, best first.
        public var fallbacks: [UploadMethod] = []
        public var reason: PlanReason
    }

    let offer: TargetOffer
    let stores: PlannedRecord.Stores

    public init(offer: TargetOffer, stores: PlannedRecord.Stores) {
        self.offer = offer
        self.stores = stores
    }

    /// The method of `auto`.
    public func choose(for origin: Origin) -> Choice {
        switch origin.fetchable {
        case .nothing(let reason): ours(reason)
        case .openURL: serverSide(.webDownload, origin)
        case .siblingImage: serverSide(.glanceDownload, origin)
        }
    }

    /// Checks a method that the pipeline names.
    ///
    /// - Throws: ``TranshipError/Code/refused`` if the target does not offer it or
    ///   cannot do it, or if it cannot read such a source.
    public func check(
        _ method: UploadMethod, for origin: Origin
    ) throws(TranshipError) -> Choice {
        let named = "`method: \(method.rawValue)`"
        if method.isImport, !offer.hasProjects {
            throw TranshipError(
                .refused,
                "\(named) is an import, and without Keystone an import has no owner: "
                    + "the target answers 500 to it",
                hint: "use method: auto or upload")
        }
        if method.isImport, !offer.importMethods.isEmpty,
            !offer.importMethods.contains(method.rawValue)
        {
            throw TranshipError(
                .refused,
                "\(named) is not offered by the target, only "
                    + offer.importMethods.joined(separator: ", "),
                hint: "use method: auto, or one that it offers")
        }
        let changed: [Fetchable] = [.nothing(.dataIsDecompressed), .nothing(.dataIsConverted)]
        guard !method.isServerSide || !changed.contains(origin.fetchable) else {
            throw TranshipError(
                .refused, "\(named) would store the data as it is published",
                hint: "use method: auto, or remove `decompress` and `convert`")
        }
        guard origin.fetchable.suits(method) else {
            throw TranshipError(
                .refused,
                method == .webDownload
                    ? "\(named) reads URLs that need no password, header or query"
                    : "\(named) reads images of another region of the target's Keystone",
                hint: "use method: auto")
        }
        guard method.isServerSide, !isComparable(origin) else {
            return Choice(method: method, reason: .namedByPipeline)
        }
        return Choice(
            method: method,
            reason: origin.promise == nil
                ? .namedByPipelineUnproved : .namedByPipelineReadBack(digests(origin)))
    }

    // MARK: Parts

    private func serverSide(_ method: UploadMethod, _ origin: Origin) -> Choice {
        guard offer.importMethods.contains(method.rawValue) else {
            return ours(.methodNotOffered(method))
        }
        guard offer.hasProjects else {
            return ours(.importsNeedKeystone)
        }
        guard let promise = origin.promise else { return ours(.nothingPromisedToCompare) }
        guard isComparable(origin) else { return ours(.digestsDiffer(digests(origin))) }
        let reason = PlanReason.targetFetches(provedBy: promise.algorithm)
        return Choice(method: method, fallbacks: [ours(reason).method], reason: reason)
    }

    /// The bytes pass through this process, with an import if several stores are
    /// wanted.
    private func ours(_ reason: PlanReason) -> Choice {
        if stores.areSeveral, offer.hasProjects,
            offer.importMethods.contains(UploadMethod.glanceDirect.rawValue)
        {
            return Choice(method: .glanceDirect, reason: .fillsSeveralStores(reason))
        }
        return Choice(method: .upload, reason: reason)
    }

    private func isComparable(_ origin: Origin) -> Bool {
        guard let promise = origin.promise else { return false }
        return offer.reportedAlgorithms.contains(promise.algorithm)
    }

    private func digests(_ origin: Origin) -> PlanReason.Digests {
        PlanReason.Digests(
            promised: origin.promise?.algorithm, reported: offer.reportedAlgorithms)
    }
}
