// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline

/// Finds out whether data with a new promise belongs to a version that was copied already.
///
/// A publisher adds a list in another algorithm or leaves a checksum out, or an operator names
/// another list or another mirror. The data stays the same, and so must its key and fingerprint,
/// from which the ids of copies are derived. Pure.
struct SameVersion {
    /// The facts from which the ids of a version's copies are derived.
    struct Identity: Hashable {
        /// As in ``SourceImage/identityKey``.
        var key: String
        /// As in ``SourceImage/fingerprint``.
        var fingerprint: String

        init(_ image: SourceImage) {
            (key, fingerprint) = (image.identityKey, image.fingerprint)
        }
    }

    /// A version that was copied, and the known facts about its data as its source publishes it.
    struct Candidate {
        let image: SourceImage
        /// The version that the copy belongs to. It differs from the image's if the data turned out
        /// to be that of an earlier version.
        let version: Identity
        /// True if the version has no copy of its own.
        let isAlias: Bool
        /// Digests that the data certainly has, or that were promised and proved.
        var certain: [Checksum]
        /// Digests that a target reports: they are of the same data, unless the target converted
        /// it.
        var reported: [Checksum]

        /// - Parameter all: all transfers of the lineage, to find the version with the same data.
        init(_ transfer: Transfer, among all: [Transfer]) {
            image = transfer.source
            isAlias = transfer.sameData != nil
            var version = Identity(image)
            if let same = transfer.sameData {
                version.fingerprint = same.fingerprint
                // Without the journal's knowledge of that version, the place is the same.
                let original = all.first { $0.origin.versionID == same.versionID }
                version.key = original?.source.identityKey ?? version.key
            }
            self.version = version
            let proof = transfer.proof
            certain = [transfer.source.promise].compactMap(\.self)
            reported = []
            if image.published != nil {
                certain += [proof.published?.checksum].compactMap(\.self)
            } else {
                certain += proof.computed
                reported = proof.reported
            }
        }
    }

    /// The image that the source offers now.
    let image: SourceImage
    let look: Upstream.Look?
    /// The facts that the last plan found.
    let known: Upstream?
    /// True if the pipeline file itself says the checksum: only data that has it is the same then.
    var isPromisedByHand = false
    /// True if no other source has versions of the series: then a version at another address was
    /// copied before the source moved.
    var isOnlySource = false

    /// Returns the copied version that this data belongs to; nil if the version is new, or if
    /// nothing identifies it.
    ///
    /// - Parameter candidates: the newest first.
    func version(among candidates: [Candidate]) -> Identity? {
        let own = candidates.filter { Self.isOfOnePlace($0.image, image) }
        let named = own.filter { $0.image.fingerprint == image.fingerprint }
        if let alias = named.first, named.allSatisfy(\.isAlias) { return alias.version }
        guard named.isEmpty else { return nil }
        if let same = own.first(where: hasPromise) { return same.version }
        if let same = own.first(where: isUnchanged) { return same.version }
        guard isOnlySource else { return nil }
        // ETag, time and size prove nothing at another address.
        return candidates.first { Self.mayBeOne($0.image, image) && hasPromise($0) }?.version
    }

    private func hasPromise(_ candidate: Candidate) -> Bool {
        image.promise.map { (candidate.certain + candidate.reported).contains($0) } ?? false
    }

    /// True if the ids differ only in the fingerprint, and the data is sent in the same way.
    static func isOfOnePlace(_ one: SourceImage, _ other: SourceImage) -> Bool {
        one.identityKey == other.identityKey && isSentAlike(one, other)
    }

    /// True if both may be one version of a source that moved: the data is sent in the same way,
    /// and they do not state different versions.
    static func mayBeOne(_ one: SourceImage, _ other: SourceImage) -> Bool {
        isSentAlike(one, other)
            && (one.version == nil || other.version == nil || one.version == other.version)
    }

