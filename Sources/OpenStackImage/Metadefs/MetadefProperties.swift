// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// A property that a namespace describes: a name and a JSON Schema.
public struct MetadefProperty: Sendable, Hashable {
    /// Unique in its namespace; without the prefix of a resource type.
    public var name: String
    /// The schema, including `title` and `type`: `description`, `enum`, `default`, `minimum`,
    /// `maximum`, `minLength`, `maxLength`, `pattern`, `items`, `minItems`, `maxItems`,
    /// `uniqueItems`, `additionalItems`, `operators`, `readonly`.
    public var schema: [String: JSONValue]

    /// - Parameter type: `string`, `integer`, `number`, `boolean`, `array`.
    public init(
        _ name: String, title: String, type: String, schema: [String: JSONValue] = [:]
    ) {
        self.name = name
        self.schema = schema
        self.schema["title"] = .string(title)
        self.schema["type"] = .string(type)
    }

    /// For people; every property has one.
    public var title: String? { schema["title"]?.string }
    /// `string`, `integer`, `number`, `boolean` or `array`.
    public var type: String? { schema["type"]?.string }
    /// For people.
    public var description: String? { schema["description"]?.string }
    /// The value if nothing is set.
    public var defaultValue: JSONValue? { schema["default"] }
    /// `enum`; empty if any value is allowed.
    public var allowedValues: [JSONValue] { schema["enum"]?.array ?? [] }
    /// True if only the cloud sets it.
    public var isReadOnly: Bool { schema["readonly"]?.bool ?? false }
}

extension ImageService {
    /// The properties of a namespace, sorted by name.
    public func metadefProperties(
        of namespace: String
    ) async throws(TranshipError) -> [MetadefProperty] {
        MetadefProperty.list(
            try await sendForJSON(MetadefRequests.list(.properties, of: namespace)))
    }

    /// A property. With a resource type, `name` is the name that it has there.
    public func metadefProperty(
        of namespace: String, named name: String, resourceType: String? = nil
    ) async throws(TranshipError) -> MetadefProperty {
        try MetadefProperty(
            json: try await sendForJSON(
                MetadefRequests.show(
                    .properties, of: namespace, named: name, resourceType: resourceType)))
    }

    /// - Throws: ``TranshipError/Code/conflict`` if the name is taken.
    @discardableResult
    public func createMetadefProperty(
        of namespace: String, _ property: MetadefProperty
    ) async throws(TranshipError) -> MetadefProperty {
        try MetadefProperty(
            json: try await sendForJSON(
                MetadefRequests.create(.properties, of: namespace, property.json)))
    }

    /// Replaces a property, its name included.
    @discardableResult
    public func updateMetadefProperty(
        of namespace: String, named name: String, _ property: MetadefProperty
    ) async throws(TranshipError) -> MetadefProperty {
        try MetadefProperty(
            json: try await sendForJSON(
                MetadefRequests.update(.properties, of: namespace, named: name, property.json)))
    }

    /// Deletes a property.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` unless `missingIsFine`.
    public func deleteMetadefProperty(
        of namespace: String, named name: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await send(
            MetadefRequests.delete(.properties, of: namespace, named: name),
            expecting: missingIsFine ? [204, 404] : [204])
    }

    /// Deletes every property of a namespace.
    public func deleteMetadefProperties(of namespace: String) async throws(TranshipError) {
        try await send(MetadefRequests.deleteAll(.properties, of: namespace), expecting: [204])
    }
}

extension MetadefProperty {
    /// A property with a `name` in its record.
    ///
    /// - Throws: ``TranshipError/Code/invalidAnswer``.
    init(json: JSONValue) throws(TranshipError) {
        guard let record = json.object, let name = record["name"]?.string else {
            throw TranshipError(.invalidAnswer, "a metadata definition property without a name")
        }
        self.init(name, record)
    }

    /// After some requests, the service repeats the name in the schema.
    private init(_ name: String, _ schema: [String: JSONValue]) {
        self.name = name
        self.schema = schema
        self.schema["name"] = nil
    }

    /// The properties under `properties`, sorted by name.
    static func list(_ json: JSONValue) -> [MetadefProperty] {
        (json["properties"]?.object ?? [:]).sorted { $0.key < $1.key }.map {
            MetadefProperty($0.key, $0.value.object ?? [:])
        }
    }
}

extension MetadefProperty {
    var json: JSONValue { .object(schema.merging(["name": .string(name)]) { $1 }) }

    static func json(_ properties: [MetadefProperty]) -> JSONValue {
        .object(Dictionary(properties.map { ($0.name, .object($0.schema)) }) { $1 })
    }
}

extension MetadefProperty {
    /// Reads a record in the keys of the API: `name`, `title`, `type` and the rest of the schema.
    ///
    /// - Throws: ``TranshipError/Code/usage`` if one of these three is missing.
    public init(record: JSONValue) throws(TranshipError) {
        var schema = record.object ?? [:]
        schema["name"] = nil
        self.init(
            try record.needed("name", of: "property"),
            title: try record.needed("title", of: "property"),
            type: try record.needed("type", of: "property"), schema: schema)
    }

    /// The record in the keys of the API.
    public var record: [String: JSONValue] { schema.merging(["name": .string(name)]) { $1 } }
}
