// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// Finds the projects that a copy is shared with, and those that have to accept it.
extension Planner {
    /// Returns notes about the members that have to accept the copy. Until then, a member does not
    /// see it in its list.
    func memberNotes(
        _ item: PlanItem, at target: PlanningTarget
    ) async throws(TranshipError) -> [Note] {
        let facts = try await sharing(of: item, at: target)
        let members = item.record.projects(
            for: facts.members, owner: target.opened.projectID
        ).map(\.source)
        let rejected = facts.memberAnswers.filter { $0.value == "rejected" }
        var notes = rejected.keys.sorted().map { Note.memberRejected(projectID: $0) }
        notes += facts.members.filter { !item.record.reaches($0) }.sorted().map {
            .notShared(projectID: $0)
        }
        // A target that mirrors members gets each answer from the source.
        guard !members.isEmpty, !target.opened.offer.mirrorsMembers else { return notes }
        let waiting = members.filter { member in
            facts.memberAnswers[member] != "accepted"
                || !mayAccept(for: member, item.record, at: target)
        }
        let words = waiting.map { member in
            facts.memberAnswers[member].map { "\(member) (\($0) at the source)" } ?? member
        }
        if members.count > 128 {
            tell(
                .warning(
                    .manyMembers(
                        image: item.source.displayName, targetKey: item.targetKey,
                        count: members.count)))
        }
        if !words.isEmpty { notes.append(.membersHaveToAccept(words)) }
        let accepted = members.filter { !waiting.contains($0) }
        if !accepted.isEmpty { notes.append(.membersAreAccepted(accepted)) }
        return notes
    }

    /// Returns the projects with which the source shares an image now. Also notes them, as the plan
    /// may name them.
    func sharing(
        of item: PlanItem, at target: PlanningTarget
    ) async throws(TranshipError) -> SourceFacts {
        let facts = try await sources[item.source.sourceIndex].sharing(of: item.source)
        projectsSeen.note(members: facts.members)
        projectsSeen.note(members: facts.memberAnswers.keys)
        projectsSeen.note(
            members: item.record.sharedProjects(
                for: facts.members, owner: target.opened.projectID))
        return facts
    }

    /// True if the run may accept the copy for the member.
    func mayAccept(
        for member: String, _ record: PlannedRecord, at target: PlanningTarget
    ) -> Bool {
        let projects = record.projects(for: [member], owner: nil).map(\.target)
        // With `projects`, the run may have a token of the member.
        return target.opened.isAdmin
            || targets.contains { other in
                other.opened.endpoint == target.opened.endpoint
                    && projects.contains { $0 == other.opened.projectID }
            }
    }

    // MARK: Later runs

    /// Adds a note about the members that a copy at the target was not shared with, because no
    /// table maps them. Asks no source: the journal has the members of the publication.
    func notingDropped(_ given: PlanItem, _ known: Transfer?) -> PlanItem {
        guard given.action == .skip, case .alreadyAtTarget(let id) = given.reason,
            given.record.takesMembers, let known, known.imageID == id
        else { return given }
        let dropped = known.members.filter { !given.record.reaches($0) }.sorted()
        guard !dropped.isEmpty else { return given }
        projectsSeen.note(members: dropped)
        var item = given
        item.notes.append(.membersLeftOut(dropped, imageID: id))
        return item
    }

    /// Adds the projects with which the source shares an image now, if the run publishes its copy.
    /// With `on_conflict: update`, new members are a reason to publish it.
    func shared(
        _ given: PlanItem, _ known: Transfer?, at target: PlanningTarget
    ) async throws(TranshipError) -> PlanItem {
        var item = given
        guard item.record.takesMembers, !item.record.mapsNoMember else { return item }
        let updates = target.rules.onConflict == .update
        switch (item.action, item.reason) {
        case (.update, _):
            guard let start = item.start else { return item }
            // Only an update changes a copy that was published before.
            let isOurs = known?.imageID == start.imageID
            guard start.record.updatedFrom?.wasPublished != true || updates && isOurs else {
                return item
            }
            let facts = try await sharing(of: item, at: target)
            if let known, updates {
                let change = SharingChange(from: known, to: item.record, facts)
                projectsSeen.note(members: change.gone)
                item.note(change, imageID: start.imageID)
            }
            item.start?.take(facts)
        case (.skip, .alreadyAtTarget(let id)) where updates:
            let facts = try await sharing(of: item, at: target)
            guard item.start == nil, let known else {
                // The copy is adopted: only later changes count.
                item.start?.take(facts)
                return item
            }
            let change = SharingChange(from: known, to: item.record, facts)
            projectsSeen.note(members: change.gone)
            let accepts = change.accepted.contains { mayAccept(for: $0, item.record, at: target) }
            let rewrites = target.opened.offer.mirrorsMembers && !change.gone.isEmpty
            if !change.added.isEmpty || accepts || rewrites {
                item = item.decided(
                    .update, .fieldsChanged(imageID: id, fields: ["members"]),
                    start: known.updated(to: item.record))
                item.start?.take(facts)
            }
            if !rewrites { item.note(change, imageID: id) }
        default: break
        }
        return item
    }
}

/// The changes in the sharing of an image since its copy was published.
struct SharingChange {
    /// New members, by their projects at the target.
    let added: [String]
    /// Former members, by their projects at the target.
    let gone: [String]
    /// Members, by their projects at the source, that have accepted the image since.
    let accepted: [String]

    /// - Parameters:
    ///   - known: the transfer as it was published.
    ///   - facts: the source's facts now.
    init(from known: Transfer, to record: PlannedRecord, _ facts: SourceFacts) {
        let before = Set(known.record.sharedProjects(for: known.members, owner: known.ownerID))
        let now = record.projects(for: facts.members, owner: known.ownerID)
        added = Set(now.map(\.target)).subtracting(before).sorted()
        gone = before.subtracting(now.map(\.target)).sorted()
        accepted = now.map(\.source).filter {
            facts.memberAnswers[$0] == "accepted" && known.memberAnswers?[$0] != "accepted"
        }
    }
}

extension PlanItem {
    /// Notes the former members that the copy stays shared with.
    fileprivate mutating func note(_ change: SharingChange, imageID: String?) {
        guard !change.gone.isEmpty, let imageID else { return }
        notes.append(.membersGone(change.gone, imageID: imageID))
    }
}
