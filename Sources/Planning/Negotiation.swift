// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel

/// Picks the method by which image data gets into a target, and says why.
///
/// Pure. The service moves the bytes itself only where its result can be proved
/// afterwards: the promise must be in an algorithm that the target reports.
/// Otherwise the bytes pass through us, where they can be hashed.
public struct Negotiation: Sendable {
    /// What matters of a source.
    public struct Origin: Sendable, Hashable {
        public enum Kind: Sendable, Hashable {
            case file
            /// Open: readable by anybody, without headers, password or query.
            case url(isOpen: Bool)
            /// `sibling`: another region of the target's Keystone.
            case cloud(isSibling: Bool)
        }

        public var kind: Kind
        public var promise: Checksum?

        public init(_ kind: Kind, promise: Checksum?) {
            self.kind = kind
            self.promise = promise
        }
    }

    public struct Choice: Sendable, Hashable {
        public var method: UploadMethod
        /// What is used when it fails, best first.
        public var fallbacks: [UploadMethod] = []
        public var reason: String
    }

    let offer: TargetOffer
    let stores: PlannedRecord.Stores

    public init(offer: TargetOffer, stores: PlannedRecord.Stores) {
        self.offer = offer
        self.stores = stores
    }

    /// The method of `auto`.
    public func choose(for origin: Origin) -> Choice {
        switch origin.kind {
        case .file: return ours("the file is here")
        case .url(isOpen: false):
            return ours("the URL takes a password, a header or a query, which stay here")
        case .url(isOpen: true):
            return serverSide(.webDownload, origin)
        case .cloud(isSibling: true):
            return serverSide(.glanceDownload, origin)
        case .cloud(isSibling: false):
            return ours("source and target share no Keystone")
        }
    }

    /// A method that the pipeline names.
    ///
    /// - Throws: ``TranshipError/Code/refused`` when the target does not offer
    ///   it or cannot do it, or when it cannot read such a source.
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
        let isPossible =
            switch (method, origin.kind) {
            case (.webDownload, .url(let isOpen)): isOpen
            case (.webDownload, _): false
            case (.glanceDownload, .cloud(let isSibling)): isSibling
            case (.glanceDownload, _): false
            default: true
            }
        guard isPossible else {
            throw TranshipError(
                .refused,
                method == .webDownload
                    ? "\(named) reads URLs that need no password, header or query"
                    : "\(named) reads images of another region of the target's Keystone",
                hint: "use method: auto")
        }
        guard method.isServerSide, !isComparable(origin) else {
            return Choice(method: method, reason: "named by the pipeline")
        }
        return Choice(
            method: method,
            reason: origin.promise == nil
                ? "named by the pipeline; nothing is promised, so nothing can prove the result"
                : "named by the pipeline; \(incomparable(origin)), so it is read back for proof")
    }

    // MARK: Parts

    private func serverSide(_ method: UploadMethod, _ origin: Origin) -> Choice {
        guard offer.hasProjects else {
            return ours("without Keystone an import has no owner, and the target fails it")
        }
        guard offer.importMethods.contains(method.rawValue) else {
            return ours("the target does not offer \(method.rawValue)")
        }
        guard origin.promise != nil else {
            return ours("nothing is promised, so only bytes that pass here can be hashed")
        }
        guard isComparable(origin) else {
            return ours("\(incomparable(origin)), so only bytes that pass here can be proved")
        }
        let algorithm = origin.promise?.algorithm.rawValue ?? ""
        return Choice(
            method: method, fallbacks: [ours("").method],
            reason: "the target fetches it itself, and its \(algorithm) proves the result")
    }

    /// The bytes pass through us: an import where several stores are wanted.
    private func ours(_ reason: String) -> Choice {
        if stores.areSeveral, offer.hasProjects,
            offer.importMethods.contains(UploadMethod.glanceDirect.rawValue)
        {
            return Choice(
                method: .glanceDirect, reason: "\(reason); one import fills several stores")
        }
        return Choice(method: .upload, reason: reason)
    }

    private func isComparable(_ origin: Origin) -> Bool {
        guard let promise = origin.promise else { return false }
        return offer.reportedAlgorithms.contains(promise.algorithm)
    }

    private func incomparable(_ origin: Origin) -> String {
        let reported = offer.reportedAlgorithms.map(\.rawValue).joined(separator: " and ")
        return "the source promises \(origin.promise?.algorithm.rawValue ?? "nothing") "
            + "and the target reports \(reported)"
    }
}
