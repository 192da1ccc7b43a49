// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// A JSON Schema that the service publishes for its records
/// (<https://docs.openstack.org/api-ref/image/v2/#image-schemas>).
public struct Schema: Sendable, Hashable {
    /// The name: `image`, `images`, `member`, `members`, `task`, `tasks`.
    public let name: String
    /// The schema of each key.
    public var properties: [String: JSONValue] { record["properties"]?.object ?? [:] }
    /// The record as the service sent it.
    public let record: [String: JSONValue]

    /// Returns the values that this cloud allows for a key, such as `disk_format`. Empty if the
    /// schema does not list any. Leaves out null.
    public func allowedValues(of key: String) -> [String] {
        (properties[key]?["enum"]?.array ?? []).compactMap(\.string)
    }

    /// The additional properties of an image that this cloud requires. An operator lists them in
    /// `schema-image.json`.
    package var requiredProperties: [String] {
        (record["required"]?.array ?? []).compactMap(\.string)
            .filter { !Image.baseKeys.contains($0) }
    }
}

extension ImageService {
    /// Returns a schema by name: `image`, `images`, `member`, `members`, `task`, `tasks`.
    public func schema(_ name: String) async throws(TranshipError) -> Schema {
        try await schema(name, at: percentEncode(name))
    }

    /// Returns a schema of the metadata definitions by name: `namespace`, `property`, `object`,
    /// `tag`, `resource_type`, and the plural of each (`namespaces`, `properties`, …).
    public func metadefSchema(_ name: String) async throws(TranshipError) -> Schema {
        try await schema(name, at: "metadefs/\(percentEncode(name))")
    }

    private func schema(_ name: String, at path: String) async throws(TranshipError) -> Schema {
        let json = try await sendForJSON(.init(.get, "/v2/schemas/\(path)"))
        return Schema(name: name, record: json.object ?? [:])
    }
}
