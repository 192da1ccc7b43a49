// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel

/// Which images of one name count for `on_conflict`.
///
/// Copies of ours of other images do not: two source images may have one name. A marker alone
/// makes no copy. Compute services copy it into snapshots, and anyone may write it.
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
            if try await !isCopyOfAnother(image, record, at: target) {
                comparison.strangers.insert(image.id)
            }
        }
        return comparison
    }

    /// True if an image of its name may be the copy of one that is listed later, whose id it keeps.
    func mayNameLater(_ comparison: PlanComparison) -> Bool {
        comparison.item.record.keptID != nil
            && comparison.namesakes.contains {
                $0.isMarked && !ImageIdentity.mayBeDerived($0.id)
            }
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
}
