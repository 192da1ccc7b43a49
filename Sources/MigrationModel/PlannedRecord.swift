// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The image record that a transfer is to leave at the target.
///
/// Frozen in the journal when the transfer is planned, so that a run that
/// continues tomorrow writes what the plan of today showed.
public struct PlannedRecord: Codable, Hashable, Sendable {
    /// Whom a shared image is shared with at the target.
    public enum Members: Codable, Hashable, Sendable {
        /// The same project ids: source and target share a Keystone.
        case keep
        /// By this table of project ids; who is not in it is dropped and reported.
        case map([String: String])
        /// Nobody.
        case drop
    }

    // Written with the record, before the first byte, so that property
    // protections and limits refuse early.
    public var name: String?
    public var diskFormat: String?
    public var containerFormat: String?
    public var minDiskGiB: Int
    public var minRAMMiB: Int
    public var tags: [String]
    public var properties: [String: String]
    /// The owner to set, where the target's user may set another one.
    public var ownerID: String?
    /// The store to write to; nil is the cloud's default.
    public var store: String?

    // Applied after the bytes are proved, in this order.
    public var visibility: String
    public var members: Members
    public var isHidden: Bool
    public var isProtected: Bool

    /// Properties whose value is another image of the same plan: property name
    /// to that image's source key. Written with the record, as the id that the
    /// other image got at the target.
    public var references: [String: String]

    public init(
        name: String?, diskFormat: String?, containerFormat: String?, minDiskGiB: Int = 0,
        minRAMMiB: Int = 0, tags: [String] = [], properties: [String: String] = [:],
        ownerID: String? = nil, store: String? = nil, visibility: String = "private",
        members: Members = .drop, isHidden: Bool = false, isProtected: Bool = false,
        references: [String: String] = [:]
    ) {
        self.name = name
        self.diskFormat = diskFormat
        self.containerFormat = containerFormat
        self.minDiskGiB = minDiskGiB
        self.minRAMMiB = minRAMMiB
        self.tags = tags
        self.properties = properties
        self.ownerID = ownerID
        self.store = store
        self.visibility = visibility
        self.members = members
        self.isHidden = isHidden
        self.isProtected = isProtected
        self.references = references
    }
}

/// How image data gets into the target.
public enum UploadMethod: String, Codable, CaseIterable, Sendable {
    /// One request with the bytes as its body: `PUT /v2/images/{id}/file`.
    case upload
    /// Staged first (`PUT …/stage`), then imported by a task of the service.
    case glanceDirect = "glance-direct"
}
