// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// Work on a copy that is not a transfer: what becomes of an earlier version of a
/// series when a newer one replaces it.
///
/// The plan lists it, and the journal has a row of it beside the run's transfers.
/// It is carried out after the newer version is done, and never if that failed.
public struct Change: Codable, Hashable, Sendable {
    public enum Action: String, Codable, CaseIterable, Sendable {
        /// An earlier change is taken back, since the version is the current one again.
        case restore
        /// A new version gets the name of the series, which an earlier version has until then.
        case promote
        case rename, hide, deactivate, delete

        /// True if others see the current version by it. Until that is done, the version that
        /// others see now stays as it is.
        public var shows: Bool { self == .restore || self == .promote }
    }

    public enum State: String, Codable, CaseIterable, Sendable {
        case planned
        case done
        /// The image stays as it is; the reason says why. Nothing is wrong.
        case left
        case failed
    }

    /// The journal's row; 0 before it has one.
    public var id: Int64 = 0
    public let action: Action
    /// The image as the plan saw it. One that has changed since is left alone.
    public var image: TargetImage
    public let lineageID: String
    public let versionID: String
    /// The version that replaces it. Its copy has to be done first.
    public let currentVersionID: String
    /// More of them, of a series with several sources.
    public var otherCurrentVersionIDs: [String]?
    /// What the copy's record was made to be: a restoration goes back to it.
    public let record: PlannedRecord
    /// The name that a renaming or a promotion gives.
    public let newName: String?
    public var state: State
    public var reason: PlanReason
    public var failure: Transfer.Failure?
    /// True if it is due as well if the new version turns out to have the data of one that is there;
    /// nil if not.
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

    /// True if a current version waits for the name of its series, which an image keeps that someone
    /// edited.
    public var waitsForName: Bool {
        switch reason {
        case .nameHeld, .nameHeldByUnknown: state == .left && action.shows
        default: false
        }
    }

    /// True if a new version does not become the current one before an operator undoes an edit: of
    /// the image that has the name of the series, or of its own.
    public var waitsForOperator: Bool {
        guard !waitsForName else { return true }
        guard state == .left, action == .promote else { return false }
        return switch reason {
        case .protectedByHand, .editedByHand: true
        default: false
        }
    }

    /// The name that the image gets by this change; nil if it gets none.
    public var nameShown: String? {
        switch action {
        case .promote: newName
        case .restore: image.name == record.shownName ? nil : record.shownName
        case .rename, .hide, .deactivate, .delete: nil
        }
    }

    /// Whether the change goes on although the current version waits for the name of its series: the
    /// deletion of a version that waited for it in vain.
    public var goesOnBesideWaiting: Bool {
        guard action == .delete, case .neverCurrent = reason else { return false }
        return true
    }

    /// Why two visible images would have the name that this change gives; nil if none keeps it.
    ///
    /// - Parameters:
    ///   - named: the whole, visible images that have the name now.
    ///   - all: the changes of the series at the target, which take the name from others.
    ///   - sparesOthers: true if images beside the series may have the name, too.
    public func nameHolder(
        among named: [TargetImage], besides all: [Change], sparesOthers: Bool
    ) -> PlanReason? {
        // A run that died has given it.
        guard !named.contains(where: { $0.id == image.id }) else { return nil }
        for found in named {
            let own = all.first {
                $0.image.id == found.id && $0.state == .planned && !$0.action.shows
            }
            if let own {
                guard let difference = own.difference(of: found) else { continue }
                return .nameHeld(imageID: found.id, edited: difference.editedFields)
            }
            // What has a marker, the plan has judged.
            if !sparesOthers, found.originValue == nil {
                return .nameHeldByUnknown(imageID: found.id)
            }
        }
        return nil
    }

    /// The image for people.
    public var label: String { "\(image.name ?? "an image without a name") (\(image.id))" }

    /// The same, with what came of it.
    public func ended(
        _ state: State, _ reason: PlanReason? = nil, failure: TranshipError? = nil
    ) -> Change {
        var change = self
        change.state = state
        if let reason { change.reason = reason }
        change.failure = failure.map { Transfer.Failure($0) }
        return change
    }

    /// Whether an image shows what the action leads to.
    public func isCarriedOut(on image: TargetImage) -> Bool {
        switch action {
        case .restore: Self.isShown(image, as: record)
        case .rename, .promote: image.name == newName
        case .hide: image.isHidden
        case .deactivate: image.status == .deactivated
        case .delete: false
        }
    }

    /// Why an image is no longer what the plan saw; nil if it is.
    public func difference(of found: TargetImage) -> PlanReason? {
        guard found.originValue == image.originValue, found.ownerID == image.ownerID else {
            return .notOurs
        }
        guard found.isWhole else { return .changedMeanwhile(status: found.status) }
        // No run does anything else to a version that it deletes, so every edit is someone else's.
        if action == .delete { return edit(of: found) }
        if found.name != image.name, found.name != newName { return .editedByHand(field: "name") }
        // The plan saw it before this run published it.
        if ![image.visibility, record.visibility].contains(found.visibility) {
            return .editedByHand(field: "visibility")
        }
        // As for the visibility.
        if found.isProtected, !image.isProtected, !record.isProtected { return .protectedByHand }
        return nil
    }

    /// True if others see the image as the current version now, and do not after the change.
    public var takesFromView: Bool {
        !action.shows && Self.isShown(image, as: record)
    }

    /// True if others see an image under its name, as the record says.
    public static func isShown(_ image: TargetImage, as record: PlannedRecord) -> Bool {
        image.isHidden == record.isHidden && image.name == record.shownName
            && (image.status == .deactivated) == record.isDeactivated
    }

    /// What differs from what the plan saw, in any field that a listing shows; nil if nothing does.
    /// Members are in no listing.
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
    /// What someone changed about an image.
    public var editedFields: FieldNames? {
        switch self {
        case .protectedByHand: "protection"
        case .editedByHand(let fields): fields
        default: nil
        }
    }
}

extension TargetImage {
    /// A field of ``details`` that differs; nil if none does, or if one of the images has none.
    fileprivate func detailDiffering(from other: TargetImage) -> String? {
        guard let own = details, let other = other.details else { return nil }
        if own.minDiskGiB != other.minDiskGiB { return "min_disk" }
        if own.minRAMMiB != other.minRAMMiB { return "min_ram" }
        if Set(own.tags) != Set(other.tags) { return "tags" }
        return Set(own.properties.keys).union(other.properties.keys).sorted().first {
            // The service writes these.
            !$0.hasPrefix("os_glance") && own.properties[$0] != other.properties[$0]
        }.map { "properties.\($0)" }
    }
}
