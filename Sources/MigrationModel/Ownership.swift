// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// The owner of a record at a target, from the view of one planned copy.
///
/// Only this type decides whether a record is ours and may be deleted. Planning, uploading,
/// `adopt`, `clean` and every removal use it. Pure: decides by the journal's row and the record
/// that the caller passes in. `docs/journal.md` lists the cases.
///
/// A marker alone proves nothing. Compute services copy an image's properties, and with them our
/// marker, into the snapshots of its servers, and anyone who may write properties can forge it.
/// So the id decides first.
public enum Ownership: String, CaseIterable, Sendable {
    /// The journal's row names the id, and the record carries the marker.
    case oursByRow = "ours-by-row"
    /// The id is one that we derive, and the record carries the marker. The
    /// journal does not name it: it was lost, or another host made the record.
    case oursByDerivation = "ours-by-derivation"
    /// As ``oursByRow``, but another host sent the data: this journal neither sent it nor requested
    /// it from the service.
    case anotherHosts = "another-hosts"
    /// As ``oursByRow``, but the record had its data before this journal knew of it. A run that
    /// this journal does not remember may have published it.
    case adopted = "adopted"
    /// An image of other origin with the same data, which a plan took as the copy.
    case accepted = "accepted"
    /// Our copy under the source image's own id. Deleting it would burn the id.
    case keptID = "kept-id"
    /// A record that was left behind under an id which could not be kept.
    case givenUpKeptID = "given-up-kept-id"
    /// The id is ours and this journal filled the record, but the record is now in another project
    /// than the copy should be in: someone has moved it.
    case otherProject = "other-project"
    /// The id and the marker are ours, but the record is in another project, and this journal did
    /// not fill it. Anyone who knows a source can compute both and make such a record in their own
    /// project before we do.
    case planted
    /// The id is ours, but the marker is missing or names another version.
    case unmarked = "unmarked"
    /// The marker is ours, but the id is not.
    case forged = "forged"
    /// Another image has the id that the copy should keep.
    case holdsKeptID = "holds-kept-id"
    /// Neither the id nor the marker is ours.
    case foreign = "foreign"

    /// The number of derived ids with which a record's id is compared.
    public static let generationsMax = 50

    /// The project that a copy should be in.
    public enum Project: Sendable, Hashable {
        /// The projects are not compared.
        case any
        /// The record must be in this project; nil without Keystone.
        case only(String?)

        /// Returns `only` if both projects are known and differ; otherwise `any`. Services write
        /// the same id with or without hyphens.
        public static func known(_ expected: String?, of image: TargetImage) -> Project {
            guard let expected, !expected.isEmpty, let owner = image.ownerID, !owner.isEmpty,
                !ProjectID.areEqual(expected, owner)
            else { return .any }
            return .only(expected)
        }
    }

    /// - Parameters:
    ///   - image: the record as the target shows it.
    ///   - source: the image that the copy is made of.
    ///   - record: the record that the copy should have.
    ///   - origin: the copy's marker.
    ///   - transfer: the journal's row of the copy; nil if it has none.
    ///   - projectID: the project that derived ids belong to, from the target's
    ///     user; nil without Keystone. An owner in `record` comes before it.
    ///   - project: the project that the image has to be in.
    public init(
        of image: TargetImage, source: SourceImage, record: PlannedRecord, origin: Origin,
        transfer: Transfer?, projectID: String?, project: Project = .any
    ) {
        let hasMarker = image.originValue == origin.propertyValue
        let isNamed = transfer?.imageID == image.id
        let isAdopted = isNamed && transfer?.placement.isAdopted == true
        let hasSourceID = image.id == source.imageID
        if record.keptID != nil, hasSourceID, !hasMarker {
            self = isAdopted ? .accepted : .holdsKeptID
        } else if let transfer, transfer.hasGivenUp(image.id) {
            self = .givenUpKeptID
        } else if record.keptID != nil, hasSourceID {
            self = .keptID
        } else if isNamed {
            self = Self.named(image, transfer, hasMarker: hasMarker, isAdopted: isAdopted)
        } else if Self.isDerived(
            image.id, source, record, project: record.ownerID ?? projectID ?? "")
        {
            self = hasMarker ? .oursByDerivation : .unmarked
        } else {
            self = hasMarker ? .forged : .foreign
        }
        guard hasMarker, case .only(let projectID) = project, image.ownerID != projectID else {
            return
        }
        let isFilledByUs = isNamed && transfer?.placement.isFilledByUs == true
        switch self {
        case .forged, .givenUpKeptID: break
        case .keptID: if !isFilledByUs { self = .holdsKeptID }
        default: self = isFilledByUs ? .otherProject : .planted
        }
    }

