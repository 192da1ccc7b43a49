// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// A group of properties of a namespace.
public struct MetadefObject: Sendable, Hashable {
    /// Unique in its namespace.
    public let name: String
    /// For people.
    public let description: String?
    /// The properties that must be set.
    public let required: [String]
    /// Sorted by name.
    public let properties: [MetadefProperty]
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let createdAt: String?
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let updatedAt: String?
    /// The record as the service sent it.
    public let record: [String: JSONValue]
}

/// A new or changed object. A change replaces all of it.
public struct NewMetadefObject: Sendable, Hashable {
    /// Unique in its namespace.
    public var name: String
    /// For people.
    public var description: String?
    /// The properties that must be set.
    public var required: [String]
    /// All properties of the group.
    public var properties: [MetadefProperty]

    /// By default the rest is empty.
    public init(
        _ name: String, description: String? = nil, required: [String] = [],
        properties: [MetadefProperty] = []
    ) {
        self.name = name
        self.description = description
        self.required = required
        self.properties = properties
    }
}

extension ImageService {
    /// The objects of a namespace.
    public func metadefObjects(
        of namespace: String
    ) async throws(TranshipError) -> [MetadefObject] {
        MetadefObject.list(try await sendForJSON(MetadefRequests.list(.objects, of: namespace)))
    }

    /// One object.
    ///
    /// - Throws: ``TranshipError/Code/notFound``.
    public func metadefObject(
        of namespace: String, named name: String
    ) async throws(TranshipError) -> MetadefObject {
        try object(
            try await sendForJSON(MetadefRequests.show(.objects, of: namespace, named: name)))
    }

    /// - Throws: ``TranshipError/Code/conflict`` if the name is taken.
    @discardableResult
    public func createMetadefObject(
        of namespace: String, _ object: NewMetadefObject
    ) async throws(TranshipError) -> MetadefObject {
        try self.object(
            try await sendForJSON(MetadefRequests.create(.objects, of: namespace, object.json)))
    }

    /// Replaces an object, its name included.
    @discardableResult
    public func updateMetadefObject(
        of namespace: String, named name: String, _ object: NewMetadefObject
    ) async throws(TranshipError) -> MetadefObject {
        try self.object(
            try await sendForJSON(
                MetadefRequests.update(.objects, of: namespace, named: name, object.json)))
    }

    /// Deletes an object.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` unless `missingIsFine`.
    public func deleteMetadefObject(
        of namespace: String, named name: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await send(
            MetadefRequests.delete(.objects, of: namespace, named: name),
            expecting: missingIsFine ? [204, 404] : [204])
    }

    /// Deletes every object of a namespace.
    public func deleteMetadefObjects(of namespace: String) async throws(TranshipError) {
        try await send(MetadefRequests.deleteAll(.objects, of: namespace), expecting: [204])
    }

    private func object(_ json: JSONValue) throws(TranshipError) -> MetadefObject {
        guard let object = MetadefObject(json: json) else {
            throw TranshipError(.invalidAnswer, "a metadata definition object without a name")
        }
        return object
    }
}

extension MetadefObject {
    init?(json: JSONValue) {
        guard let record = json.object, let name = record["name"]?.string else { return nil }
        self.name = name
        self.record = record
        description = record["description"]?.string
        required = (record["required"]?.array ?? []).compactMap(\.string)
        properties = MetadefProperty.list(json)
        createdAt = record["created_at"]?.string
        updatedAt = record["updated_at"]?.string
    }

    static func list(_ json: JSONValue) -> [MetadefObject] {
        (json["objects"]?.array ?? []).compactMap(MetadefObject.init(json:))
    }
}

extension NewMetadefObject {
    var json: JSONValue {
        var record: [String: JSONValue] = ["name": .string(name)]
        record["description"] = description.map(JSONValue.string)
        if !required.isEmpty { record["required"] = .array(required.map(JSONValue.string)) }
        if !properties.isEmpty { record["properties"] = MetadefProperty.json(properties) }
        return .object(record)
    }
}

extension NewMetadefObject {
    /// Reads a record in the keys of the API.
    ///
    /// - Throws: ``TranshipError/Code/usage`` if `name` is missing.
    public init(record: JSONValue) throws(TranshipError) {
        self.init(
            try record.needed("name", of: "object"), description: record["description"]?.string,
            required: (record["required"]?.array ?? []).compactMap(\.string),
            properties: MetadefProperty.list(record))
    }
}
