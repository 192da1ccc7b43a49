// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension NewMetadefNamespace {
    /// For `POST`, with all that a namespace may bring along.
    var newJSON: JSONValue {
        var record = changedRecord
        if !resourceTypes.isEmpty {
            record["resource_type_associations"] = .array(resourceTypes.map(\.json))
        }
        if !properties.isEmpty { record["properties"] = MetadefProperty.json(properties) }
        if !objects.isEmpty { record["objects"] = .array(objects.map(\.json)) }
        if !tags.isEmpty { record["tags"] = .array(tags.map { ["name": .string($0)] }) }
        return .object(record)
    }

    /// For `PUT`, which must name the namespace even where it does not change.
    var changedRecord: [String: JSONValue] {
        var record: [String: JSONValue] = ["namespace": .string(name)]
        record["display_name"] = displayName.map(JSONValue.string)
        record["description"] = description.map(JSONValue.string)
        record["visibility"] = visibility.map(JSONValue.string)
        record["protected"] = isProtected.map(JSONValue.bool)
        record["owner"] = ownerID.map(JSONValue.string)
        return record
    }
}

extension MetadefProperty {
    var json: JSONValue { .object(schema.merging(["name": .string(name)]) { $1 }) }

    static func json(_ properties: [MetadefProperty]) -> JSONValue {
        .object(Dictionary(properties.map { ($0.name, .object($0.schema)) }) { $1 })
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

extension NewMetadefAssociation {
    var json: JSONValue {
        var record: [String: JSONValue] = ["name": .string(resourceType)]
        record["prefix"] = prefix.map(JSONValue.string)
        record["properties_target"] = propertiesTarget.map(JSONValue.string)
        return .object(record)
    }
}
