// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// An image of a legacy cloud, with everything that API v1 reports.
public struct LegacyImage: ServiceRecord, Identifiable {
    /// The record: as the service sent it in JSON, or built from the header fields of an answer
    /// (all values are text, names are without `x-image-meta-`).
    public let record: [String: JSONValue]

    public static let valueTypes: KeyValuePairs<String, ValueType> = [
        "name": .text, "status": .text, "is_public": .flagOrText, "protected": .flagOrText,
        "deleted": .flagOrText, "owner": .text, "checksum": .text, "size": .number,
        "virtual_size": .number, "container_format": .text, "disk_format": .text,
        "min_ram": .number, "min_disk": .number, "properties": .object, "created_at": .text,
        "updated_at": .text,
    ]

    public init(record: [String: JSONValue]) { self.record = record }

    /// The id, a UUID. The cloud never uses it again.
    public var id: String { idText }
    /// The name: at most 255 characters, not unique, and null on some images.
    public var name: String? { record["name"]?.string }
    /// The status: `queued`, `saving`, `active`, `killed`, `deleted`, `pending_delete`;
    /// `deactivated` if the cloud also has v2. Unlike in v2, a failed upload ends as `killed`, for
    /// good.
    public var status: ImageStatus {
        record["status"]?.string.map(ImageStatus.init(rawValue:)) ?? .unknown
    }
    /// True if every project sees the image.
    public var isPublic: Bool { flag("is_public") }
    /// True if the service refuses to delete the image, even for the owner.
    public var isProtected: Bool { flag("protected") }
    /// True if the image is deleted. Only lists with `changes-since` contain it, and only admins
    /// can read it.
    public var isDeleted: Bool { flag("deleted") }
    /// The MD5 of the data, which the service computes. For an image with a `location`, the MD5
    /// that the creator stated, or null.
    public var checksum: String? { record["checksum"]?.string }
    /// The id of the project that owns the image.
    public var ownerID: String? { record["owner"]?.string }
    /// The size of the data; 0 without data.
    public var sizeBytes: Int64? { number("size") }
    /// The size of the disk that the data describes, if a client stated it.
    public var virtualSizeBytes: Int64? { number("virtual_size") }
    /// The format around the data: `bare`, `ovf`, `ami`, …
    public var containerFormat: String? { record["container_format"]?.string }
    /// The format of the data: `qcow2`, `raw`, `ami`, …
    public var diskFormat: String? { record["disk_format"]?.string }
    /// The time of deletion, UTC, in ISO 8601; nil if the image is not deleted.
    public var deletedAt: String? { record["deleted_at"]?.string }
    /// The minimum memory to boot the image, in MiB.
    public var minRAMMiB: Int { Int(number("min_ram") ?? 0) }
    /// The minimum disk to boot the image, in GiB.
    public var minDiskGiB: Int { Int(number("min_disk") ?? 0) }
    /// Additional properties. Leaves out null, which header fields cannot express.
    public var properties: [String: String] {
        (record["properties"]?.object ?? [:]).compactMapValues(\.string)
    }

    /// The MD5, if it is valid.
    public var checksums: [Checksum] {
        checksum.flatMap { try? Checksum(.md5, $0) }.map { [$0] } ?? []
    }

    /// The key `checksum`, if its value is not an MD5.
    package var malformedChecksumKeys: [String] {
        checksums.isEmpty && checksum?.isEmpty == false ? ["checksum"] : []
    }

    private func flag(_ key: String) -> Bool {
        record[key]?.bool ?? (record[key]?.string?.lowercased() == "true")
    }
}

/// The facts that a short list reports about an image.
public struct LegacyImageSummary: ServiceRecord, Identifiable {
    public let record: [String: JSONValue]

    public static let valueTypes: KeyValuePairs<String, ValueType> = [
        "name": .text, "size": .number, "disk_format": .text, "container_format": .text,
        "checksum": .text,
    ]

    public init(record: [String: JSONValue]) { self.record = record }

    /// The id, a UUID.
    public var id: String { idText }
    /// The name: not unique, and null on some images.
    public var name: String? { record["name"]?.string }
    /// The size of the data; 0 without data.
    public var sizeBytes: Int64? { number("size") }
    /// The format of the data: `qcow2`, `raw`, …
    public var diskFormat: String? { record["disk_format"]?.string }
    /// The format around the data: `bare`, …
    public var containerFormat: String? { record["container_format"]?.string }
    /// The MD5 of the data; null without data, and for data at a location.
    public var checksum: String? { record["checksum"]?.string }
}
