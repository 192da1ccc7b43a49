// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline

/// New versions whose data may turn out to be known.
///
/// A server may stamp each answer with its own time, and each mirror of a pool has ETags and times of
/// its own. Only reading the data shows that nothing is new then.
extension Planner {
    /// The item with the versions at its target whose data would be nothing new: the current one, and
    /// those that an operator rolled back from. Skipped if an earlier run found it to be so.
    func besideKnownData(
        _ given: PlanItem, _ comparison: PlanComparison
    ) async throws(TranshipError) -> PlanItem {
        guard given.action == .create, given.source.imageID == nil else { return given }
        let copies = try await plan.copies(
            ofLineage: given.origin.lineageID, at: given.targetKey, in: journal)
        guard !copies.isEmpty else { return given }
        let held = try await journal.heldVersions().filter { $0.targetKey == given.targetKey }
        let known = Self.known(copies, given, held: Set(held.map(\.versionID)))
        if let same = comparison.transfer?.sameData,
            known.contains(where: { $0.imageID == same.imageID })
        {
            return given.decided(.skip, .alreadyAtTarget(imageID: same.imageID))
        }
        var item = given
        item.intent.known = known.isEmpty ? nil : known
        item.start?.intent.known = item.intent.known
        return item
    }

    private static func known(
        _ copies: [SeriesCopy], _ item: PlanItem, held: Set<String>
    ) -> [CurrentVersion] {
        let own = copies.filter { copy in
            copy.transfer?.source.isAt(item.source.place) == true && copy.image.isWhole
                && copy.becameCurrent
        }
        guard let current = own.max(by: SeriesCopy.isEarlier) else { return [] }
        // The current one comes first.
        let others = own.filter { $0.image.id != current.image.id }
        return ([current] + others).compactMap { copy in
            guard let transfer = copy.transfer, let versionID = copy.versionID,
                copy.image.id == current.image.id || held.contains(versionID),
                versionID != item.origin.versionID,
                // What others would not see does not stand for a version that they would.
                held.contains(versionID) || copy.image.isHidden == item.record.isHidden,
                transfer.record.diskFormat == item.record.diskFormat,
                transfer.record.containerFormat == item.record.containerFormat,
                SameVersion.isOfOnePlace(transfer.source, item.source),
                transfer.source.version == item.source.version
            else { return nil }
            let proof = transfer.proof
            return CurrentVersion(
                versionID: versionID, fingerprint: transfer.source.fingerprint,
                imageID: copy.image.id,
                digests: copy.image.checksums + proof.computed + proof.reported)
        }
    }

    /// Adds what an earlier run copied from the same place for another series. ETag and time say that
    /// its data is the same.
    func withAlike(_ given: PlanComparison) async throws(TranshipError) -> PlanComparison {
        let source = given.item.source
        guard source.imageID == nil, source.showsNewVersions, source.seen?.isStamped != true else {
            return given
        }
        var comparison = given
        for image in given.namesakes where given.strangers.contains(image.id) {
            guard image.status == .active, let origin = image.origin,
                let known = try await journal.transfer(
                    versionID: origin.versionID, targetKey: image.targetKey),
                known.imageID == image.id, [.done, .skipped].contains(known.state),
                known.source.fingerprint == source.fingerprint,
                SameVersion.isOfOnePlace(known.source, source),
                known.record.diskFormat == given.item.record.diskFormat,
                known.record.containerFormat == given.item.record.containerFormat
            else { continue }
            comparison.alike.insert(image.id)
        }
        return comparison
    }
}
