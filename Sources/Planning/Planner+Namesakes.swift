// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// Finds the images of one name that count for `on_conflict`.
///
/// Copies that we made of other images of this pipeline do not count: two source images may have
/// one name. Copies that other pipelines made of other images do count. A marker alone does not
/// make an image a copy: compute services copy it into snapshots, and anyone may write it.
extension Planner {
    /// Adds the images that carry the marker of this very copy under a wrong id, and notes those
    /// whose marker proves nothing.
    ///
    /// - Parameter given: the comparison, with all images that carry the marker in `ours`.
    func withStrangers(
        _ given: PlanComparison, at target: PlanningTarget
    ) async throws(TranshipError) -> PlanComparison {
        var comparison = given
        let record = given.item.record
        let forged = given.ours.filter { image in
            image.name != nil && image.name == record.name
                && (record.ownerID == nil || image.ownerID == record.ownerID)
                && ownership(of: image, given, at: target) == .forged
        }
        comparison.namesakes += forged
        comparison.strangers = Set(forged.map(\.id))
        for image in given.namesakes where image.isMarked {
            let isOurs = try await isCopyOfAnother(image, record, at: target)
            if !isOurs { comparison.strangers.insert(image.id) }
            guard isOurs, asksForRelation(comparison, image, at: target),
                let origin = image.origin
            else { continue }
            // In clouds, images are deleted and others are made under their names. A file or a URL
            // keeps its series unless the pipeline file gives it another one.
            var isKnown = false
            if comparison.item.source.imageID != nil {
                isKnown = try await journal.isCopy(image.id, origin, at: image.targetKey)
            }
            let planned = try await plan.items(ofLineage: origin.lineageID, at: image.targetKey)
            if !isKnown, planned.isEmpty { comparison.strangers.insert(image.id) }
        }
        return comparison
    }

    /// True if an image with the copy's name may be the copy of a source image that is listed
    /// later: one whose id it keeps, or one that decides whether `on_conflict` counts the image.
    func mayNameLater(_ comparison: PlanComparison) -> Bool {
        comparison.namesakes.contains { image in
            guard image.isMarked else { return false }
            if comparison.item.record.keptID != nil, !ImageIdentity.mayBeDerived(image.id) {
                return true
            }
            return target(comparison.item.targetKey).map {
                asksForRelation(comparison, image, at: $0)
            } ?? false
        }
    }

    /// True if it matters whether another pipeline made the copy. Versions of one series do not
    /// conflict with each other, and no images conflict if both may stay.
    private func asksForRelation(
        _ comparison: PlanComparison, _ image: TargetImage, at target: PlanningTarget
    ) -> Bool {
        let item = comparison.item
        return ![.keepBoth, .update].contains(onConflict(of: item, at: target))
            && image.origin?.lineageID != item.origin.lineageID
    }

    func onConflict(of item: PlanItem, at target: PlanningTarget) -> OnConflict {
        target.rules.onConflict ?? (item.source.imageID == nil ? .fail : .keepBoth)
    }

    /// True if the journal or the plan knows the image as the copy of another one, or if it has an
    /// id of the kind that we derive and is in the project of the copies. Neither is true of a
    /// snapshot.
    private func isCopyOfAnother(
        _ image: TargetImage, _ record: PlannedRecord, at target: PlanningTarget
    ) async throws(TranshipError) -> Bool {
        guard let origin = image.origin else { return false }
        if ImageIdentity.mayBeDerived(image.id), !target.isElsewhere(image, record) { return true }
        if try await journal.isCopy(image.id, origin, at: image.targetKey) { return true }
        // The copy has the id of its source image, as `keep_id` wants.
        return try await plan.items(ofLineage: origin.lineageID, at: image.targetKey).contains {
            $0.origin == origin && $0.firstImageID == image.id
        }
    }

    // MARK: The same data

    /// Adds the images with the same name that have the data of a file or an archive on this
    /// machine. Reads the data only if nothing else proves that and an image has the same size.
    func withLookalikes(
        _ given: PlanComparison, _ decision: Decision
    ) async throws(TranshipError) -> PlanComparison {
        let item = given.item
        guard sources[item.source.sourceIndex].isOnThisMachine else { return given }
        var comparison = given
        for image in decision.lookalikes(given) {
            // The strongest checksum comes first.
            guard let reported = image.checksums.first else { continue }
            tell(
                .asking(
                    what: "\(item.source.location), to compare it with image \(image.id)",
                    number: 1,
                    of: 1))
            if try await digest(of: item, reported.algorithm)?.matches(reported) == true {
                comparison.alike.insert(image.id)
            }
        }
        return comparison
    }

    /// Returns the digest of the item's data; nil if the data cannot be read. The transfer then
    /// reports the error.
    private func digest(
        of item: PlanItem, _ algorithm: Checksum.Algorithm
    ) async throws(TranshipError) -> Checksum? {
        let key = "\(algorithm) \(item.source.fingerprint) \(item.source.key)"
        if let known = digests.withLock({ $0[key] }) { return known }
        guard let reading else { return nil }
        do throws(TranshipError) {
            let found = try await reading.digest(
                .source, .fresh(item.intent, promised: nil), algorithm)
            digests.withLock { $0[key] = found.checksum }
            return found.checksum
        } catch {
            if error.code == .interrupted { throw error }
            return nil
        }
    }
}

extension PlanItem {
    /// The item with a note about the images that `on_conflict: replace` hides.
    var notingReplaced: PlanItem {
        guard [.create, .update].contains(action), let ids = (start?.record ?? record).replaces,
            !ids.isEmpty
        else { return self }
        var item = self
        item.notes.append(.hides(imageIDs: ids))
        return item
    }
}

extension Decision {
    /// Returns the active images that have the name and the size of an image without a copy, if no
    /// digest shows whether they have its data: the source promises no digest of an algorithm that
    /// the target reports.
    func lookalikes(_ comparison: PlanComparison) -> [TargetImage] {
        let item = comparison.item
        let isBegun = comparison.transfer.map { !$0.state.isFinal && $0.state != .planned }
        // Data that is decompressed or converted first has neither a size nor a digest yet.
        guard onConflict != .skip, isBegun != true, item.refusal == nil,
            item.record.keptID != .required, item.source.published == nil,
            let sizeBytes = item.source.sizeBytes, Self.standing(comparison) == nil
        else { return [] }
        let known = item.promises.map(\.algorithm)
        return comparison.namesakes.filter { image in
            image.status == .active && image.sizeBytes == sizeBytes
                && !image.checksums.contains { known.contains($0.algorithm) }
                && !comparison.alike.contains(image.id)
                && stays(
                    image, besides: item, isOfOthers: comparison.strangers.contains(image.id))
        }
    }
}
