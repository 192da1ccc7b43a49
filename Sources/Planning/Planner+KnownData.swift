// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline

/// Finds new versions whose data may already be known.
///
/// A server may stamp each answer with its own time, and each mirror of a pool may have its own
/// ETags and times. Then only the data itself shows that nothing is new.
extension Planner {
    /// Returns the item with the versions at its target that may have the same data: the current
    /// one, one that waits for its name, and those from which an operator rolled back. Skips the
    /// item if an earlier run found the same data.
    func besideKnownData(
        _ given: PlanItem, _ comparison: PlanComparison
    ) async throws(TranshipError) -> PlanItem {
        guard given.action == .create, given.source.imageID == nil,
            let target = target(given.targetKey)
        else { return given }
        let copies = try await plan.copies(
            ofLineage: given.origin.lineageID, at: given.targetKey, in: journal)
        guard !copies.isEmpty else { return given }
        let held = try await journal.heldVersions().filter { $0.targetKey == given.targetKey }
        let known = known(copies, given, held: Set(held.map(\.versionID)), at: target)
        if let same = comparison.transfer?.sameData,
            known.contains(where: { $0.imageID == same.imageID })
        {
            return given.decided(.skip, .alreadyAtTarget(imageID: same.imageID))
        }
        var item = given
        item.intent.known = known.isEmpty ? nil : known
        item.start?.intent.known = item.intent.known
        if let note = movedNote(item, copies) { item.notes.append(note) }
        if item.mayBeKnown, case .earlierVersionStays = item.reason {
            // An image that most likely is the same one does not count as an earlier version.
            let other = comparison.namesakes.first { image in
                image.isShownVersion(of: item) && !known.contains { $0.imageID == image.id }
            }
            item.reason =
                other.map { PlanReason.earlierVersionStays(imageID: $0.id) } ?? .notAtTarget
        }
        return item
    }

    /// Returns the note about a known version from another address or path; nil if there is none,
    /// or if a digest shows that the data is new.
    private func movedNote(_ item: PlanItem, _ copies: [SeriesCopy]) -> Note? {
        guard let first = item.intent.known?.first,
            let source = copies.first(where: { $0.image.id == first.imageID })?.transfer?.source,
            !source.isAt(item.source.place)
        else { return nil }
        if let promise = item.source.promise,
            first.digests.contains(where: { $0.algorithm == promise.algorithm })
        {
            return nil
        }
        return .sourceMoved(imageID: first.imageID, from: source.location)
    }

    private func known(
        _ copies: [SeriesCopy], _ item: PlanItem, held: Set<String>, at target: PlanningTarget
    ) -> [CurrentVersion] {
        // The only source of a series may have moved.
        let mayHaveMoved = !seriesSources.areSeveral(item.origin.lineageID)
        let own = copies.filter { copy in
            guard copy.image.isWhole, let source = copy.transfer?.source else { return false }
            return mayHaveMoved || source.isAt(item.source.place)
        }
        let wereCurrent = own.filter(\.becameCurrent)
        var found: [CurrentVersion] = []
        if let current = wereCurrent.max(by: SeriesCopy.isEarlier) {
            // The current one comes first.
            let others = wereCurrent.filter { copy in
                copy.image.id != current.image.id && held.contains(copy.versionID ?? "")
            }
            found = ([current] + others).compactMap { copy in
                let isHeld = held.contains(copy.versionID ?? "")
                return version(copy, item, isShown: !isHeld)
            }
        } else if let unknown = unknown(copies, item, at: target) {
            found = [unknown]
        }
        // The new version would wait for the name as well. The same data need not wait twice.
        if isNameHeld(copies, item, at: target),
            let waiting = own.filter(\.waitsForItsName).max(by: SeriesCopy.isEarlier),
            var version = version(waiting, item, isShown: true)
        {
            version.isWaiting = true
            found.append(version)
        }
        return found
    }

