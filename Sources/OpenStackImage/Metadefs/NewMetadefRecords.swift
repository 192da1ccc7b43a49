// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension NewMetadefNamespace {
    /// Reads a record as the API writes it, `namespace` being its name.
    ///
    /// - Throws: ``TranshipError/Code/usage`` for one without that.
    public init(record: JSONValue) throws(TranshipError) {
        self.init(try record.needed("namespace", of: "namespace"))
        displayName = record["display_name"]?.string
        description = record["description"]?.string
        visibility = record["visibility"]?.string
        isProtected = record["protected"]?.bool
        ownerID = record["owner"]?.string
        for type in record["resource_type_associations"]?.array ?? [] {
            resourceTypes.append(try NewMetadefAssociation(record: type))
        }
        properties = MetadefProperty.list(record)
        for object in record["objects"]?.array ?? [] {
            objects.append(try NewMetadefObject(record: object))
        }
        for tag in record["tags"]?.array ?? [] { tags.append(try tag.needed("name", of: "tag")) }
    }
}

extension MetadefProperty {
    /// Reads a record as the API writes it: `name`, `title`, `type` and what else
    /// its schema says.
    ///
    /// - Throws: ``TranshipError/Code/usage`` for one without these three.
    public init(record: JSONValue) throws(TranshipError) {
        var schema = record.object ?? [:]
        schema["name"] = nil
        self.init(
            try record.needed("name", of: "property"),
            title: try record.needed("title", of: "property"),
            type: try record.needed("type", of: "property"), schema: schema)
    }

    /// The record as the API writes it.
    public var record: [String: JSONValue] { schema.merging(["name": .string(name)]) { $1 } }
}

extension NewMetadefObject {
    /// Reads a record as the API writes it.
    ///
    /// - Throws: ``TranshipError/Code/usage`` for one without a `name`.
    public init(record: JSONValue) throws(TranshipError) {
        self.init(
            try record.needed("name", of: "object"), description: record["description"]?.string,
            required: (record["required"]?.array ?? []).compactMap(\.string),
            properties: MetadefProperty.list(record))
    }
}

extension NewMetadefAssociation {
    /// Reads a record as the API writes it, `name` being the resource type.
    ///
    /// - Throws: ``TranshipError/Code/usage`` for one without that.
    public init(record: JSONValue) throws(TranshipError) {
        self.init(
            try record.needed("name", of: "resource type"), prefix: record["prefix"]?.string,
            propertiesTarget: record["properties_target"]?.string)
    }
}

extension JSONValue {
    fileprivate func needed(_ key: String, of what: String) throws(TranshipError) -> String {
        if let text = self[key]?.string { return text }
        throw TranshipError(.usage, "the record of a \(what) needs \"\(key)\"")
    }
}
