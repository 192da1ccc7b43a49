// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline

/// Finds out whether data with a new promise belongs to a version that was copied already.
///
/// A publisher adds a list in another algorithm or leaves a checksum out, or an operator names
/// another list. The data stays the same, and so must its fingerprint, from which the ids of copies
/// are derived. Pure.
struct SameVersion {
    /// A version that was copied, and the known facts about its data as its source publishes it.
    struct Candidate {
        let image: SourceImage
        /// The fingerprint of the version that the copy belongs to. It differs from the image's if
        /// the data turned out to be that of an earlier version.
        let fingerprint: String
        /// True if the version has no copy of its own.
        let isAlias: Bool
        /// Digests that the data certainly has, or that were promised and proved.
        var certain: [Checksum]
        /// Digests that a target reports: they are of the same data, unless the target converted
        /// it.
        var reported: [Checksum]

        init(_ transfer: Transfer) {
            image = transfer.source
            fingerprint = transfer.sameData?.fingerprint ?? image.fingerprint
            isAlias = transfer.sameData != nil
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

    /// Returns the fingerprint of the copied version that this data belongs to; nil if the version
    /// is new, or if nothing identifies it.
    ///
    /// - Parameter candidates: the newest first.
    func fingerprint(among candidates: [Candidate]) -> String? {
        let own = candidates.filter { Self.isOfOnePlace($0.image, image) }
        let named = own.filter { $0.image.fingerprint == image.fingerprint }
        if let alias = named.first, named.allSatisfy(\.isAlias) { return alias.fingerprint }
        guard named.isEmpty else { return nil }
        if let promise = image.promise,
            let same = own.first(where: { ($0.certain + $0.reported).contains(promise) })
        {
            return same.fingerprint
        }
        return own.first(where: isUnchanged)?.fingerprint
    }

    /// True if the ids differ only in the fingerprint, and the data is sent in the same way.
    static func isOfOnePlace(_ one: SourceImage, _ other: SourceImage) -> Bool {
        one.keyWithoutAlias == other.keyWithoutAlias
            && one.published?.compression == other.published?.compression
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
            before.image.keyWithoutAlias == image.keyWithoutAlias,
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

    /// Returns the image with the fingerprint of a version that was copied, if its data is the same
    /// and only the promise differs.
    func continued(
        _ given: ListedImage, _ lineageID: String, _ known: Upstream?
    ) async throws(TranshipError) -> ListedImage {
        guard mayBeContinued(given) else { return given }
        var candidates = try await journal.provedTransfers(ofLineage: lineageID)
            .map(SameVersion.Candidate.init)
        let isNew = known?.fingerprint != given.image.fingerprint
        guard candidates.contains(where: { isNew || $0.isAlias }) else { return given }
        try await addReports(to: &candidates, lineageID)
        // The promise that the last plan used for one of the candidates.
        if let known, let promise = known.look?.image.promise {
            for index in candidates.indices
            where candidates[index].image.fingerprint == known.fingerprint {
                candidates[index].certain.append(promise)
            }
        }
        let same = SameVersion(
            image: given.image, look: given.upstream?.look, known: known,
            isPromisedByHand: given.isPromisedByHand)
        guard let fingerprint = same.fingerprint(among: candidates) else { return given }
        var listed = given
        listed.image.fingerprint = fingerprint
        listed.upstream?.look?.image.fingerprint = fingerprint
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
                where candidates[index].image.fingerprint == source.fingerprint {
                    candidates[index].reported += copy.image.checksums
                }
            }
        }
    }
}
