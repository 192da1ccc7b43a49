// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline

/// Looks for copies that a target does not list. A listing leaves out images that now belong to
/// another project, and some services leave out more. If the journal knows a copy, the planner
/// requests it by its id before it counts as deleted. Otherwise a run would make a second one.
extension Planner {
    /// Returns the comparison with the copy that no listing showed; unchanged if there is none.
    /// Asks the target only for a copy that is complete in the journal and in no listing.
    ///
    /// Afterwards the plan has the copy as if it had been listed.
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
            // The image exists, because otherwise the answer is 404, but its state is unknown.
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
        // If the copy lost its data, the reason says so.
        guard image.isWhole else { return comparison }
        let owner = target.isElsewhere(image, comparison.item.record) ? image.ownerID : nil
        if let owner { projectsSeen.note(members: [owner]) }
        comparison.item.notes.append(.notListed(imageID: id, ownerID: owner))
        return comparison
    }

    /// Returns the decision about a copy that belongs to another project: a run changes nothing
    /// there.
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
    /// True if the image belongs to another project than the plan gives it; false if one of the two
    /// is not known.
    func isElsewhere(_ image: TargetImage, _ record: PlannedRecord) -> Bool {
        guard let owner = record.ownerID ?? opened.projectID, let has = image.ownerID,
            !opened.offer.givesIDsAgain
        else { return false }
        return !ProjectID.areEqual(owner, has)
    }
}
