// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline

/// Finds the targets to which the kernels and ramdisks that an image names are copied, and the
/// obstacles.
extension Planner {
    /// Returns the item with the targets of the images that it names, or with its refusal.
    func withReferences(
        _ given: PlanItem, at target: PlanningTarget
    ) async throws(TranshipError) -> PlanItem {
        var item = given
        for (property, key) in item.record.references.sorted(by: { $0.key < $1.key }) {
            let found = try await planned(key, for: target)
            let obstacle: Obstacle
            if let (other, place) = found {
                if place.opened.key != target.opened.key {
                    item.intent.record.referenceTargets =
                        (item.record.referenceTargets ?? [:])
                        .merging([key: place.opened.key]) { $1 }
                }
                if let owner = other.source.ownerID, place.route?.isMapped(owner) == false {
                    obstacle = .unmappedProject(place.route?.words(ofProject: owner) ?? owner)
                } else if let message = try await refusal(of: other, at: place) {
                    obstacle = .refused(message)
                } else if let back = try await circle(from: item, by: key, at: place) {
                    obstacle = .circle(back)
                } else {
                    continue
                }
            } else {
                obstacle = unplanned(key, for: target)
            }
            item.refusal = .init(obstacle.refusal(naming: property, key))
            return item
        }
        return item
    }

    /// Returns an image of the plan and the target that gets it. If each project has a token, that
    /// may be the target of another project of the same Image service.
    private func planned(
        _ key: String, for target: PlanningTarget
    ) async throws(TranshipError) -> (item: PlanItem, place: PlanningTarget)? {
        for place in [target] + others(beside: target) {
            let item = try await plan.item(sourceKey: key, targetKey: place.opened.key)
            if let item { return (item, place) }
        }
        return nil
    }

    /// Returns the targets of the other projects, for a target that gets one project's images.
    private func others(beside target: PlanningTarget) -> [PlanningTarget] {
        guard target.route?.takes != nil else { return [] }
        return targets.filter {
            $0.opened.endpoint == target.opened.endpoint && $0.opened.key != target.opened.key
                && $0.route?.takes != nil
        }
    }

    /// Returns the reason why no target gets an image that another one names.
    private func unplanned(_ key: String, for target: PlanningTarget) -> Obstacle {
        guard let owner = crossing.owner(of: key), let route = target.route else {
            return .notSeen
        }
        let project = route.words(ofProject: owner)
        return route.isMapped(owner) ? .targetIsAbsent(project) : .unmappedProject(project)
    }

    /// Returns the reason why another image of the plan is not copied; nil if it is copied, or if
    /// it is at the target.
    private func refusal(
        of other: PlanItem, at target: PlanningTarget
    ) async throws(TranshipError) -> String? {
        if let refusal = other.refusal { return refusal.message }
        guard
            let objection = target.objections(atUnixSeconds: nowUnixSeconds).objection(to: other)
        else { return nil }
        let known = try await journal.transfer(
            sourceKey: other.source.key, targetKey: other.targetKey)
        let isThere = [.done, .skipped, .unpublished].contains(known?.state)
        return isThere ? nil : objection.message
    }

    // MARK: Circles

    /// The longest chain of kernels and ramdisks that planning follows. No real image needs more;
    /// longer chains are left to the run.
    private static let chainImagesMax = 50

    /// Finds an image that needs itself: each image starts after those that it names.
    ///
    /// - Parameter key: the key of an image that the item names.
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
            let (item, place) = try await planned(key, for: target)
        else { return nil }
        for (_, next) in item.record.references.sorted(by: { $0.key < $1.key }) {
            let back = try await circle(at: next, after: path + [key], &seen, at: place)
            if let back { return back }
        }
        return nil
    }
}

/// The reason why an image that another one names is not copied.
private enum Obstacle {
    case notSeen
    case refused(String)
    /// The names lead back to the image with this key.
    case circle(String)
    /// The project is not in `projects`.
    case unmappedProject(String)
    /// The target that gets the project's images does not take part in this plan.
    case targetIsAbsent(String)

    func refusal(naming property: String, _ key: String) -> TranshipError {
        TranshipError(
            .refused, "its \(property) names image \(Self.id(ofKey: key)), which \(words)",
            hint: hint(property))
    }

    private var words: String {
        switch self {
        case .notSeen: "is not at the source, or this project may not see it"
        case .refused(let message): "cannot be copied: \(message)"
        case .circle(let back):
            "leads back to image \(Self.id(ofKey: back)), by the kernels and ramdisks that it names: "
                + "neither can be copied first"
        case .unmappedProject(let project): "is of project \(project), which is not in `projects`"
        case .targetIsAbsent(let project):
            "is of project \(project), whose target does not take part in this run"
        }
    }

    private func hint(_ property: String) -> String {
        let drop =
            "if the copy boots without it, drop it with `properties: { drop: [\(property)] }` in the "
            + "target's `image`"
        return switch self {
        case .unmappedProject:
            "add that project, or \"*\" for the rest, to `projects`; \(drop)"
        case .targetIsAbsent: "run again when that target answers; \(drop)"
        case .notSeen, .refused, .circle: "correct or remove \(property) at the source; \(drop)"
        }
    }

    /// Returns the id for messages. A value that cannot be an id is in quotes.
    private static func id(ofKey key: String) -> String {
        let value = SourceImage.place(inKey: key)
        return KeptIDs.isUUID(value) ? value : "\"\(value)\""
    }
}
