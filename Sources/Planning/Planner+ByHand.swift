// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// Distinguishes operators' changes to the current version of a series from those that runs made.
extension Planner {
    /// Returns the item with a note about the fields that someone changed in a copy that stays, and
    /// without a note about the fields that a run changed: this run undoes those.
    func notingHands(
        _ given: PlanItem, _ comparison: PlanComparison
    ) async throws(TranshipError) -> PlanItem {
        guard given.action == .skip, case .alreadyAtTarget(let id) = given.reason,
            given.source.isOfSeries, let known = comparison.transfer, known.imageID == id,
            let image = comparison.ours.first(where: { $0.id == id })
        else { return given }
        let deactivated = Note.deactivatedAtTarget(imageID: id)
        let isRenamed = ![known.record.shownName, known.record.name].contains(image.name)
        let isHidden = image.isHidden && !known.record.isHidden
        let isPublished = known.state == .done || known.state == .skipped
        let isShownOtherwise = isPublished && image.visibility != known.record.visibility
        guard isRenamed || isHidden || isShownOtherwise || given.notes.contains(deactivated) else {
            return given
        }
        let copy = try await plan.copies(
            ofLineage: given.origin.lineageID, at: given.targetKey, in: journal
        ).first { $0.image.id == id }
        // The changes since the version was last shown.
        let ours = Set((copy?.changes ?? []).prefix { !$0.shows })
        var item = given
        if ours.contains(.deactivate) { item.notes.removeAll { $0 == deactivated } }
        var fields: [String] = []
        if isRenamed, copy?.earlierName(known) != image.name { fields.append("name") }
        if isHidden, !ours.contains(.hide) { fields.append("os_hidden") }
        if isShownOtherwise { fields.append("visibility") }
        let isNoted = item.notes.contains { note in
            if case .otherFields = note { true } else { false }
        }
        if !fields.isEmpty, !isNoted {
            item.notes.append(.changedByHand(imageID: id, fields: fields))
        }
        return item
    }

    /// Adds, with `on_conflict: update`, a note about the fields that someone edited at a copy that
    /// needs no update. The copy keeps them.
    func notingEdits(_ given: PlanItem, _ comparison: PlanComparison) -> PlanItem {
        guard given.action == .skip, case .alreadyAtTarget(let id) = given.reason,
            !given.source.isOfSeries, let target = target(given.targetKey),
            onConflict(of: given, at: target) == .update,
            let known = comparison.transfer, known.imageID == id, known.state == .done,
            !known.placement.isAdopted,
            let image = comparison.ours.first(where: { $0.id == id })
        else { return given }
        var item = given
        item.intent.record = known.record
        // The target itself made the copy with other values in these fields.
        var others: Set<String> = []
        for case .changedByTarget(_, let differences, let more) in known.remarks {
            guard more == 0 else { return given }
            others.formUnion(differences.flatMap { [$0.field.words, "os_\($0.field.words)"] })
        }
        var fields = item.differences(to: image).filter { !others.contains($0) }
        if target.isElsewhere(image, known.record) { fields.append("owner") }
        item = given
        if !fields.isEmpty { item.notes.append(.editedCopy(imageID: id, fields: fields)) }
        return item
    }

    /// Compares, for `check`, the name of a version that does not have the name of its series
    /// because another image keeps that name.
    func checkName(
        of image: TargetImage, _ comparison: PlanComparison, _ checked: inout CheckedImage
    ) async throws(TranshipError) {
        let item = comparison.item
        guard item.source.isOfSeries, let record = comparison.transfer?.record,
            record.currentName != nil, image.name == record.name
        else { return }
        let copies = try await plan.copies(
            ofLineage: item.origin.lineageID, at: item.targetKey, in: journal)
        guard let own = copies.first(where: { $0.image.id == image.id }), own.waitsForItsName
        else { return }
        if !checked.differences.contains(where: { $0.field == .name }) {
            checked.differences.append(
                FieldDifference(.name, wanted: record.shownName, found: image.name))
        }
        let holder = copies.first { copy in
            copy.image.id != image.id && copy.image.name == record.shownName
                && !copy.image.isHidden
        }
        if let holder {
            let id = holder.image.id
            let reason: PlanReason =
                holder.transfer == nil ? .nameHeldByUnknown(imageID: id) : .nameHeld(imageID: id)
            checked.add(note: reason.words)
        }
    }
}
