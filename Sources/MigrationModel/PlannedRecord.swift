// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The image record that a transfer should leave at the target.
///
/// Planning freezes it in the journal, so that a run that continues tomorrow writes the record that
/// today's plan showed.
public struct PlannedRecord: Codable, Hashable, Sendable {
    /// The rule for the members of a shared image at the target.
    public enum Members: Codable, Hashable, Sendable {
        /// Keeps the project ids: source and target share a Keystone.
        case keep
        /// Maps members by this table of project ids. Drops and reports members that are not in it.
        case map([String: String])
        /// Drops all members.
        case drop
    }

    /// The stores of the target that hold the data.
    public typealias Stores = ImageStores

    /// The values of `keep_id` with which the copy gets the source image's own id.
    public enum KeptID: String, Codable, CaseIterable, Sendable {
        /// The copy gets that id or is not made.
        case required = "true"
        /// The copy gets another id if that id is not available.
        case preferred = "prefer"
    }

    // These fields are written with the record, before the first byte, so that property protections
    // and limits refuse early.
    public var name: String?
    /// The name of the copy while it is the current version of its series. Before and after that,
    /// its name is ``name``. Nil if it always has the name ``name``.
    public var currentName: String?
    public var diskFormat: String?
    public var containerFormat: String?
    public var minDiskGiB = 0
    public var minRAMMiB = 0
    public var tags: [String] = []
    public var properties: [String: String] = [:]
    /// Nil if the copy gets a derived id.
    public var keptID: KeptID?
    /// The owner to set, if the target's user may set another one.
    public var ownerID: String?
    /// The stores that should hold the data.
    public var stores = Stores.standard
    /// If false, the transfer goes on when some stores fail, and reports them.
    public var allStoresMustSucceed = true
    /// If true, the result of an import that converts the data is accepted.
    public var acceptsTransformed = false
    public var verification = VerificationMode.proof

    // These fields are applied after the bytes are proved, in this order.
    public var visibility = ImageVisibility.private
    public var members = Members.drop
    public var isHidden = false
    /// True if the copy should be deactivated: it keeps its data, which only administrators may
    /// read.
    public var isDeactivated = false
    public var isProtected = false
    /// The fields with which the record at the target was made or published, while a transfer gives
    /// it other fields; nil otherwise. A field that differs from these was edited at the target,
    /// and stays.
    public var updatedFrom: RecordFields?
    /// The ids of images that have the copy's name. They are hidden once the copy is published.
    public var replaces: [String]?

    /// The properties that name another image of the same plan: property name to that image's
    /// source key. The record at the target gets the id of the other image's copy.
    public var references: [String: String] = [:]
    /// The images in ``references`` whose copies are at another target than this record, in another
    /// project of the same Image service: source key to that target's key.
    public var referenceTargets: [String: String]?

    /// The name of the copy while it is the current version.
    public var shownName: String? { currentName ?? name }

    /// The number of properties that the service counts: all of the record's, and our marker.
    public var propertyCount: Int { properties.count + references.count + 1 }

    /// True if the service may refuse the record as too large: its default limits for properties
    /// and tags are 128 each.
    public var mayBeTooLarge: Bool { propertyCount > 128 || tags.count > 128 }

    /// True if the copy is shared with projects that depend on the members at the source.
    public var takesMembers: Bool { visibility == .shared && members != .drop }

    /// True if members matter, but no table says which projects they are at the target.
    public var mapsNoMember: Bool { takesMembers && members == .map([:]) }

    /// Returns the members at the source with their projects at the target. Leaves out the members
    /// that the table does not map, and the copy's owner. Several members may have one project.
    ///
    /// - Parameter owner: the project that owns the copy if the record names none.
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

    /// True if the copy is shared with this member's project. False if no line of the table maps
    /// it.
    public func reaches(_ member: String) -> Bool {
        switch members {
        case .drop: false
        case .keep: true
        case .map(let table): table[member] ?? table["*"] != nil
        }
    }

    /// Returns the projects that the copy is shared with, each once.
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

/// A method to get image data into the target.
public enum UploadMethod: String, Codable, CaseIterable, Sendable {
    /// One request with the bytes as its body: `PUT /v2/images/{id}/file`.
    case upload
    /// The data is staged first (`PUT …/stage`), then a task of the service imports it.
    case glanceDirect = "glance-direct"
    /// The service fetches a URL itself.
    case webDownload = "web-download"
    /// The service fetches the image from another region of its Keystone.
    case glanceDownload = "glance-download"

    /// True if the service moves the bytes itself; Tranship only requests that and compares.
    public var isServerSide: Bool { self == .webDownload || self == .glanceDownload }

    /// True if a task of the service finishes the work. The task may convert the data.
    public var isImport: Bool { self != .upload }
}

/// The extent of the proof.
public enum VerificationMode: String, Codable, CaseIterable, Sendable {
    /// Hashes the bytes in flight, and compares the digest with the source's promise and with the
    /// target's report.
    case proof
    /// Compares the two clouds' own hashes, if they can be compared. Hashes nothing here.
    case services
    /// As `proof`, and also reads the target's data back.
    case paranoid
}

/// The order in which images start. An image always starts after its kernel and its ramdisk.
public enum TransferOrder: String, Sendable, CaseIterable {
    case smallFirst = "small-first"
    case largeFirst = "large-first"
    /// The order of the pipeline file and of the listings.
    case listed
}
