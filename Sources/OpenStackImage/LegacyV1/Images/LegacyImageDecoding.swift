// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// What a list of API v1 is made of.
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

    /// `record` holds JSON's types, or text throughout where it was made of
    /// header fields: either is read.
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
