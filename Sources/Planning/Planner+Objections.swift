// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// What a plan can know before a copy is made: whether the target takes it, what it names, and who
/// has to accept it.
extension Planner {
    /// Refuses a new copy that the target does not take, or adds what the operator has to know.
    func checked(_ given: PlanItem) async throws(TranshipError) -> PlanItem {
        guard let target = target(given.targetKey) else { return given }
        var item = given
        if let objection = TargetObjection(offer: target.opened.offer).objection(to: item) {
            item.refusal = .init(objection)
            return item.decided(.refuse, .refused(message: objection.message))
        }
        for note in item.quotaNotes {
            item.notes.append(note)
            tell(.warning("\(item.source.displayName) -> \(item.targetKey): \(note)"))
        }
        if case .fillsSeveralStores = item.methodReason, !item.record.acceptsTransformed {
            item.notes.append(.mayBeUploaded)
        }
        // The roles are all that a token says of a policy.
        if item.record.visibility == .public, target.opened.projectID != nil, !target.opened.isAdmin
        {
            item.notes.append(.publicMayBeRefused)
        }
        if item.record.takesMembers { item.notes += try await memberNotes(item, at: target) }
        return item
    }

    /// Why an image cannot be copied because of a kernel or ramdisk that it names.
    func danglingReference(
        _ item: PlanItem, at target: PlanningTarget
    ) async throws(TranshipError) -> Transfer.Failure? {
        for (property, key) in item.record.references.sorted(by: { $0.key < $1.key }) {
            let other = try await plan.item(sourceKey: key, targetKey: target.opened.key)
            var reason = "is not at the source, or this project may not see it"
            if let other {
                if let message = try await refusal(of: other, at: target) {
                    reason = "cannot be copied: \(message)"
                } else if let back = try await circle(from: item, by: key, at: target) {
                    reason =
                        "leads back to image \(Self.id(ofKey: back)), by the kernels and ramdisks that "
                        + "it names: neither can be copied first"
                } else {
                    continue
                }
            } else if let elsewhere = try await otherTarget(of: key, than: target) {
                return .init(
                    TranshipError(
                        .refused,
                        "its \(property) names an image that `projects` sends to another project "
                            + "(\(elsewhere))",
                        hint:
                            "use an administrator's entry with `image: { owner: projects }`, which "
                            + "copies references between projects"))
            }
            return .init(
                TranshipError(
                    .refused,
                    "its \(property) names image \(Self.id(ofKey: key)), which \(reason)",
                    hint: "correct or remove \(property) at the source; if the copy boots without "
                        + "it, drop it with `properties: { drop: [\(property)] }` in the target's "
                        + "`image`"))
        }
        return nil
    }

    /// A value that cannot be an id is in quotes.
    private static func id(ofKey key: String) -> String {
        let value = key.split(separator: ":", maxSplits: 1).last.map(String.init) ?? key
        return KeptIDs.isUUID(value) ? value : "\"\(value)\""
    }

    /// No image needs that many kernels and ramdisks. Longer chains are left to the run.
    private static let chainImagesMax = 50

    /// Finds an image that needs itself, because each image starts after those that it names.
    ///
    /// - Parameter key: of an image that the item names.
    /// - Returns: the key of the image to which the names lead back; nil if every chain ends.
    private func circle(
        from item: PlanItem, by key: String, at target: PlanningTarget
    ) async throws(TranshipError) -> String? {
        var seen: Set<String> = []
        return try await circle(at: key, after: [item.source.key], &seen, at: target)
    }

    private func circle(
        at key: String, after path: [String], _ seen: inout Set<String>, at target: PlanningTarget
    ) async throws(TranshipError) -> String? {
        if path.contains(key) { return key }
        guard seen.count < Self.chainImagesMax, seen.insert(key).inserted,
            let item = try await plan.item(sourceKey: key, targetKey: target.opened.key)
        else { return nil }
        for (_, next) in item.record.references.sorted(by: { $0.key < $1.key }) {
            let back = try await circle(at: next, after: path + [key], &seen, at: target)
            if let back { return back }
        }
        return nil
    }

    /// The target that gets an image by the pipeline's `projects`; nil if none does.
    private func otherTarget(
        of sourceKey: String, than target: PlanningTarget
    ) async throws(TranshipError) -> String? {
        guard target.route?.takes != nil else { return nil }
        for other in targets where other.opened.key != target.opened.key {
            if try await plan.item(sourceKey: sourceKey, targetKey: other.opened.key) != nil {
                return other.opened.key
            }
        }
        return nil
    }

    /// Why another image of the plan is not copied; nil if it is, or if it is at the target.
    private func refusal(
        of other: PlanItem, at target: PlanningTarget
    ) async throws(TranshipError) -> String? {
        if let refusal = other.refusal { return refusal.message }
        guard let objection = TargetObjection(offer: target.opened.offer).objection(to: other)
        else { return nil }
        let known = try await journal.transfer(
            sourceKey: other.source.key, targetKey: other.targetKey)
        let isThere = [.done, .skipped, .unpublished].contains(known?.state)
        return isThere ? nil : objection.message
    }
}

extension ListedImage {
    /// False for a kernel or ramdisk that only other images need, if the target's rules take away
    /// the properties that name it.
    func isWanted(at target: PlanningTarget) -> Bool {
        guard !namedAs.isEmpty, let id = image.imageID else { return true }
        let rules = target.rules.image.properties
        return namedAs.contains { rules.applied(to: [$0: id])[$0] == id }
    }
}

/// Finds kernels and ramdisks that are in the plan only because images name them that the plan
/// refuses: a run would copy them for nothing.
struct AddedImages {
    private struct Place: Hashable {
        var sourceKey: String
        var targetKey: String
    }

    /// The keys of images that a source lists because of others, and of those that another source
    /// selects: the plan has only the first of two equal images.
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
    ///   - item: decided.
    ///   - position: nil if it is in the plan for its own sake.
    mutating func note(_ item: PlanItem, at position: Int64?) {
        // An image with the same name and data may be there, but this one was not copied.
        let isSameData = if case .sameDataSameName = item.reason { true } else { false }
        if let position, item.isAdded, item.action == .create || isSameData,
            !selected.contains(item.source.key)
        {
            added[Place(sourceKey: item.source.key, targetKey: item.targetKey)] = position
        }
        guard item.action != .refuse, item.action != .conflict else { return }
        for key in item.record.references.values {
            needed.insert(Place(sourceKey: key, targetKey: item.targetKey))
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
