// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension CachedImages {
    /// Entries without an image id are passed over.
    init(json: JSONValue) {
        record = json.object ?? [:]
        cached = (json["cached_images"]?.array ?? []).compactMap(CachedImage.init(json:))
        queuedIDs = (json["queued_images"]?.array ?? []).compactMap(\.string)
    }
}

extension CachedImage {
    init?(json: JSONValue) {
        guard let record = json.object, let imageID = record["image_id"]?.string else { return nil }
        self.imageID = imageID
        self.record = record
        hits = record["hits"]?.integer ?? 0
        sizeBytes = record["size"]?.integer
        lastAccessed = Self.seconds(record["last_accessed"])
        lastModified = Self.seconds(record["last_modified"])
    }

    private static func seconds(_ value: JSONValue?) -> Double? {
        switch value {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}

extension PrunedCache {
    init(json: JSONValue) {
        files = json["total_files_pruned"]?.integer ?? 0
        sizeBytes = json["total_bytes_pruned"]?.integer ?? 0
    }
}
