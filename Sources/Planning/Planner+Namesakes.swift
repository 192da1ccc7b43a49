// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// Which images of one name count for `on_conflict`.
///
/// Copies of ours of other images of this pipeline do not: two source images may have one name. Copies
/// that other pipelines made of other images do. A marker alone makes no copy. Compute services copy
/// it into snapshots, and anyone may write it.
extension Planner {
    /// Adds the images that carry the marker of this very copy under an id that is not its own, and
    /// names those whose marker proves nothing.
    ///
    /// - Parameter given: with all images that carry the marker in `ours`.
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
            // Clouds delete images and make others of their names; a file or a URL keeps its series
            // unless the pipeline file gives it another one.
            var isKnown = false
            if comparison.item.source.imageID != nil {
                isKnown = try await journal.isCopy(image.id, origin, at: image.targetKey)
            }
            let planned = try await plan.items(ofLineage: origin.lineageID, at: image.targetKey)
            if !isKnown, planned.isEmpty { comparison.strangers.insert(image.id) }
        }
        return comparison
    }

    /// True if an image of its name may be the copy of one that is listed later: whose id it keeps,
    /// or that decides what `on_conflict` counts.
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

    /// True if it matters whether the copy is one of another pipeline. Versions of one series are not
    /// in conflict with each other, and nothing is if both may stay.
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

    /// True if the journal or the plan knows the image as the copy of another one, or if its id is of
    /// the kind that we derive and it lies in the project of the copies. A snapshot has neither.
    private func isCopyOfAnother(
        _ image: TargetImage, _ record: PlannedRecord, at target: PlanningTarget
    ) async throws(TranshipError) -> Bool {
        guard let origin = image.origin else { return false }
        if ImageIdentity.mayBeDerived(image.id), !target.isElsewhere(image, record) { return true }
        if try await journal.isCopy(image.id, origin, at: image.targetKey) { return true }
        // Under the id of its source image, as `keep_id` wants it.
        return try await plan.items(ofLineage: origin.lineageID, at: image.targetKey).contains {
            $0.origin == origin && $0.firstImageID == image.id
        }
    }

    // MARK: The same data

    /// Adds the images of its name that have the data of a file or an archive on this machine. Reads it
    /// only if nothing else shows that, and an image has its size.
    func withLookalikes(
        _ given: PlanComparison, _ decision: Decision
    ) async throws(TranshipError) -> PlanComparison {
        let item = given.item
        guard sources[item.source.sourceIndex].isOnThisMachine else { return given }
        var comparison = given
        for image in decision.lookalikes(given) {
            // The strongest comes first.
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

    /// Nil if it cannot be read: then the copy says so.
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

extension Decision {
    /// Active images that have the name and the size of an image without a copy, and of which no
    /// digest says whether they have its data: the source promises none of an algorithm that the
    /// target reports.
    func lookalikes(_ comparison: PlanComparison) -> [TargetImage] {
        let item = comparison.item
        let isBegun = comparison.transfer.map { !$0.state.isFinal && $0.state != .planned }
        // What is not sent as it is has neither a size nor a digest yet.
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
