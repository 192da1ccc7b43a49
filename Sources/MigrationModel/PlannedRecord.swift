// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The image record that a transfer is to leave at the target.
///
/// Frozen in the journal when the transfer is planned, so that a run that
/// continues tomorrow writes what the plan of today showed.
public struct PlannedRecord: Codable, Hashable, Sendable {
    /// Whom a shared image is shared with at the target.
    public enum Members: Codable, Hashable, Sendable {
        /// The same project ids: source and target share a Keystone.
        case keep
        /// Maps members by this table of project ids. Drops and reports members that are not in it.
        case map([String: String])
        /// Drops all members.
        case drop
    }

    /// Which stores of the target hold the data.
    public typealias Stores = ImageStores

    /// How the copy gets the source image's own id, in the words of `keep_id`.
    public enum KeptID: String, Codable, CaseIterable, Sendable {
        /// It has that id or is not made.
        case required = "true"
        /// Another one if that id cannot be had.
        case preferred = "prefer"
    }

    // Written with the record, before the first byte, so that property
    // protections and limits refuse early.
    public var name: String?
    /// The name that the copy gets when it becomes the current version of its series. Until then,
    /// and again when it is an earlier version, it is called ``name``. Nil: ``name`` at all times.
    public var currentName: String?
    public var diskFormat: String?
    public var containerFormat: String?
    public var minDiskGiB = 0
    public var minRAMMiB = 0
    public var tags: [String] = []
    public var properties: [String: String] = [:]
    /// Nil: an id is derived.
    public var keptID: KeptID?
    /// The owner to set, if the target's user may set another one.
    public var ownerID: String?
    /// Where the data is to lie.
    public var stores = Stores.standard
    /// False: a store that fails is reported, and the others count.
    public var allStoresMustSucceed = true
    /// True: an import that converts the data counts as done.
    public var acceptsTransformed = false
    public var verification = VerificationMode.proof

    // Applied after the bytes are proved, in this order.
    public var visibility = ImageVisibility.private
    public var members = Members.drop
    public var isHidden = false
    /// A deactivated image keeps its data, which administrators alone may read.
    public var isDeactivated = false
    public var isProtected = false
    /// Set while a copy gets other fields than its record at the target was made or published
    /// with: those former ones. What differs from them at the target was edited there, and stays.
    public var updatedFrom: RecordFields?
    /// The ids of images that have the copy's name. They are hidden once the copy is published.
    public var replaces: [String]?

    /// Properties whose value is another image of the same plan: property name
    /// to that image's source key. Written with the record, as the id that the
    /// other image got at the target.
    public var references: [String: String] = [:]
    /// Those of ``references`` whose copies are at another target than this record: in another
    /// project of the same Image service. Source key to that target's key.
    public var referenceTargets: [String: String]?

    /// The name of the copy while it is the current version.
    public var shownName: String? { currentName ?? name }

    /// The properties that the service counts: all that a record adds, our marker included.
    public var propertyCount: Int { properties.count + references.count + 1 }

    /// True if the service may well refuse the record as too large: its default limits for
    /// properties and tags are 128 each.
    public var mayBeTooLarge: Bool { propertyCount > 128 || tags.count > 128 }

    /// True if the members at the source matter.
    public var takesMembers: Bool { visibility == .shared && members != .drop }

    /// True if members matter, and no table says which projects they are at the target.
    public var mapsNoMember: Bool { takesMembers && members == .map([:]) }

    /// The members at the source with their projects at the target. Those that the table does not
    /// map are left out, and so is the copy's owner. Several may lead to one project.
    ///
    /// - Parameter owner: the project of a copy whose record names none.
    public func projects(
        for members: [String], owner: String?
    ) -> [(source: String, target: String)] {
        let mapped: [(source: String, target: String)] =
            switch self.members {
            case .drop: []
            case .keep: members.map { ($0, $0) }
            case .map(let table):
                members.compactMap { member in
                    (table[member] ?? table["*"]).map { (member, $0) }
                }
            }
        return mapped.filter { $0.target != ownerID ?? owner }
    }

    /// False for a member that the copy is hidden from: no line of the table is about it.
    public func reaches(_ member: String) -> Bool {
        switch members {
        case .drop: false
        case .keep: true
        case .map(let table): table[member] ?? table["*"] != nil
        }
    }

    /// The projects that the copy is shared with, each once.
    public func sharedProjects(for members: [String], owner: String?) -> [String] {
        var seen: Set<String> = []
        return projects(for: members, owner: owner).map(\.target)
            .filter { seen.insert($0).inserted }
    }

    public init(name: String?, diskFormat: String?, containerFormat: String?) {
        self.name = name
        self.diskFormat = diskFormat
        self.containerFormat = containerFormat
    }
}

/// How image data gets into the target.
public enum UploadMethod: String, Codable, CaseIterable, Sendable {
    /// One request with the bytes as its body: `PUT /v2/images/{id}/file`.
    case upload
    /// Staged first (`PUT …/stage`), then imported by a task of the service.
    case glanceDirect = "glance-direct"
    /// The service fetches a URL itself.
    case webDownload = "web-download"
    /// The service fetches the image from another region of its Keystone.
    case glanceDownload = "glance-download"

    /// The service moves the bytes; we only steer and compare.
    public var isServerSide: Bool { self == .webDownload || self == .glanceDownload }

    /// A task of the service finishes the work, and may convert the data.
    public var isImport: Bool { self != .upload }
}

/// How much is proved, and by whom.
public enum VerificationMode: String, Codable, CaseIterable, Sendable {
    /// What the source promised is computed in flight, and both legs compared.
    case proof
    /// The two clouds' own hashes are compared if they are comparable, and
    /// nothing is computed.
    case services
    /// As `proof`, and the target's data is read back as well.
    case paranoid
}

/// Which images start first. An image that another one names always starts before it.
public enum TransferOrder: String, Sendable, CaseIterable {
    case smallFirst = "small-first"
    case largeFirst = "large-first"
    /// In the order of the file and of the listings.
    case listed
}
