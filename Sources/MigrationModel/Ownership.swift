// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// Whose a record at a target is, as one planned copy sees it.
///
/// The one answer to "is it ours, may it be deleted?". Planning, uploading,
/// `adopt`, `clean` and every removal ask here. Pure: what the journal holds and
/// what the target shows go in. `docs/journal.md` lists the cases.
///
/// A marker alone proves nothing. Compute services copy an image's properties
/// into the snapshots of its servers, our marker among them, and anyone who may
/// write properties can forge it. So the id decides first.
public enum Ownership: String, CaseIterable, Sendable {
    /// The journal's row names the id, and the record carries the marker.
    case oursByRow = "ours-by-row"
    /// The id is one that we derive, and the record carries the marker. The
    /// journal does not name it: it was lost, or another host made the record.
    case oursByDerivation = "ours-by-derivation"
    /// As ``oursByRow``, but the data was sent by another host: this journal
    /// neither sent it nor asked the service for it.
    case anotherHosts = "another-hosts"
    /// As ``oursByRow``, but the data was there before this journal knew of the
    /// record. A run that this journal does not remember may have published it.
    case adopted = "adopted"
    /// An image of other origin with the same data, which a plan took as the copy.
    case accepted = "accepted"
    /// Our copy under the source image's own id. Deleting it would burn the id.
    case keptID = "kept-id"
    /// A record that was left behind under an id which could not be kept.
    case givenUpKeptID = "given-up-kept-id"
    /// The id is ours, this journal filled the record, and it lies in a project that is not the
    /// copy's: someone has moved it.
    case otherProject = "other-project"
    /// The id and the marker are ours, the project is not the copy's, and this journal did not fill
    /// the record. Anyone who knows a source can compute both and make such a record in a project of
    /// their own, before we do.
    case planted
    /// The id is ours, and the marker is missing or names another version.
    case unmarked = "unmarked"
    /// The marker is ours, and the id is not.
    case forged = "forged"
    /// Another image has the id that the copy should keep.
    case holdsKeptID = "holds-kept-id"
    /// Neither the id nor the marker is ours.
    case foreign = "foreign"

    /// Derived ids that a record is compared with.
    public static let generationsMax = 50

    /// The project that a copy should lie in.
    public enum Project: Sendable, Hashable {
        /// Not compared.
        case any
        /// Compared; nil without Keystone.
        case only(String?)

        /// Compares the projects if both are known. Services write an id with or without hyphens.
        public static func known(_ expected: String?, of image: TargetImage) -> Project {
            guard let expected, !expected.isEmpty, let owner = image.ownerID, !owner.isEmpty,
                !ProjectID.areEqual(expected, owner)
            else { return .any }
            return .only(expected)
        }
    }

    /// - Parameters:
    ///   - image: what the target shows of the record.
    ///   - source: the image that the copy is made of.
    ///   - record: what the copy should be.
    ///   - origin: the copy's marker.
    ///   - transfer: the journal's row of the copy; nil without one.
    ///   - projectID: the project that derived ids belong to, from the target's
    ///     user; nil without Keystone. An owner in `record` comes before it.
    ///   - project: the project that the image has to lie in.
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

    /// As the transfer sees the record that it names.
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

    /// True when Tranship made the record, wherever it lies now.
    public var isMade: Bool { isOurs || self == .otherProject || self == .givenUpKeptID }

    /// True when a transfer may delete the record it names, as long as it
    /// was not published (``TargetImage/isAsMade``).
    public var mayBeDiscarded: Bool { self == .oursByRow }

    /// True when `clean` may delete the record, as long as it holds no whole
    /// image, was not published and no transfer needs it.
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
    /// True when `rollback` may delete a copy that this journal filled, as long as it is what the
    /// run left. The operator accepts that a kept id is lost.
    public var mayBeUndone: Bool { self == .oursByRow || self == .keptID }

    /// True when an earlier version of a series may be hidden, renamed, deactivated or,
    /// once it has expired, deleted: it is a copy of ours that the journal knows, in the
    /// project of the copies.
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
    /// True for the source's id when this transfer could not keep it.
    func hasGivenUp(_ id: String) -> Bool {
        record.keptID == .preferred && placement.generation > 0 && id == source.imageID
    }
}
