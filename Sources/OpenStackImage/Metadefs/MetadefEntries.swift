// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// An entry of a namespace: a ``MetadefProperty``, ``MetadefObject``, ``MetadefTag`` or
/// ``MetadefAssociation``.
public protocol MetadefEntry: ServiceRecord {
    /// The part of the namespace that contains the entry, as in paths: `properties`.
    static var part: String { get }
    /// The key of the list in records and answers.
    static var listKey: String { get }
    /// The keys that the service requires in a new record.
    static var neededKeys: [String] { get }
    /// The other keys that the service accepts; nil for any.
    static var otherKeys: [String]? { get }

    /// The name, unique in its namespace.
    var name: String { get }
}

extension MetadefEntry {
    public static var idKey: String { "name" }
    public static var listKey: String { part }
    public static var neededKeys: [String] { ["name"] }
    public static var otherKeys: [String]? { [] }

    /// The name, unique in its namespace.
    public var name: String { idText }
    /// The description, for people. Tags and associations have none.
    public var description: String? { record["description"]?.string }

    /// Returns the keys that the service accepts, with their values.
    ///
    /// - Throws: ``TranshipError/Code/usage`` if a required key is missing.
    func written() throws(TranshipError) -> JSONValue {
        if let key = Self.neededKeys.first(where: { record[$0]?.string == nil }) {
            throw TranshipError(.usage, "the record of one of the \(Self.part) needs \"\(key)\"")
        }
        guard let otherKeys = Self.otherKeys else { return .object(record) }
        return .object(record.filter { (Self.neededKeys + otherKeys).contains($0.key) })
    }

    func creation(in namespace: String) throws(TranshipError) -> ServiceRequest {
        let json = try written()
        guard self is MetadefTag else {
            return ServiceRequest(.post, MetadefNamespace.path(namespace, Self.part), json: json)
        }
        // The request for a new tag has the name only in its path.
        return ServiceRequest(.post, MetadefNamespace.path(namespace, Self.part, name))
    }

    /// Returns the entries in an answer or a record. The service lists properties by name, without
    /// order.
    static func entries(in json: JSONValue?) -> [Self] {
        guard let named = json?[listKey]?.object else { return list(json?[listKey]) }
        return named.sorted { $0.key < $1.key }.map { name, value in
            Self(record: (value.object ?? [:]).merging(["name": .string(name)]) { $1 })
        }
    }
}

/// Calls for entries of all kinds. The service has no call to show or change one association, nor
/// to delete all associations of a namespace.
extension ImageService {
    /// Returns the entries of one kind; properties are sorted by name.
    ///
    /// - Parameter query: `limit`, `marker`, `sort_key` (`name`, `created_at`, `updated_at`) and
    ///   `sort_dir`, for tags only. The default of the service is all, newest first.
    public func metadefs<Entry: MetadefEntry>(
        _ kind: Entry.Type, of namespace: String, query: [ServiceRequest.QueryItem] = []
    ) async throws(TranshipError) -> [Entry] {
        let path = MetadefNamespace.path(namespace, Entry.part)
        return Entry.entries(in: try await sendForJSON(ServiceRequest(.get, path, query: query)))
    }

    /// Returns one entry.
    ///
    /// - Parameter resourceType: for a property, the resource type in which the property is called
    ///   `name`.
    /// - Throws: ``TranshipError/Code/notFound``.
    public func metadef<Entry: MetadefEntry>(
        _ kind: Entry.Type, of namespace: String, named name: String, resourceType: String? = nil
    ) async throws(TranshipError) -> Entry {
        try await sendForRecord(
            ServiceRequest(
                .get, MetadefNamespace.path(namespace, Entry.part, name),
                query: MetadefNamespace.prefixed(resourceType)))
    }

    /// Creates an entry. An association with a resource type that the service does not know yet
    /// adds that type.
    ///
    /// - Throws: ``TranshipError/Code/conflict`` if the name is taken,
    ///   ``TranshipError/Code/usage`` if the record lacks a key.
    @discardableResult
    public func createMetadef<Entry: MetadefEntry>(
        _ entry: Entry, in namespace: String
    ) async throws(TranshipError) -> Entry {
        try await sendForRecord(try entry.creation(in: namespace))
    }

    /// Replaces an entry, including its name.
    ///
    /// - Throws: ``TranshipError/Code/conflict`` if the new name is taken,
    ///   ``TranshipError/Code/usage`` if the record lacks a key.
    @discardableResult
    public func updateMetadef<Entry: MetadefEntry>(
        of namespace: String, named name: String, to entry: Entry
    ) async throws(TranshipError) -> Entry {
        try await sendForRecord(
            ServiceRequest(
                .put, MetadefNamespace.path(namespace, Entry.part, name),
                json: try entry.written()))
    }

    /// Deletes an entry.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` unless `missingIsFine`.
    public func deleteMetadef(
        _ kind: any MetadefEntry.Type, of namespace: String, named name: String,
        missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await sendDelete(
            MetadefNamespace.path(namespace, kind.part, name), missingIsFine: missingIsFine)
    }

    /// Deletes every entry of one kind.
    public func deleteMetadefs(
        _ kind: any MetadefEntry.Type, of namespace: String
    ) async throws(TranshipError) {
        try await sendDelete(MetadefNamespace.path(namespace, kind.part), missingIsFine: false)
    }

    /// Replaces all tags of a namespace, or adds to them.
    public func setMetadefTags(
        of namespace: String, _ names: [String], appending: Bool = false
    ) async throws(TranshipError) {
        try await send(
            MetadefTag.setting(names, of: namespace, appending: appending), expecting: [201])
    }

