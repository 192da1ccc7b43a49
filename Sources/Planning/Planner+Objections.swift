// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// Checks the facts that a plan can know before a copy is made: whether the target accepts it,
/// which images it names, and which projects have to accept it.
extension Planner {
    /// Refuses a new copy that the target does not accept, or adds notes for the operator.
    func checked(_ given: PlanItem) async throws(TranshipError) -> PlanItem {
        guard let target = target(given.targetKey) else { return given }
        var item = given
        if let objection = target.objections(atUnixSeconds: nowUnixSeconds).objection(to: item) {
            item.refusal = .init(objection)
            return item.decided(.refuse, .refused(message: objection.message))
        }
        item.notes += item.quotaNotes + pastLessons.notes(item)
        if case .fillsSeveralStores = item.methodReason, !item.record.acceptsTransformed {
            item.notes.append(.mayBeUploaded)
        }
        item.notes += rightsNotes(item, at: target)
        if item.record.takesMembers { item.notes += try await memberNotes(item, at: target) }
        return item
    }
}

extension ListedImage {
    /// Returns false for a kernel or ramdisk that only other images need, if the target's rules
    /// remove the properties that name it.
    func isWanted(at target: PlanningTarget) -> Bool {
        guard !namedAs.isEmpty, let id = image.imageID else { return true }
        return target.keeps(id, in: namedAs)
    }
}

extension PlanningTarget {
    /// Returns the checks for copies at this target.
    ///
    /// - Parameter nowUnixSeconds: the time of planning.
    func objections(atUnixSeconds nowUnixSeconds: Int64) -> TargetObjection {
        TargetObjection(
            offer: opened.offer,
            renamesAtUnixSeconds: rules.previous == .rename ? nowUnixSeconds : nil)
    }

    /// True if the rules keep the id of an image in one of these properties.
    func keeps(_ id: String, in properties: Set<String>) -> Bool {
        let rules = rules.image.properties
        return properties.contains { rules.applied(to: [$0: id])[$0] == id }
    }
}

/// Finds kernels and ramdisks that are in the plan only because of images that the plan refuses: a
/// run would copy them for nothing.
struct AddedImages {
    private struct Place: Hashable {
        var sourceKey: String
        var targetKey: String
    }

    /// The keys of images that a source lists because other images name them, and of those that
    /// another source selects. The plan has only the first of two equal images.
    private var listed: Set<String> = []
    private var selected: Set<String> = []
    private var added: [Place: Int64] = [:]
    private var needed: Set<Place> = []

    mutating func list(_ image: ListedImage) {
        let key = image.image.key
        if !image.namedAs.isEmpty {
            listed.insert(key)
        } else if listed.contains(key) {
            selected.insert(key)
        }
    }

    /// - Parameters:
    ///   - item: the decided item.
    ///   - position: its position; nil if it is in the plan for its own sake.
    mutating func note(_ item: PlanItem, at position: Int64?) {
        // The target may have an image with the same name and data, but this image was not copied
        // there.
        let isSameData = if case .sameDataSameName = item.reason { true } else { false }
        if let position, item.isAdded, item.action == .create || isSameData,
            !selected.contains(item.source.key)
        {
            added[Place(sourceKey: item.source.key, targetKey: item.targetKey)] = position
        }
        guard item.action != .refuse, item.action != .conflict else { return }
        for key in item.record.references.values {
            needed.insert(Place(sourceKey: key, targetKey: item.targetKey(ofReference: key)))
        }
    }

    /// The positions in the plan of the images that no copy names, in ascending order.
    var unneeded: [Int64] { added.filter { !needed.contains($0.key) }.values.sorted() }
}

extension PlanItem {
    /// True if the image is in the plan because another one names it.
    var isAdded: Bool {
        notes.contains { if case .addedBecauseNamed = $0 { true } else { false } }
    }
}
