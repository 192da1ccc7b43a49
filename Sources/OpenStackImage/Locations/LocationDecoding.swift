// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension ImageLocation {
    /// - Throws: ``TranshipError/Code/invalidAnswer``.
    static func list(_ json: JSONValue, asked: String) throws(TranshipError) -> [ImageLocation] {
        guard let records = json.array else {
            throw TranshipError(
                .invalidAnswer, "the answer to \(asked) holds no list of locations")
        }
        return records.compactMap { record in
            guard let url = record["url"]?.string else { return nil }
            return ImageLocation(url: Secret(url), metadata: record["metadata"]?.object ?? [:])
        }
    }
}

extension Image {
    /// The locations in the record: only on services that show them
    /// (`show_multiple_locations`).
    public var locations: [ImageLocation] {
        (try? ImageLocation.list(record["locations"] ?? [], asked: "")) ?? []
    }
}
