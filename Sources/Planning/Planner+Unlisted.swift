// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline

/// A list is not all that a target has: it leaves out what belongs to another project by now, and some
/// services leave out more. So a copy that the journal knows is asked for by its id before it counts as
/// deleted, or a second one would be made.
extension Planner {
    /// The comparison with the copy that no list showed; as it was given if there is none. Asks the
    /// target only for a copy that the journal has as complete, and that is in no list.
    ///
    /// The plan has the copy after that, as if it had been listed.
    func withUnlisted(
        _ given: PlanComparison, at target: PlanningTarget
    ) async throws(TranshipError) -> PlanComparison {
        guard let transfer = given.transfer, let id = transfer.imageID, given.item.refusal == nil,
            [.done, .skipped, .unpublished].contains(transfer.state),
            !target.opened.offer.givesIDsAgain, !given.ours.contains(where: { $0.id == id })
        else { return given }
        var comparison = given
        comparison.ours = ours(given, at: target)
        guard Decision.standing(comparison) == nil else { return given }
        comparison.ours = given.ours
        let found: TargetRecord?
        do {
            found = try await target.opened.uploader.record(id, withMembers: false)
        } catch {
            guard error.code == .forbidden else {
                throw error.whileDoing("asking target \"\(target.opened.key)\" for image \(id)")
            }
            // It is there, or it would be a 404, and what it is cannot be said.
            comparison.item.refusal = .init(
                TranshipError(
                    .refused,
                    "the target does not list image \(id), which is the copy, and does not show it: "
                        + error.message))
            return comparison
        }
        guard let image = found?.image, ownership(of: image, given, at: target) != .planted else {
            return given
        }
        try await plan.add([image])
        comparison.ours.append(image)
        // Of one that lost its data, the reason says it.
        guard image.isWhole else { return comparison }
        let owner = target.isElsewhere(image, comparison.item.record) ? image.ownerID : nil
        if let owner { projectsSeen.note(members: [owner]) }
        comparison.item.notes.append(.notListed(imageID: id, ownerID: owner))
        return comparison
    }

    /// What is decided of a copy that belongs to another project: nothing is changed there.
    func leavingOthersAlone(
        _ item: PlanItem, _ comparison: PlanComparison, at target: PlanningTarget
    ) -> PlanItem {
        guard item.action == .update, let id = item.start?.imageID,
            let image = comparison.ours.first(where: { $0.id == id }),
            comparison.item.notes.contains(.notListed(imageID: id, ownerID: image.ownerID)),
            target.isElsewhere(image, item.record)
        else { return item }
        return item.decided(
            .refuse,
            .refused(
                message: "image \(id) is the copy, and belongs to project \(image.ownerID ?? "?") "
                    + "now, where nothing is changed: \(item.reason?.words ?? "")"))
    }
}

extension PlanningTarget {
    /// True if the image belongs to another project than the plan gives it; false if one of both is
    /// not known.
    func isElsewhere(_ image: TargetImage, _ record: PlannedRecord) -> Bool {
        guard let owner = record.ownerID ?? opened.projectID, let has = image.ownerID,
            !opened.offer.givesIDsAgain
        else { return false }
        return !ProjectID.areEqual(owner, has)
    }
}
