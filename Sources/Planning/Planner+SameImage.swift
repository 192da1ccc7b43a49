// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline

/// Finds the version under which an image of a cloud or of an archive was copied before its source
/// changed the set of checksums that it reports.
///
/// The data of such an image never changes, but its checksums do: Glance computes them in the
/// background, an upgrade adds a stronger one, and Images API v1 reports MD5 only. The data stays
/// the same version, so it must keep the fingerprint from which the ids of its copies are derived.
extension Planner {
    /// Returns the comparisons with the versions that were copied. Reads the journal once for all
    /// of them, and again only for an image that was copied under another fingerprint.
    func asCopied(_ given: [PlanComparison]) async throws(TranshipError) -> [PlanComparison] {
        let new = given.indices.filter { index in
            let comparison = given[index]
            return comparison.transfer == nil && comparison.item.refusal == nil
                && comparison.item.source.imageID != nil
        }
        guard !new.isEmpty else { return given }
        let known = try await journal.knownLineages(
            among: Set(new.map { given[$0].item.origin.lineageID }))
        var comparisons = given
        for index in new where known.contains(given[index].item.origin.lineageID) {
            guard let item = try await asCopied(given[index].item),
                var comparison = try await plan.newComparisons(of: [item], in: journal).first
            else { continue }
            comparison.takeNewPromise()
            comparisons[index] = comparison
        }
        return comparisons
    }

    /// Returns the item with the fingerprint of the version that was copied; nil if its data is
    /// new, or if it has that fingerprint already.
    private func asCopied(_ given: PlanItem) async throws(TranshipError) -> PlanItem? {
        let transfers = try await journal.transfersWithRecord(
            ofLineage: given.origin.lineageID
        ).filter { $0.source.keyWithoutAlias == given.source.keyWithoutAlias }
        // A copy at the same target comes first, so that it stays the only one there.
        var candidates =
            (transfers.filter { $0.targetKey == given.targetKey }
            + transfers.filter { $0.targetKey != given.targetKey })
            .map { SameVersion.Candidate($0, among: transfers) }
        if !candidates.contains(where: { $0.hasData(of: given.source) == true }),
            candidates.contains(where: { $0.hasData(of: given.source) == nil })
        {
            try await addReports(to: &candidates, given.origin.lineageID)
        }
        guard let same = SameVersion.copy(of: given.source, among: candidates),
            same.version.fingerprint != given.source.fingerprint
        else { return nil }
        var item = given
        item.intent.source.fingerprint = same.version.fingerprint
        let project = item.record.ownerID ?? target(item.targetKey)?.opened.projectID ?? ""
        item.intent.origin = ImageIdentity.origin(of: item.source, project: project)
        item.firstImageID = ImageIdentity.imageID(
            of: item.source, project: project, generation: 0, keptID: item.record.keptID)
        return item
    }
}

extension SameVersion {
    /// Returns the copied version with the data of an image that has an id at its source; nil if
    /// there is none.
    ///
    /// - Parameter candidates: the versions of this image, the preferred one first.
    static func copy(of image: SourceImage, among candidates: [Candidate]) -> Candidate? {
        candidates.first { $0.hasData(of: image) == true }
            ?? candidates.first { $0.hasData(of: image) == nil && $0.isSameRecord(as: image) }
    }
}

extension SameVersion.Candidate {
    /// True if a digest shows that the version has the data of the image, false if a digest shows
    /// that it has other data; nil if no digest can be compared.
    func hasData(of image: SourceImage) -> Bool? {
        switch Checksum.compare(self.image.checksums + certain, with: image.checksums) {
        case .same: true
        case .other: false
        case .incomparable: image.checksums.contains(where: reported.contains) ? true : nil
        }
    }

    /// True if the version is of the same record at the source. An Image service gives out an id
    /// once, and the data of an active image does not change. A service that forgot its deleted
    /// images may give out an id again, but the time of creation then differs.
    fileprivate func isSameRecord(as image: SourceImage) -> Bool {
        guard let size = image.sizeBytes, size == self.image.sizeBytes else { return false }
        guard let time = image.createdAtUnixSeconds, let before = self.image.createdAtUnixSeconds
        else { return true }
        return time == before
    }
}

extension PlanComparison {
    /// Gives an unfinished copy the promise that the source makes now.
    fileprivate mutating func takeNewPromise() {
        guard let state = transfer?.state, let promise = item.promise else { return }
        switch state {
        case .done, .skipped, .unpublished, .publishing: break
        case .planned, .reading, .read, .registered, .sending, .importing, .verifying, .failed:
            transfer?.proof.promised = promise
        }
    }
}
