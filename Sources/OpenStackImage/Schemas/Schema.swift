// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// A JSON Schema that the service publishes for its records
/// (<https://docs.openstack.org/api-ref/image/v2/#image-schemas>).
public struct Schema: Sendable, Hashable {
    /// `image`, `images`, `member`, `members`, `task`, `tasks`.
    public let name: String
    /// The schema of each key.
    public let properties: [String: JSONValue]
    /// The answer as it came.
    public let record: [String: JSONValue]

    /// The values that this cloud allows for a key, such as `disk_format`;
    /// empty when it does not say. Null, where allowed, is left out.
    public func allowedValues(of key: String) -> [String] {
        (properties[key]?["enum"]?.array ?? []).compactMap(\.string)
    }

    init(name: String, json: JSONValue) {
        self.name = name
        record = json.object ?? [:]
        properties = json["properties"]?.object ?? [:]
    }
}
