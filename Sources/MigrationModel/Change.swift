// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// Work on a copy that is not a transfer, such as hiding an earlier version of a series when a
/// newer one replaces it.
///
/// The plan lists the change, and the journal has a row for it beside the run's transfers. A run
/// carries it out after the newer version is done, and never if the newer version failed.
public struct Change: Codable, Hashable, Sendable {
    public enum Action: String, Codable, CaseIterable, Sendable {
        /// Undoes an earlier change, since the version is the current one again.
        case restore
        /// Gives a new version the name of the series, which an earlier version has until then.
        case promote
        case rename, hide, deactivate, delete

        /// True if this action makes the current version visible to others. Until it is done, the
        /// version that others see now stays as it is.
        public var shows: Bool { self == .restore || self == .promote }
    }

    public enum State: String, Codable, CaseIterable, Sendable {
        case planned
        case done
        /// The image stays as it is; ``Change/reason`` says why. This is not an error.
        case left
        case failed
    }

    /// The id of the journal's row; 0 before the journal has one.
    public var id: Int64 = 0
    public let action: Action
    /// The image as the plan saw it. An image that has changed since then is left alone.
    public var image: TargetImage
    public let lineageID: String
    public let versionID: String
    /// The version that replaces this one. Its copy has to be done first.
    public let currentVersionID: String
    /// The current versions from the other sources, if the series has several sources.
    public var otherCurrentVersionIDs: [String]?
    /// The record with which the copy was made. A restoration goes back to it.
    public let record: PlannedRecord
    /// The name that the image gets by `rename` or `promote`.
    public let newName: String?
    public var state: State
    public var reason: PlanReason
    public var failure: Transfer.Failure?
    /// True if the change is due even if the new version turns out to have the data of a version
    /// that the target has; nil if not.
    public var isDueAnyway: Bool?
    /// True if a newer version at the target has the same data; nil if not.
    public var isDouble: Bool?

    public init(
        _ action: Action, _ image: TargetImage, origin: Origin, currentVersionID: String,
        record: PlannedRecord, newName: String? = nil, state: State = .planned,
        reason: PlanReason
    ) {
        self.action = action
        self.image = image
        lineageID = origin.lineageID
        versionID = origin.versionID
        self.currentVersionID = currentVersionID
        self.record = record
        self.newName = newName
        self.state = state
        self.reason = reason
    }

    public var targetKey: String { image.targetKey }

    /// True if a current version waits for the name of its series, because another image keeps that
    /// name: one that was edited, or that this journal does not know.
    public var waitsForName: Bool {
        switch reason {
        case .nameHeld, .nameHeldByUnknown: state == .left && action.shows
        default: false
        }
    }

    /// True if an operator has to act before the new version can become the current one: the image
    /// that has the name of the series, or the new version itself, was edited.
    public var waitsForOperator: Bool {
        guard !waitsForName else { return true }
        guard state == .left, action == .promote else { return false }
        return switch reason {
        case .protectedByHand, .editedByHand: true
        default: false
        }
    }

    /// The name of the series, if the image gets it by this change; nil otherwise.
    public var nameShown: String? {
        switch action {
        case .promote: newName
        case .restore: image.name == record.shownName ? nil : record.shownName
        case .rename, .hide, .deactivate, .delete: nil
        }
    }

    /// True if the change goes on although the current version waits for the name of its series: it
    /// deletes a version that never got that name.
    public var goesOnBesideWaiting: Bool {
        guard action == .delete, case .neverCurrent = reason else { return false }
        return true
    }

    /// Returns the reason why two visible images would have the name that this change gives; nil if
    /// no other image keeps the name.
    ///
    /// - Parameters:
    ///   - named: the whole, visible images that have the name now.
    ///   - all: the changes of the series at the target. Some take the name from other images.
    ///   - sparesOthers: true if images outside the series may have the name, too.
    public func nameHolder(
        among named: [TargetImage], besides all: [Change], sparesOthers: Bool
    ) -> PlanReason? {
        // A run that died has given the name already.
        guard !named.contains(where: { $0.id == image.id }) else { return nil }
        for found in named {
            let own = all.first {
                $0.image.id == found.id && $0.state == .planned && !$0.action.shows
            }
            if let own {
                guard let difference = own.difference(of: found) else { continue }
                return .nameHeld(imageID: found.id, edited: difference.editedFields)
            }
            // The plan has judged the images with a marker.
            if !sparesOthers, found.originValue == nil {
                return .nameHeldByUnknown(imageID: found.id)
            }
        }
        return nil
    }

