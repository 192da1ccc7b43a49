// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline

/// Notes the requests that clouds may refuse to users who are not administrators.
extension Planner {
    /// Returns notes about the requests that the policies of both ends may refuse, and the
    /// consequences for the copy. A token shows only the roles, and a cloud may have other
    /// policies, so these are notes.
    func rightsNotes(_ item: PlanItem, at target: PlanningTarget) -> [Note] {
        readingNotes(item) + publishingNotes(item, at: target)
    }

    private func readingNotes(_ item: PlanItem) -> [Note] {
        guard let reader = sources[item.source.sourceIndex].reader, !reader.isAdmin else {
            return []
        }
        var notes: [Note] = []
        if item.source.status == .deactivated { notes.append(.deactivatedMayBeUnreadable) }
        if item.record.takesMembers, !item.record.mapsNoMember, let owner = item.source.ownerID,
            owner != reader.projectID
        {
            projectsSeen.note(members: [owner])
            notes.append(.membersMayBeHidden(ownerID: owner))
        }
        return notes
    }

    /// Returns the notes about publishing. For a copy that was published before, only about the
    /// changes.
    func publishingNotes(_ item: PlanItem, at target: PlanningTarget) -> [Note] {
        guard let project = target.opened.projectID, !target.opened.isAdmin else { return [] }
        var notes: [Note] = []
        let record = item.record
        let former = item.start?.record.updatedFrom.flatMap { $0.wasPublished ? $0 : nil }
        if record.visibility == .public, former?.visibility != .public {
            notes.append(.publicMayBeRefused)
        }
        if record.visibility == .community, former?.visibility != .community {
            notes.append(.communityMayBeRefused)
        }
        if record.isDeactivated, former?.isDeactivated != true {
            notes.append(.deactivationMayBeRefused)
        }
        if item.action == .create, let owner = record.ownerID, owner != project {
            projectsSeen.note(members: [owner])
            notes.append(.ownerMayBeRefused(projectID: owner))
        }
        return notes
    }
}
