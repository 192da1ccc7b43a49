// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// What a plan wants to do with one source image at one target.
public enum PlanAction: String, Codable, CaseIterable, Sendable {
    /// Copy it: it is not there, or only partly.
    case create
    /// The data is there and ours; last steps of publishing are missing.
    case update
    /// It is there already, or the operator said to leave it.
    case skip
    /// The target has a different image of this name, and the pipeline forbids a second one.
    case conflict
    /// It cannot be copied faithfully; the reason says why.
    case refuse

    /// The word behind a number of images: `4 to create`, `1 in conflict`.
    public var countedWord: String {
        switch self {
        case .create, .update, .skip: "to \(rawValue)"
        case .conflict: "in conflict"
        case .refuse: "refused"
        }
    }
}

/// One source image with what the pipeline wants of it at one target.
///
/// Planning writes it into the journal's database while it reads the listings,
/// and decides ``action`` there once all listings are in.
public struct PlanItem: Codable, Hashable, Sendable {
    /// What a transfer of this item is to do.
    public var intent: Intent
    /// The derived id of generation 0.
    public var firstImageID: String
    public var promise: Checksum?
    /// What is changed or left out on the way, for the plan and the report.
    public var notes: [Note]
    /// Why it cannot be copied; decides the action alone.
    public var refusal: Transfer.Failure?

    public var action: PlanAction?
    public var reason: PlanReason?
    /// How the transfer starts when the action is create or update.
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
    /// Why the plan refuses the image or finds it in conflict; nil for other actions.
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

/// An image that the plan of a run refuses, or finds in conflict with what the target has.
public struct RefusedImage: Sendable, Hashable {
    /// The image's name at the source, or where it is.
    public let name: String
    public let sourceKey: String
    public let targetKey: String
    /// ``PlanAction/refuse`` or ``PlanAction/conflict``.
    public let action: PlanAction
    public let failure: Transfer.Failure

    /// The image's id at the source, or where it is.
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

/// What the journal keeps of one image that a target lists, while it plans.
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
    /// What ``originValue`` says; nil without a marker, and if it does not have the form of ours.
    public var origin: Origin? { originValue.flatMap(Origin.init(propertyValue:)) }
    /// The stores that hold it; empty if the cloud does not report them.
    public var stores: [String]
    /// True of an image in an archive whose record is not published: archive sources do not see it.
    public var isUnpublished: Bool?
    /// What is wrong with its files in an archive; nil of an image that is whole, or of a cloud.
    public var damage: Damage?
    /// Nil if the cloud does not report it in a form that we read.
    public var createdAtUnixSeconds: Int64?
    /// The images that it names as its kernel and its ramdisk; nil if it names none.
    public var namedImageIDs: [String]?
    /// What a pipeline can set of it beside the rest; nil for images that are not copies of ours.
    public var details: Details?

    /// What is wrong with the files of an image in an archive.
    public struct Damage: Codable, Hashable, Sendable {
        /// With the path: `its record …/images/ID.json is not JSON`.
        public var words: String
        /// False if a run cannot write another file in the place of the damaged one.
        public var isMendable: Bool
        /// False if its data is damaged.
        public var isOfRecord: Bool

        public init(_ words: String, isMendable: Bool = true, isOfRecord: Bool) {
            self.words = words
            self.isMendable = isMendable
            self.isOfRecord = isOfRecord
        }
    }

    /// The fields of a copy whose listing would be too large with those of all images.
    public struct Details: Codable, Hashable, Sendable {
        public var minDiskGiB: Int
        public var minRAMMiB: Int
        public var tags: [String]
        public var properties: [String: String]
        /// Nil if the record has none.
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