    /// Returns the resource types of all namespaces.
    public func metadefResourceTypes() async throws(TranshipError) -> [MetadefResourceType] {
        let path = "/v2/metadefs/resource_types"
        return MetadefResourceType.list(
            try await sendForJSON(ServiceRequest(.get, path))["resource_types"])
    }
}

/// A property that a namespace describes: a name and a JSON Schema.
public struct MetadefProperty: MetadefEntry {
    public static let part = "properties"
    public static let neededKeys = ["name", "title", "type"]
    public static let otherKeys: [String]? = nil

    /// The name, unique in its namespace; without the prefix of a resource type.
    public var name: String
    /// The schema, including `title` and `type`: `description`, `enum`, `default`, `minimum`,
    /// `maximum`, `minLength`, `maxLength`, `pattern`, `items`, `minItems`, `maxItems`,
    /// `uniqueItems`, `additionalItems`, `operators`, `readonly`.
    public var schema: [String: JSONValue]

    /// - Parameter type: the type: `string`, `integer`, `number`, `boolean`, `array`.
    public init(
        _ name: String, title: String, type: String, schema: [String: JSONValue] = [:]
    ) {
        self.name = name
        self.schema = schema.merging(["title": .string(title), "type": .string(type)]) { $1 }
    }

    /// Reads a record. After some requests, the service repeats the name in the schema.
    public init(record: [String: JSONValue]) {
        name = record["name"]?.string ?? ""
        schema = record.filter { $0.key != "name" }
    }

    /// The schema and the name.
    public var record: [String: JSONValue] { schema.merging(["name": .string(name)]) { $1 } }
    /// The title, for people; every property has one.
    public var title: String? { schema["title"]?.string }
    /// The type: `string`, `integer`, `number`, `boolean` or `array`.
    public var type: String? { schema["type"]?.string }
    /// The value of the property if none is set.
    public var defaultValue: JSONValue? { schema["default"] }
    /// The allowed values (`enum`); empty if any value is allowed.
    public var allowedValues: [JSONValue] { schema["enum"]?.array ?? [] }
    /// True if only the cloud sets the property.
    public var isReadOnly: Bool { schema["readonly"]?.bool ?? false }

    /// Returns the schemas by name, as records contain them.
    static func json(_ properties: [MetadefProperty]) -> JSONValue {
        .object(Dictionary(properties.map { ($0.name, .object($0.schema)) }) { $1 })
    }
}

/// A group of properties of a namespace.
public struct MetadefObject: MetadefEntry {
    public static let part = "objects"
    public static let otherKeys: [String]? = ["description", "required", "properties"]

    public var record: [String: JSONValue]

    /// - Parameter required: the names of the properties that must be set.
    public init(
        _ name: String, description: String? = nil, required: [String] = [],
        properties: [MetadefProperty] = []
    ) {
        record = ["name": .string(name)]
        record["description"] = description.map(JSONValue.string)
        if !required.isEmpty { record["required"] = .array(required.map(JSONValue.string)) }
        if !properties.isEmpty { record["properties"] = MetadefProperty.json(properties) }
    }

    public init(record: [String: JSONValue]) { self.record = record }

    /// The names of the properties that must be set.
    public var required: [String] { (record["required"]?.array ?? []).compactMap(\.string) }
    /// The properties, sorted by name.
    public var properties: [MetadefProperty] { MetadefProperty.entries(in: .object(record)) }
}

/// A tag that a namespace offers.
public struct MetadefTag: MetadefEntry {
    public static let part = "tags"

    public var record: [String: JSONValue]

    /// - Parameter name: the name, unique in its namespace.
    public init(_ name: String) { record = ["name": .string(name)] }
    public init(record: [String: JSONValue]) { self.record = record }

    static func setting(
        _ names: [String], of namespace: String, appending: Bool
    ) -> ServiceRequest {
        let tags = names.map { JSONValue.object(MetadefTag($0).record) }
        var request = ServiceRequest(
            .post, MetadefNamespace.path(namespace, part), json: ["tags": .array(tags)])
        request.headers["X-Openstack-Append"] = appending ? "True" : "False"
        return request
    }
}

/// The association of a namespace with a resource type, which is its name: `OS::Glance::Image`,
/// `OS::Nova::Server`, …
public struct MetadefAssociation: MetadefEntry {
    public static let part = "resource_types"
    public static let listKey = "resource_type_associations"
    public static let otherKeys: [String]? = ["prefix", "properties_target"]

    public var record: [String: JSONValue]

    /// Creates an association. The service adds a resource type that it does not know yet.
    public init(_ resourceType: String, prefix: String? = nil, propertiesTarget: String? = nil) {
        record = ["name": .string(resourceType)]
        record["prefix"] = prefix.map(JSONValue.string)
        record["properties_target"] = propertiesTarget.map(JSONValue.string)
    }

    public init(record: [String: JSONValue]) { self.record = record }

    /// The prefix of the namespace's property names in that resource type: `hw_`, `hw:`.
    public var prefix: String? { record["prefix"]?.string }
    /// The set of properties, if a resource has several: `image`.
    public var propertiesTarget: String? { record["properties_target"]?.string }
}

/// A kind of resource that namespaces are for.
public struct MetadefResourceType: ServiceRecord {
    public static let idKey = "name"
    public let record: [String: JSONValue]

    public init(record: [String: JSONValue]) { self.record = record }

    /// The name: `OS::Glance::Image`, `OS::Nova::Server`, …
    public var name: String { idText }
}
