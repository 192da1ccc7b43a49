// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension Image {
    /// Reads a record. Only the id must be there: old services know fewer
    /// keys, and null may stand for any value.
    ///
    /// - Throws: ``TranshipError/Code/invalidAnswer``.
    public init(json: JSONValue) throws(TranshipError) {
        guard let record = json.object, let id = record["id"]?.string else {
            throw TranshipError(.invalidAnswer, "an image record without an id")
        }
        func text(_ key: String) -> String? { record[key]?.string }
        self.id = id
        self.record = record
        name = text("name")
        status = text("status").map(ImageStatus.init(rawValue:)) ?? .unknown
        visibility = text("visibility").map(ImageVisibility.init(rawValue:)) ?? .private
        isProtected = record["protected"]?.bool ?? false
        isHidden = record["os_hidden"]?.bool ?? false
        checksum = text("checksum")
        hashAlgorithm = text("os_hash_algo")
        hashValue = text("os_hash_value")
        ownerID = text("owner")
        sizeBytes = record["size"]?.integer
        virtualSizeBytes = record["virtual_size"]?.integer
        containerFormat = text("container_format")
        diskFormat = text("disk_format")
        createdAt = text("created_at")
        updatedAt = text("updated_at")
        tags = (record["tags"]?.array ?? []).compactMap(\.string)
        minRAMMiB = record["min_ram"]?.integer.flatMap { Int(exactly: $0) } ?? 0
        minDiskGiB = record["min_disk"]?.integer.flatMap { Int(exactly: $0) } ?? 0
        stores = (text("stores") ?? "").split(separator: ",").map(String.init)
        properties = record.filter { !Self.baseKeys.contains($0.key) }
    }
}

/// One page of a list, and where the next begins.
struct ImagePage: Sendable {
    var images: [Image]
    /// The query of the next page's link, as the service wrote it.
    var nextQuery: String?

    init(json: JSONValue, asked: String) throws(TranshipError) {
        guard let records = json["images"]?.array else {
            throw TranshipError(.invalidAnswer, "the answer to \(asked) holds no list of images")
        }
        images = []
        images.reserveCapacity(records.count)
        for record in records { images.append(try Image(json: record)) }
        nextQuery = PageLink.query(json["next"]?.string)
    }
}