    /// Returns the version of a copy; nil if the copy cannot represent the item's image, even with
    /// the same data.
    ///
    /// - Parameter isShown: true if the copy has to be as visible as the item: a hidden copy cannot
    ///   represent a version that others would see.
    private func version(
        _ copy: SeriesCopy, _ item: PlanItem, isShown: Bool
    ) -> CurrentVersion? {
        guard let transfer = copy.transfer, let versionID = copy.versionID,
            versionID != item.origin.versionID,
            !isShown || copy.image.isHidden == item.record.isHidden,
            transfer.record.diskFormat == item.record.diskFormat,
            transfer.record.containerFormat == item.record.containerFormat,
            SameVersion.mayBeOne(transfer.source, item.source)
        else { return nil }
        let proof = transfer.proof
        return CurrentVersion(
            versionID: versionID, fingerprint: transfer.source.fingerprint,
            imageID: copy.image.id,
            digests: copy.image.checksums + proof.computed + proof.reported)
    }

    /// Returns the image under the name of the series that a lost journal made.
    private func unknown(
        _ copies: [SeriesCopy], _ item: PlanItem, at target: PlanningTarget
    ) -> CurrentVersion? {
        let record = item.record
        let newest = copies.filter { copy in
            let image = copy.image
            return copy.transfer == nil && image.status == .active
                && image.name == record.shownName && image.isHidden == record.isHidden
                && image.visibility == record.visibility
                && ImageIdentity.mayBeDerived(image.id) && !target.isElsewhere(image, record)
                && image.details?.diskFormat == record.diskFormat
                && image.details?.containerFormat == record.containerFormat
        }.max(by: SeriesCopy.isEarlier)
        guard let image = newest?.image, let origin = image.origin else { return nil }
        return CurrentVersion(
            versionID: origin.versionID, fingerprint: item.source.fingerprint, imageID: image.id,
            digests: image.checksums)
    }

    /// True if an image that no run may rename keeps the name of the series.
    private func isNameHeld(
        _ copies: [SeriesCopy], _ item: PlanItem, at target: PlanningTarget
    ) -> Bool {
        guard let name = item.record.currentName else { return false }
        let retirement = Retirement(
            target.rules, projectID: target.opened.projectID, nowUnixSeconds: nowUnixSeconds)
        return copies.contains { copy in
            guard copy.image.isWhole, copy.image.name == name, !copy.image.isHidden else {
                return false
            }
            return copy.transfer.map { retirement.objection(copy, $0) != nil } ?? true
        }
    }

    /// Adds the copies that an earlier run made from the same place for another series. ETag and
    /// time show that their data is the same.
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

    /// Returns the copy to compare with if the version that the source shows has no copy of its
    /// own: an earlier run found the data in that copy, or the version's time proves nothing.
    func knownCopy(of item: PlanItem) async throws(TranshipError) -> SeriesCopy? {
        guard item.source.imageID == nil, let id = item.knownImageID else { return nil }
        return try await plan.copies(
            ofLineage: item.origin.lineageID, at: item.targetKey, in: journal
        ).first { $0.image.id == id }
    }
}

extension PlanItem {
    /// True if nothing shows that the item is a new version: its source writes the time of the
    /// answer into each answer, so only the data itself could show it.
    var mayBeKnown: Bool {
        action == .create && source.promise == nil && source.seen?.isStamped == true
            && intent.known?.isEmpty == false
    }

    /// The image that has the item's data, as a run found, or that most likely has it; nil if there
    /// is none.
    fileprivate var knownImageID: String? {
        if mayBeKnown {
            return (intent.known?.first { $0.isWaiting == true } ?? intent.known?.first)?.imageID
        }
        guard action == .skip, case .alreadyAtTarget(let id) = reason else { return nil }
        return id
    }

    /// Returns the item with the version of the image that has its data, to decide about other
    /// versions.
    func asKnown(_ copies: [SeriesCopy]) -> PlanItem {
        guard action == .skip, let id = knownImageID,
            let copy = copies.first(where: { $0.image.id == id }), copy.transfer != nil,
            let versionID = copy.versionID
        else { return self }
        var item = self
        item.intent.origin.versionID = versionID
        return item
    }
}

extension TargetImage {
    /// True for an active image that others see, with the marker of the item's series.
    func isShownVersion(of item: PlanItem) -> Bool {
        status == .active && !isHidden && origin?.lineageID == item.origin.lineageID
    }
}
