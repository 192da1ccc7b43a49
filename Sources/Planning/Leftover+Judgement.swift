// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel

extension Leftover {
    /// The states in which an image holds no usable data.
    static let statuses: Set<ImageStatus> = [.queued, .saving, .uploading, .importing, .killed]

    /// Judges an image; nil if it is whole, because whole images are never removed here.
    init?(_ marked: MarkedImage, _ ownership: Ownership) {
        let image = marked.image
        guard Self.statuses.contains(image.status) else { return nil }
        let source = marked.transfer?.source ?? marked.item?.source
        guard ownership.isMade, let name = source?.displayName else {
            let reason: PlanReason =
                ownership == .planted
                ? .inOtherProject(projectID: image.ownerID) : .markerProvesNothing
            self.init(.keep, image, reason, whose: "unknown", sizeBytes: source?.sizeBytes)
            return
        }
        let isInJournal = marked.transfer?.imageID == image.id
        var fate = Fate.keep
        let reason: PlanReason
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
        self.init(
            fate, image, reason,
            whose: "a copy of \(name), by \(isInJournal ? "the journal" : "its derived id")",
            sizeBytes: source?.sizeBytes)
    }
}
