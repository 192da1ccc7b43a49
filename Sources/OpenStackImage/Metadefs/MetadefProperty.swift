// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// One property that a namespace describes: a name and a JSON Schema.
public struct MetadefProperty: Sendable, Hashable {
    /// Unique in its namespace, and without the prefix of a resource type.
    public var name: String
    /// The schema, `title` and `type` included: `description`, `enum`,
    /// `default`, `minimum`, `maximum`, `minLength`, `maxLength`, `pattern`,
    /// `items`, `minItems`, `maxItems`, `uniqueItems`, `additionalItems`,
    /// `operators`, `readonly`.
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
    /// What holds where nothing is set.
    public var defaultValue: JSONValue? { schema["default"] }
    /// `enum`; empty where any value is allowed.
    public var allowedValues: [JSONValue] { schema["enum"]?.array ?? [] }
    /// Set by the cloud alone.
    public var isReadOnly: Bool { schema["readonly"]?.bool ?? false }
}

/// A group of properties of a namespace.
public struct MetadefObject: Sendable, Hashable {
    /// Unique in its namespace.
    public let name: String
    /// For people.
    public let description: String?
    /// Which of the properties must be set.
    public let required: [String]
    /// By name.
    public let properties: [MetadefProperty]
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let createdAt: String?
    /// UTC, such as `2026-11-21T03:04:05Z`.
    public let updatedAt: String?
    /// The answer as it came.
    public let record: [String: JSONValue]
}

/// What an object is to say, new or changed; a change replaces all of it.
public struct NewMetadefObject: Sendable, Hashable {
    /// Unique in its namespace.
    public var name: String
    /// For people.
    public var description: String?
    /// Which of the properties must be set.
    public var required: [String]
    /// All of the group's.
    public var properties: [MetadefProperty]

    /// What is left out is empty.
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
