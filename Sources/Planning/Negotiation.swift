// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel
public import MigrationPipeline

/// Picks the method by which image data gets into a target, with the reason.
///
/// Pure. The service moves the bytes itself only if its result can be proved afterwards: the
/// promise must be in an algorithm that the target reports. Otherwise the bytes pass through
/// Tranship, which hashes them. If two methods can be proved, picks the one with the lower
/// estimated time. A change from the last used method has to save a fifth of the time, so that
/// plans do not waver.
public struct Negotiation: Sendable {
    /// The facts of a source that matter for the choice.
    public struct Origin: Sendable, Hashable {
        public var fetchable: Fetchable
        public var promise: Checksum?
        /// The size of the data that the target gets; nil if the source does not state it.
        public var sizeBytes: Int64?
        /// The endpoint under which earlier runs measured the source.
        public var endpoint: String

        public init(
            _ fetchable: Fetchable, promise: Checksum?, sizeBytes: Int64? = nil,
            endpoint: String = ""
        ) {
            self.fetchable = fetchable
            self.promise = promise
            self.sizeBytes = sizeBytes
            self.endpoint = endpoint
        }
    }

    public struct Choice: Sendable, Hashable {
        public var method: UploadMethod
        /// The methods to use if the first one fails, best first.
        public var fallbacks: [UploadMethod] = []
        public var reason: PlanReason
    }

    let offer: TargetOffer
    let stores: PlannedRecord.Stores
    let costs: MethodCosts
    let endpoint: String

    /// Percentage of the last method's time below which another method replaces it.
    private static let changePercent: Int64 = 80

    /// - Parameter endpoint: the endpoint under which earlier runs measured the target.
    public init(
        offer: TargetOffer, stores: PlannedRecord.Stores, costs: MethodCosts = .init(),
        endpoint: String = ""
    ) {
        self.offer = offer
        self.stores = stores
        self.costs = costs
        self.endpoint = endpoint
    }

    /// Picks the method for `auto`.
    ///
    /// - Parameter saved: the method of a saved plan, which is picked if it is still possible.
    public func choose(for origin: Origin, saved: UploadMethod? = nil) -> Choice {
        switch origin.fetchable {
        case .nothing(let reason): ours(reason)
        case .openURL: cheaper(.webDownload, origin, saved)
        case .siblingImage: cheaper(.glanceDownload, origin, saved)
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

    /// Returns the cheaper one of the target's own method and ours.
    private func cheaper(
        _ method: UploadMethod, _ origin: Origin, _ saved: UploadMethod?
    ) -> Choice {
        guard offer.importMethods.contains(method.rawValue) else {
            return ours(.methodNotOffered(method))
        }
        guard offer.hasProjects else {
            return ours(.importsNeedKeystone)
        }
        guard let promise = origin.promise else { return ours(.nothingPromisedToCompare) }
        guard isComparable(origin) else { return ours(.digestsDiffer(digests(origin))) }
        let own = ours(.methodOfSavedPlan).method
        func choice(_ chosen: UploadMethod, _ reason: PlanReason) -> Choice {
            chosen == method
                ? Choice(method: method, fallbacks: [own], reason: reason) : ours(reason)
        }
        if let saved, [method, own].contains(saved) { return choice(saved, .methodOfSavedPlan) }
        if costs.isSmall(origin.sizeBytes) {
            return ours(.imageIsSmall(belowBytes: costs.smallBytes))
        }
        let (fetching, sending) = (
            costs.estimate(method, from: origin.endpoint, to: endpoint),
            costs.estimate(own, from: origin.endpoint, to: endpoint)
        )
        let before =
            costs.last(of: [method, own], from: origin.endpoint, to: endpoint)
            ?? costs.first(of: own, method)
        let (stay, change) = before == method ? (fetching, sending) : (sending, fetching)
        if change.millisecondsPerGiB.clampedProduct(100)
            > stay.millisecondsPerGiB.clampedProduct(Self.changePercent)
        {
            guard stay.millisecondsPerGiB <= change.millisecondsPerGiB else {
                return choice(stay.method, .methodStays([stay, change]))
            }
            return choice(stay.method, faster(stay, change, promise))
        }
        return choice(change.method, faster(change, stay, promise))
    }

    private func faster(
        _ chosen: MethodEstimate, _ other: MethodEstimate, _ promise: Checksum
    ) -> PlanReason {
        chosen.method.isServerSide
            ? .targetFetchesFaster(provedBy: promise.algorithm, [chosen, other])
            : .sendingIsFaster([chosen, other])
    }

    /// Returns a method that passes the bytes through this process: an import if the pipeline wants
    /// several stores.
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
