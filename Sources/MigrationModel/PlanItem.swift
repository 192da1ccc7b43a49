// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The action that a plan decides for one source image at one target.
public enum PlanAction: String, Codable, CaseIterable, Sendable {
    /// Copy the image: it is not at the target, or only partly.
    case create
    /// Finish a copy of ours that has its data but is not published as planned.
    case update
    /// Do nothing: the image is at the target already, or the pipeline says to leave it out.
    case skip
    /// The target has a different image of this name, and the pipeline forbids a second one.
    case conflict
    /// The image cannot be copied faithfully; the reason says why.
    case refuse

    /// The words after a number of images: `4 to create`, `1 in conflict`.
    public var countedWord: String {
        switch self {
        case .create, .update, .skip: "to \(rawValue)"
        case .conflict: "in conflict"
        case .refuse: "refused"
        }
    }
}

/// One source image with the plan for its copy at one target.
///
/// Planning writes the item into the journal's database while it reads the listings, and decides
/// its ``action`` there after it has read them all.
public struct PlanItem: Codable, Hashable, Sendable {
    /// The intent of the transfer of this item.
    public var intent: Intent
    /// The derived id of generation 0.
    public var firstImageID: String
    public var promise: Checksum?
    /// Remarks for the plan and the report, such as about properties that are left out.
    public var notes: [Note]
    /// The reason why the image cannot be copied. If it is set, the action is `refuse`.
    public var refusal: Transfer.Failure?

    public var action: PlanAction?
    public var reason: PlanReason?
    /// The transfer at its start, if the action is create or update.
    public var start: Transfer?

    public init(
        _ intent: Intent, firstImageID: String, promise: Checksum? = nil, notes: [Note] = [],
        refusal: Transfer.Failure? = nil
    ) {
        self.intent = intent
        self.firstImageID = firstImageID
        self.promise = promise
        self.notes = notes
        self.refusal = refusal
    }

    public var targetKey: String { intent.targetKey }

    /// As ``Transfer/targetKey(ofReference:)``.
    public func targetKey(ofReference key: String) -> String {
        record.referenceTargets?[key] ?? targetKey
    }

    public var source: SourceImage { _read { yield intent.source } }
    public var record: PlannedRecord { _read { yield intent.record } }
    public var origin: Origin { intent.origin }
    public var method: UploadMethod { intent.method }
    public var methodReason: PlanReason? { intent.methodReason }
    public var fallbacks: [UploadMethod] { intent.fallbacks }
}

extension PlanItem {
    /// The reason why the plan refuses the image or finds it in conflict; nil for other actions.
    public var objection: Transfer.Failure? {
        switch action {
        case .refuse: refusal
        case .conflict:
            Transfer.Failure(
                TranshipError(.targetConflict, reason?.words ?? "", hint: reason?.wayOut))
        case .create, .update, .skip, nil: nil
        }
    }
}

/// An image that the plan of a run refuses, or finds in conflict with an image at the target.
public struct RefusedImage: Sendable, Hashable {
    /// The image's name at the source, or its place.
    public let name: String
    public let sourceKey: String
    public let targetKey: String
    /// ``PlanAction/refuse`` or ``PlanAction/conflict``.
    public let action: PlanAction
    public let failure: Transfer.Failure

    /// The image's id at the source, or its place.
    public var sourceID: String { SourceImage.place(inKey: sourceKey) }

    public init(
        name: String, sourceKey: String, targetKey: String, action: PlanAction,
        failure: Transfer.Failure
    ) {
        self.name = name
        self.sourceKey = sourceKey
        self.targetKey = targetKey
        self.action = action
        self.failure = failure
    }
}

/// The facts that the journal keeps during planning about one image that a target lists.
public struct TargetImage: Codable, Hashable, Sendable {
    public var targetKey: String
    public var id: String
    public var name: String?
    public var status: ImageStatus
    public var sizeBytes: Int64?
    public var checksums: [Checksum]
    public var visibility: ImageVisibility
    public var isHidden: Bool
    public var isProtected: Bool
    public var ownerID: String?
    /// The value of the marker property.
    public var originValue: String?
    /// The marker in ``originValue``; nil without one, and if it does not have the form of ours.
    public var origin: Origin? { originValue.flatMap(Origin.init(propertyValue:)) }
    /// The stores that hold the data; empty if the cloud does not report them.
    public var stores: [String]
    /// True for an image in an archive whose record is not published: archive sources do not see
    /// it.
    public var isUnpublished: Bool?
    /// The damage of its files in an archive; nil for a whole image, and for an image of a cloud.
    public var damage: Damage?
    /// The time of creation; nil if the cloud does not report it in a form that we can read.
    public var createdAtUnixSeconds: Int64?
    /// The ids of its kernel and its ramdisk; nil if its record names none.
    public var namedImageIDs: [String]?
    /// The other fields that a pipeline can set; nil for images that are not copies of ours.
    public var details: Details?

    /// The damage of an image's files in an archive.
    public struct Damage: Codable, Hashable, Sendable {
        /// The damage in words, with the path: `its record …/images/ID.json is not JSON`.
        public var words: String
        /// False if a run cannot replace the damaged file.
        public var isMendable: Bool
        /// True if the record is damaged; false if the data is.
        public var isOfRecord: Bool

        public init(_ words: String, isMendable: Bool = true, isOfRecord: Bool) {
            self.words = words
            self.isMendable = isMendable
            self.isOfRecord = isOfRecord
        }
    }

    /// Fields that are kept only for copies of ours, since they are too large to keep for all
    /// images.
    public struct Details: Codable, Hashable, Sendable {
        public var minDiskGiB: Int
        public var minRAMMiB: Int
        public var tags: [String]
        public var properties: [String: String]
        /// Nil if the record has no disk format.
        public var diskFormat: String?
        public var containerFormat: String?

        public init(
            minDiskGiB: Int, minRAMMiB: Int, tags: [String], properties: [String: String]
        ) {
            self.minDiskGiB = minDiskGiB
            self.minRAMMiB = minRAMMiB
            self.tags = tags
            self.properties = properties
        }
    }

    public init(
        targetKey: String, id: String, name: String?, status: ImageStatus, sizeBytes: Int64?,
        checksums: [Checksum], visibility: ImageVisibility, isHidden: Bool, isProtected: Bool,
        ownerID: String?, originValue: String?, stores: [String] = [],
        createdAtUnixSeconds: Int64? = nil
    ) {
        self.targetKey = targetKey
        self.id = id
        self.name = name
        self.status = status
        self.sizeBytes = sizeBytes
        self.checksums = checksums
        self.visibility = visibility
        self.isHidden = isHidden
        self.isProtected = isProtected
        self.ownerID = ownerID
        self.originValue = originValue
        self.stores = stores
        self.createdAtUnixSeconds = createdAtUnixSeconds
    }
}
