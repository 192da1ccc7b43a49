// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// A JSON Schema that the service publishes for its records
/// (<https://docs.openstack.org/api-ref/image/v2/#image-schemas>).
public struct Schema: Sendable, Hashable {
    /// `image`, `images`, `member`, `members`, `task`, `tasks`.
    public let name: String
    /// The schema of each key.
    public let properties: [String: JSONValue]
    /// The record as the service sent it.
    public let record: [String: JSONValue]

    /// The values that this cloud allows for a key, such as `disk_format`. Empty if the schema does
    /// not list any. Leaves out null.
    public func allowedValues(of key: String) -> [String] {
        (properties[key]?["enum"]?.array ?? []).compactMap(\.string)
    }

    init(name: String, json: JSONValue) {
        self.name = name
        record = json.object ?? [:]
        properties = json["properties"]?.object ?? [:]
    }
}

extension ImageService {
    /// A schema by name: `image`, `images`, `member`, `members`, `task`, `tasks`.
    public func schema(_ name: String) async throws(TranshipError) -> Schema {
        Schema(name: name, json: try await sendForJSON(SchemaRequests.show(name)))
    }

    /// A schema of the metadata definitions by name: `namespace`, `property`, `object`, `tag`,
    /// `resource_type`, and the plural of each (`namespaces`, `properties`, …).
    public func metadefSchema(_ name: String) async throws(TranshipError) -> Schema {
        Schema(name: name, json: try await sendForJSON(SchemaRequests.showMetadef(name)))
    }
}

/// Requests on `/v2/schemas`.
enum SchemaRequests {
    static func show(_ name: String) -> ServiceRequest {
        ServiceRequest(.get, "/v2/schemas/\(percentEncode(name))")
    }

    static func showMetadef(_ name: String) -> ServiceRequest {
        ServiceRequest(.get, "/v2/schemas/metadefs/\(percentEncode(name))")
    }
}
