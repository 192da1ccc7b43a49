// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// An image of a legacy cloud, with everything that API v1 reports.
public struct LegacyImage: Sendable, Hashable, Identifiable {
    /// A UUID. The cloud never uses it again.
    public let id: String
    /// At most 255 characters, not unique, and null on some images.
    public let name: String?
    /// `queued`, `saving`, `active`, `killed`, `deleted`, `pending_delete`; `deactivated` if the
    /// cloud also has v2. Unlike in v2, a failed upload ends as `killed`, for good.
    public let status: ImageStatus
    /// True: every project sees it.
    public let isPublic: Bool
    /// True: the service refuses to delete it, also for the owner.
    public let isProtected: Bool
    /// Deleted. Lists show it with `changes-since` only, and the service shows it to admins.
    public let isDeleted: Bool
    /// MD5 of the data. The service computes it; for an image with a `location` it is what the
    /// creator stated, or null.
    public let checksum: String?
    /// The project that owns it.
    public let ownerID: String?
    /// 0 without data.
    public let sizeBytes: Int64?
    /// The size of the disk that the data describes, if a client stated it.
    public let virtualSizeBytes: Int64?
    /// The format around the data: `bare`, `ovf`, `ami`, …
    public let containerFormat: String?
    /// The format of the data: `qcow2`, `raw`, `ami`, …
    public let diskFormat: String?
    /// UTC, without an offset: `2016-11-21T03:04:05.000000`.
    public let createdAt: String?
    /// UTC, in ISO 8601.
    public let updatedAt: String?
    /// UTC, in ISO 8601; nil if it is not deleted.
    public let deletedAt: String?
    /// The least memory to boot it, in MiB.
    public let minRAMMiB: Int
    /// The least disk to boot it, in GiB.
    public let minDiskGiB: Int
    /// Additional properties. Leaves out null, which header fields cannot express.
    public let properties: [String: String]
    /// The record as the service sent it: its JSON, or built from its header fields (all text,
    /// names without `x-image-meta-`).
    public let record: [String: JSONValue]

    /// The MD5, if it is valid.
    public var checksums: [Checksum] {
        checksum.flatMap { try? Checksum(.md5, $0) }.map { [$0] } ?? []
    }
}

/// What a short list reports about an image.
public struct LegacyImageSummary: Sendable, Hashable, Identifiable {
    /// A UUID.
    public let id: String
    /// Not unique, and null on some images.
    public let name: String?
    /// 0 while there is no data.
    public let sizeBytes: Int64?
    /// The data's format: `qcow2`, `raw`, …
    public let diskFormat: String?
    /// What wraps the data: `bare`, …
    public let containerFormat: String?
    /// MD5 of the data; null while there is none, and for data at a location.
    public let checksum: String?
    /// The record as the service sent it.
    public let record: [String: JSONValue]
}

/// An element of a list of API v1.
public protocol LegacyListItem: Sendable, Identifiable where ID == String {
    /// - Throws: ``TranshipError/Code/invalidAnswer`` without an id.
    init(json: JSONValue) throws(TranshipError)
}

extension LegacyImage: LegacyListItem {
    /// Reads a record of a detailed list, or the answer to a change.
    public init(json: JSONValue) throws(TranshipError) {
        guard let record = json.object, let id = record["id"]?.string else {
            throw TranshipError(.invalidAnswer, "an image record without an id")
        }
        var properties: [String: String] = [:]
        for (key, value) in record["properties"]?.object ?? [:] {
            properties[key] = value.string
        }
        self.init(id: id, record: record, properties: properties)
    }

    /// `record` contains JSON types, or text only if it comes from header fields. Reads both.
    init(id: String, record: [String: JSONValue], properties: [String: String]) {
        func text(_ key: String) -> String? { record[key]?.string }
        func number(_ key: String) -> Int64? {
            record[key]?.integer ?? text(key).flatMap { Int64($0) }
        }
        func flag(_ key: String) -> Bool {
            record[key]?.bool ?? (text(key)?.lowercased() == "true")
        }
        self.id = id
        self.record = record
        self.properties = properties
        name = text("name")
        status = text("status").map(ImageStatus.init(rawValue:)) ?? .unknown
        isPublic = flag("is_public")
        isProtected = flag("protected")
        isDeleted = flag("deleted")
        checksum = text("checksum")
        ownerID = text("owner")
        sizeBytes = number("size")
        virtualSizeBytes = number("virtual_size")
        containerFormat = text("container_format")
        diskFormat = text("disk_format")
        createdAt = text("created_at")
        updatedAt = text("updated_at")
        deletedAt = text("deleted_at")
        minRAMMiB = number("min_ram").flatMap { Int(exactly: $0) } ?? 0
        minDiskGiB = number("min_disk").flatMap { Int(exactly: $0) } ?? 0
    }
}

extension LegacyImageSummary: LegacyListItem {
    /// Reads a record of `GET /v1/images`.
    ///
    /// - Throws: ``TranshipError/Code/invalidAnswer`` for one without an id.
    public init(json: JSONValue) throws(TranshipError) {
        guard let record = json.object, let id = record["id"]?.string else {
            throw TranshipError(.invalidAnswer, "an image record without an id")
        }
        self.id = id
        self.record = record
        name = record["name"]?.string
        sizeBytes = record["size"]?.integer
        diskFormat = record["disk_format"]?.string
        containerFormat = record["container_format"]?.string
        checksum = record["checksum"]?.string
    }
}
