// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel

extension ImageLocation {
    /// - Throws: ``MigrationError/Code/invalidAnswer``.
    static func list(_ json: JSONValue, asked: String) throws(MigrationError) -> [ImageLocation] {
        guard let records = json.array else {
            throw MigrationError(
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
