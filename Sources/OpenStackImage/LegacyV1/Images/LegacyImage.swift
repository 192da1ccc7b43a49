// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// An image of a legacy cloud, with all that API v1 tells of it.
public struct LegacyImage: Sendable, Hashable, Identifiable {
    /// A UUID, never used again on this cloud.
    public let id: String
    /// At most 255 characters, not unique, and null on some images.
    public let name: String?
    /// `queued`, `saving`, `active`, `killed`, `deleted`, `pending_delete`;
    /// `deactivated` where the cloud also has v2. Unlike in v2, a failed upload
    /// ends as `killed`, for good.
    public let status: ImageStatus
    /// Seen by every project.
    public let isPublic: Bool
    /// True refuses deletion, to its owner as well.
    public let isProtected: Bool
    /// Listed only by `changes-since`, and shown to administrators.
    public let isDeleted: Bool
    /// MD5 of the data: as the service computed it; for an image with a
    /// `location`, as its creator stated it, or null.
    public let checksum: String?
    /// The project that owns it.
    public let ownerID: String?
    /// 0 while there is no data.
    public let sizeBytes: Int64?
    /// Of the disk that the data describes, where somebody said it.
    public let virtualSizeBytes: Int64?
    /// What wraps the data: `bare`, `ovf`, `ami`, …
    public let containerFormat: String?
    /// The data's format: `qcow2`, `raw`, `ami`, …
    public let diskFormat: String?
    /// UTC without saying so: `2016-11-21T03:04:05.000000`.
    public let createdAt: String?
    /// UTC, in ISO 8601.
    public let updatedAt: String?
    /// UTC, in ISO 8601; nil while it is there.
    public let deletedAt: String?
    /// The least memory to boot with, in MiB.
    public let minRAMMiB: Int
    /// The least disk to boot from, in GiB.
    public let minDiskGiB: Int
    /// Additional properties. Those that are null are left out: header fields
    /// cannot show them.
    public let properties: [String: String]
    /// The answer as it came: JSON where the service sent some, else made of
    /// its header fields (all text, names without `x-image-meta-`).
    public let record: [String: JSONValue]

    /// The MD5, unless it is none.
    public var checksums: [Checksum] {
        checksum.flatMap { try? Checksum(.md5, $0) }.map { [$0] } ?? []
    }
}

/// What a short list tells of an image.
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
    /// The answer as it came.
    public let record: [String: JSONValue]
}