    /// Decides from the view of a transfer that names the record.
    public init(of image: TargetImage, _ transfer: Transfer) {
        self.init(
            of: image, source: transfer.source, record: transfer.record, origin: transfer.origin,
            transfer: transfer, projectID: nil, project: .known(transfer.ownerID, of: image))
    }

    private static func named(
        _ image: TargetImage, _ transfer: Transfer?, hasMarker: Bool, isAdopted: Bool
    ) -> Ownership {
        guard hasMarker else { return isAdopted ? .accepted : .unmarked }
        if isAdopted { return .adopted }
        let mayBeOthers = image.holdsData && transfer?.placement.isFilledByUs != true
        return mayBeOthers ? .anotherHosts : .oursByRow
    }

    private static func isDerived(
        _ id: String, _ source: SourceImage, _ record: PlannedRecord, project: String
    ) -> Bool {
        (0..<generationsMax).contains {
            ImageIdentity.imageID(
                of: source, project: project, generation: $0, keptID: record.keptID) == id
        }
    }

    /// True when planning compares the image as the copy.
    public var isCopy: Bool {
        switch self {
        case .oursByRow, .oursByDerivation, .anotherHosts, .adopted, .accepted, .keptID,
            .otherProject, .unmarked:
            true
        case .givenUpKeptID, .planted, .forged, .holdsKeptID, .foreign: false
        }
    }

    /// True when a transfer may go on with the record: send into it, wait for
    /// it, compare and publish it.
    public var isOurs: Bool {
        switch self {
        case .oursByRow, .oursByDerivation, .anotherHosts, .adopted, .keptID: true
        case .accepted, .givenUpKeptID, .otherProject, .planted, .unmarked, .forged, .holdsKeptID,
            .foreign:
            false
        }
    }

    /// True when Tranship made the record, whatever its project is now.
    public var isMade: Bool { isOurs || self == .otherProject || self == .givenUpKeptID }

    /// True when a transfer may delete the record that it names, provided that
    /// the record was not published (``TargetImage/isAsMade``).
    public var mayBeDiscarded: Bool { self == .oursByRow }

    /// True when `clean` may delete the record, provided that it does not hold a whole image, was
    /// not published, and no transfer needs it.
    public var mayBeCleaned: Bool {
        switch self {
        case .oursByRow, .oursByDerivation, .anotherHosts, .adopted: true
        case .accepted, .keptID, .givenUpKeptID, .otherProject, .planted, .unmarked, .forged,
            .holdsKeptID, .foreign:
            false
        }
    }
}

extension Ownership {
    /// True when `rollback` may delete a copy that this journal filled, provided that the copy is
    /// still as the run left it. The operator accepts that a kept id is lost.
    public var mayBeUndone: Bool { self == .oursByRow || self == .keptID }

    /// True when an earlier version of a series may be hidden, renamed, deactivated or, after it
    /// has expired, deleted: it is a copy of ours that the journal knows, in the project of the
    /// copies.
    public var mayBeRetired: Bool {
        switch self {
        case .oursByRow, .anotherHosts, .adopted: true
        case .oursByDerivation, .accepted, .keptID, .givenUpKeptID, .otherProject, .planted,
            .unmarked, .forged, .holdsKeptID, .foreign:
            false
        }
    }
}

extension TargetImage {
    /// True when the record holds data, or data is on its way into it.
    public var holdsData: Bool {
        [.saving, .uploading, .importing, .active, .deactivated].contains(status)
    }

    /// True when the data is complete.
    public var isWhole: Bool { status == .active || status == .deactivated }

    /// True when the record is as Tranship makes it: private, and neither
    /// protected nor hidden. Anything else was published.
    public var isAsMade: Bool { visibility == .private && !isProtected && !isHidden }
}

extension Transfer {
    /// True if `id` is the source's id and this transfer gave it up.
    func hasGivenUp(_ id: String) -> Bool {
        record.keptID == .preferred && placement.generation > 0 && id == source.imageID
    }
}
