// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
public import MigrationModel

/// A record with our marker at a target that holds no whole image, and what
/// `clean` does with it.
public struct Leftover: Sendable, Hashable {
    public enum Fate: String, CaseIterable, Sendable {
        /// It is ours, and no transfer needs it.
        case remove
        /// It was removed.
        case removed
        /// It stays; the reason says why.
        case keep
        /// It could not be removed; the reason says why.
        case failed
    }

    public var fate: Fate
    public var image: TargetImage
    public var reason: PlanReason
    /// The source image, and what proves that the record is a copy of it.
    public var whose: String
    /// Of the source image; nil if unknown.
    public var sizeBytes: Int64?

    /// In these states an image holds no data that could be used.
    static let statuses: Set<ImageStatus> = [.queued, .saving, .uploading, .importing, .killed]

    /// Nil for whole images, which are never removed here.
    init?(_ marked: MarkedImage, _ ownership: Ownership) {
        guard Self.statuses.contains(marked.image.status) else { return nil }
        image = marked.image
        let source = marked.transfer?.source ?? marked.item?.source
        sizeBytes = source?.sizeBytes
        fate = .keep
        guard ownership.isMade, let name = source?.displayName else {
            whose = "unknown"
            reason = .markerProvesNothing
            return
        }
        let isInJournal = marked.transfer?.imageID == image.id
        whose = "a copy of \(name), by \(isInJournal ? "the journal" : "its derived id")"
        if isInJournal, marked.isResumable {
            reason = .interruptedRunNeedsIt
        } else if let start = marked.item?.start, start.imageID == image.id,
            [.create, .update].contains(marked.item?.action)
        {
            reason = .nextRunContinuesIt
        } else if ownership == .keptID || ownership == .givenUpKeptID {
            reason = .sourceIDWouldBurn
        } else if image.visibility != .private || image.isProtected {
            reason = .changedByOthers(
                visibility: image.visibility, isProtected: image.isProtected)
        } else if ownership == .otherProject {
            reason = .inOtherProject(projectID: image.ownerID)
        } else if ownership.mayBeCleaned {
            fate = .remove
            reason = .unfinished(status: image.status)
        } else {
            reason = .markerProvesNothing
        }
    }
}
