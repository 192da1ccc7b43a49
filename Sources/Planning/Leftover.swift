// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
public import MigrationModel

/// A record with our marker at a target that holds no whole image, and what is
/// to become of it.
public struct Leftover: Sendable, Hashable {
    public enum Fate: String, CaseIterable, Sendable {
        /// Ours, and nobody needs it.
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
    public var reason: String
    /// Whose it is: the source image and what proves that it is ours.
    public var whose: String
    /// Of the source image; nil where nobody knows.
    public var sizeBytes: Int64?

    /// States in which an image holds no data that anybody could use.
    static let statuses: Set<String> = ["queued", "saving", "uploading", "importing", "killed"]
    /// States in which somebody may be working on it at this moment.
    static let busyStatuses: Set<String> = ["saving", "uploading", "importing"]

    public init(fate: Fate, image: TargetImage, reason: String, whose: String) {
        self.fate = fate
        self.image = image
        self.reason = reason
        self.whose = whose
    }

    /// Nil for whole images, which are never removed here.
    ///
    /// - Parameters:
    ///   - isOurs: the journal's row names its id, or it is one that we derive.
    ///   - ownerID: the project that our copies belong to; nil without Keystone.
    init?(_ marked: MarkedImage, isOurs: Bool, ownerID: String?) {
        guard Self.statuses.contains(marked.image.status) else { return nil }
        image = marked.image
        let origin = marked.transfer?.origin ?? marked.item?.origin
        let source = marked.transfer?.source ?? marked.item?.source
        sizeBytes = source?.sizeBytes
        let name = source?.displayName
        guard isOurs, origin?.propertyValue == image.originValue, let name else {
            fate = .keep
            whose = "unknown"
            reason =
                "it carries a marker, and neither the journal nor its id says that it is of "
                + "this pipeline"
            return
        }
        let isInJournal = marked.transfer?.imageID == image.id
        whose = "a copy of \(name), by \(isInJournal ? "the journal" : "its derived id")"
        fate = .keep
        if isInJournal, marked.isResumable {
            reason = "the interrupted run needs it"
        } else if let start = marked.item?.start, start.imageID == image.id,
            [.create, .update].contains(marked.item?.action)
        {
            reason = "the next run goes on with it"
        } else if (marked.transfer?.record ?? marked.item?.record)?.keptID != nil,
            image.id == source?.imageID
        {
            reason = "its id is the source's, which would be lost with it"
        } else if image.visibility != "private" || image.isProtected {
            let protection = image.isProtected ? " and protected" : ""
            reason = "it is \(image.visibility)\(protection), so somebody changed it"
        } else if image.ownerID != ownerID {
            reason = "it belongs to project \(image.ownerID ?? "?")"
        } else {
            fate = .remove
            reason = "it is \(image.status), and no transfer goes on with it"
        }
    }

    /// True where the service or another process may be filling it right now.
    public var mayBeBusy: Bool { Self.busyStatuses.contains(image.status) }
}