    /// The image's name and id, for people.
    public var label: String { "\(image.name ?? "an image without a name") (\(image.id))" }

    /// Returns the same change with its result.
    public func ended(
        _ state: State, _ reason: PlanReason? = nil, failure: TranshipError? = nil
    ) -> Change {
        var change = self
        change.state = state
        if let reason { change.reason = reason }
        change.failure = failure.map { Transfer.Failure($0) }
        return change
    }

    /// True if the image shows that the action was carried out. Always false for `delete`.
    public func isCarriedOut(on image: TargetImage) -> Bool {
        switch action {
        case .restore: Self.isShown(image, as: record)
        case .rename, .promote: image.name == newName
        case .hide: image.isHidden
        case .deactivate: image.status == .deactivated
        case .delete: false
        }
    }

    /// Returns the reason why an image is no longer as the plan saw it; nil if it still is.
    public func difference(of found: TargetImage) -> PlanReason? {
        guard found.originValue == image.originValue, found.ownerID == image.ownerID else {
            return .notOurs
        }
        guard found.isWhole else { return .changedMeanwhile(status: found.status) }
        // A run that deletes a version changes nothing else of it, so each edit was made by hand.
        if action == .delete { return edit(of: found) }
        if found.name != image.name, found.name != newName { return .editedByHand(field: "name") }
        // The plan may have seen the image before this run published it.
        if ![image.visibility, record.visibility].contains(found.visibility) {
            return .editedByHand(field: "visibility")
        }
        // The same holds for the protection.
        if found.isProtected, !image.isProtected, !record.isProtected { return .protectedByHand }
        return nil
    }

    /// True if others see the image as the current version now, and no longer after the change.
    public var takesFromView: Bool {
        !action.shows && Self.isShown(image, as: record)
    }

    /// True if others see the image as the current version, as the record says: with that name, and
    /// hidden or deactivated only if the record is.
    public static func isShown(_ image: TargetImage, as record: PlannedRecord) -> Bool {
        image.isHidden == record.isHidden && image.name == record.shownName
            && (image.status == .deactivated) == record.isDeactivated
    }

    /// Returns the difference from the image that the plan saw, in any field that a listing shows;
    /// nil if there is none. Listings do not show members.
    private func edit(of found: TargetImage) -> PlanReason? {
        if found.isProtected, !image.isProtected { return .protectedByHand }
        let fields: [(name: String, isEqual: Bool)] = [
            ("name", found.name == image.name),
            ("visibility", found.visibility == image.visibility),
            ("protected", found.isProtected == image.isProtected),
            ("hidden", found.isHidden == image.isHidden),
            ("deactivated", found.status == image.status),
        ]
        let changed = fields.first { !$0.isEqual }?.name ?? image.detailDiffering(from: found)
        return changed.map { .editedByHand(field: FieldNames([$0])) }
    }
}

extension PlanReason {
    /// The fields of an image that were edited by hand; nil for other reasons.
    public var editedFields: FieldNames? {
        switch self {
        case .protectedByHand: "protection"
        case .editedByHand(let fields): fields
        default: nil
        }
    }
}

extension TargetImage {
    /// Returns a field of ``details`` that differs; nil if none does, or if one of the images has
    /// no details.
    fileprivate func detailDiffering(from other: TargetImage) -> String? {
        guard let own = details, let other = other.details else { return nil }
        if own.minDiskGiB != other.minDiskGiB { return "min_disk" }
        if own.minRAMMiB != other.minRAMMiB { return "min_ram" }
        if Set(own.tags) != Set(other.tags) { return "tags" }
        return Set(own.properties.keys).union(other.properties.keys).sorted().first {
            // The service writes properties with this prefix.
            !$0.hasPrefix("os_glance") && own.properties[$0] != other.properties[$0]
        }.map { "properties.\($0)" }
    }
}
