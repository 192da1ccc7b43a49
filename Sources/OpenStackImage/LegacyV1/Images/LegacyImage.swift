// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import MigrationModel

/// An image of a legacy cloud, with all that API v1 tells of it.
public struct LegacyImage: Sendable, Hashable, Identifiable {
    public let id: String
    /// At most 255 characters, not unique, and null on some images.
    public let name: String?
    /// `queued`, `saving`, `active`, `killed`, `deleted`, `pending_delete`;
    /// `deactivated` where the cloud also has v2. Unlike in v2, a failed upload
    /// ends as `killed`, for good.
    public let status: ImageStatus
    public let isPublic: Bool
    /// True refuses deletion, to its owner as well.
    public let isProtected: Bool
    /// Listed only by `changes-since`, and shown to administrators.
    public let isDeleted: Bool
    /// MD5 of the data: as the service computed it; for an image with a
    /// `location`, as its creator stated it, or null.
    public let checksum: String?
    public let ownerID: String?
    /// 0 while there is no data.
    public let sizeBytes: Int64?
    public let virtualSizeBytes: Int64?
    public let containerFormat: String?
    public let diskFormat: String?
    /// UTC without saying so: `2016-11-21T03:04:05.000000`.
    public let createdAt: String?
    public let updatedAt: String?
    public let deletedAt: String?
    public let minRAMMiB: Int
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
    public let id: String
    public let name: String?
    public let sizeBytes: Int64?
    public let diskFormat: String?
    public let containerFormat: String?
    public let checksum: String?
    /// The answer as it came.
    public let record: [String: JSONValue]
}