    private static func isSentAlike(_ one: SourceImage, _ other: SourceImage) -> Bool {
        one.published?.compression == other.published?.compression
            && one.published?.conversion?.format == other.published?.conversion?.format
    }

    /// True if no digest can be compared, and the source shows that its data is unchanged since the
    /// last look.
    private func isUnchanged(_ candidate: Candidate) -> Bool {
        if isPromisedByHand { return false }
        if let promise = image.promise,
            candidate.certain.contains(where: { $0.algorithm == promise.algorithm })
        {
            return false
        }
        if let time = image.seen?.changedAt {
            let before = candidate.image
            // If an operator writes a checksum beside our file, the data has to be compared with
            // it.
            return image.promise == nil && before.promise != nil
                && time == before.seen?.changedAt
                && image.sizeAtSourceBytes == before.sizeAtSourceBytes
        }
        guard let known, let before = known.look, let look,
            known.fingerprint == candidate.image.fingerprint,
            before.image.identityKey == image.identityKey,
            before.image.promise?.algorithm != image.promise?.algorithm,
            before.image.sizeAtSourceBytes == image.sizeAtSourceBytes
        else { return false }
        if let eTag = SeenVersion.tag(look.eTag, besides: look.lastModified),
            eTag == before.eTag
        {
            return true
        }
        guard let time = SeenVersion.time(look.lastModified), image.sizeAtSourceBytes != nil else {
            return false
        }
        return time == before.lastModified
    }
}

extension Planner {
    /// True if ``continued(_:_:_:)`` may find the version of the image among those of its series.
    func mayBeContinued(_ listed: ListedImage) -> Bool {
        listed.series != nil && listed.refusal == nil && listed.image.imageID == nil
    }

    /// Returns the image as a version that was copied, if its data is the same and only the promise
    /// or the address differs.
    func continued(
        _ given: ListedImage, _ lineageID: String, _ known: Upstream?
    ) async throws(TranshipError) -> ListedImage {
        guard mayBeContinued(given) else { return given }
        let transfers = try await journal.provedTransfers(ofLineage: lineageID)
        var candidates = transfers.map { SameVersion.Candidate($0, among: transfers) }
        let isNew = known?.fingerprint != given.image.fingerprint
        let isOnlySource = given.series?.allowsSeveral == false
        guard
            candidates.contains(where: { candidate in
                isNew || candidate.isAlias
                    || isOnlySource && candidate.version.key != given.image.identityKey
            })
        else { return given }
        try await addReports(to: &candidates, lineageID)
        // The promise that the last plan used for one of the candidates.
        if let known, let image = known.look?.image, let promise = image.promise {
            for index in candidates.indices
            where candidates[index].image.fingerprint == known.fingerprint
                && candidates[index].image.identityKey == image.identityKey
            {
                candidates[index].certain.append(promise)
            }
        }
        let same = SameVersion(
            image: given.image, look: given.upstream?.look, known: known,
            isPromisedByHand: given.isPromisedByHand, isOnlySource: isOnlySource)
        guard let version = same.version(among: candidates) else { return given }
        var listed = given
        listed.image.become(version)
        listed.upstream?.look?.image.become(version)
        return listed
    }

    /// Adds the checksums that the targets report for the copies now.
    func addReports(
        to candidates: inout [SameVersion.Candidate], _ lineageID: String
    ) async throws(TranshipError) {
        for target in targets {
            let copies = try await plan.copies(
                ofLineage: lineageID, at: target.opened.key, in: journal)
            for copy in copies {
                guard let source = copy.transfer?.source, source.published == nil,
                    copy.image.isWhole
                else { continue }
                for index in candidates.indices
                where SameVersion.Identity(candidates[index].image) == .init(source) {
                    candidates[index].reported += copy.image.checksums
                }
            }
        }
    }
}

extension SourceImage {
    /// Takes the key and the fingerprint of a version with the same data.
    fileprivate mutating func become(_ version: SameVersion.Identity) {
        fingerprint = version.fingerprint
        firstKey = version.key == keyWithoutAlias ? nil : version.key
    }
}
