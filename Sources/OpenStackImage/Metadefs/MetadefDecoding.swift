// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension MetadefNamespace {
    /// - Throws: ``TranshipError/Code/invalidAnswer``.
    init(json: JSONValue) throws(TranshipError) {
        guard let record = json.object, let name = record["namespace"]?.string else {
            throw TranshipError(.invalidAnswer, "a metadata definition namespace without a name")
        }
        self.name = name
        self.record = record
        displayName = record["display_name"]?.string
        description = record["description"]?.string
        visibility = record["visibility"]?.string
        isProtected = record["protected"]?.bool ?? false
        ownerID = record["owner"]?.string
        resourceTypes = MetadefAssociation.list(json)
        properties = MetadefProperty.list(json)
        objects = MetadefObject.list(json)
        tags = (record["tags"]?.array ?? []).compactMap { $0["name"]?.string }
        createdAt = record["created_at"]?.string
        updatedAt = record["updated_at"]?.string
    }

    /// The namespaces of a list and its next page's query.
    static func page(
        _ json: JSONValue, asked: String
    ) throws(TranshipError) -> (namespaces: [MetadefNamespace], nextQuery: String?) {
        guard let records = json["namespaces"]?.array else {
            throw TranshipError(
                .invalidAnswer, "the answer to \(asked) holds no list of namespaces")
        }
        var namespaces: [MetadefNamespace] = []
        for record in records { namespaces.append(try MetadefNamespace(json: record)) }
        return (namespaces, PageLink.query(json["next"]?.string))
    }
}

extension MetadefProperty {
    /// One that names itself.
    ///
    /// - Throws: ``TranshipError/Code/invalidAnswer``.
    init(json: JSONValue) throws(TranshipError) {
        guard let record = json.object, let name = record["name"]?.string else {
            throw TranshipError(.invalidAnswer, "a metadata definition property without a name")
        }
        self.init(name, record)
    }

    /// The service repeats the name in the schema after some requests.
    private init(_ name: String, _ schema: [String: JSONValue]) {
        self.name = name
        self.schema = schema
        self.schema["name"] = nil
    }

    /// Those under `properties`, by name.
    static func list(_ json: JSONValue) -> [MetadefProperty] {
        (json["properties"]?.object ?? [:]).sorted { $0.key < $1.key }.map {
            MetadefProperty($0.key, $0.value.object ?? [:])
        }
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

extension MetadefTag {
    init?(json: JSONValue) {
        guard let record = json.object, let name = record["name"]?.string else { return nil }
        self.name = name
        self.record = record
        createdAt = record["created_at"]?.string
        updatedAt = record["updated_at"]?.string
    }

    static func list(_ json: JSONValue) -> [MetadefTag] {
        (json["tags"]?.array ?? []).compactMap(MetadefTag.init(json:))
    }
}

extension MetadefResourceType {
    init?(json: JSONValue) {
        guard let record = json.object, let name = record["name"]?.string else { return nil }
        self.name = name
        self.record = record
        createdAt = record["created_at"]?.string
        updatedAt = record["updated_at"]?.string
    }

    static func list(_ json: JSONValue) -> [MetadefResourceType] {
        (json["resource_types"]?.array ?? []).compactMap(MetadefResourceType.init(json:))
    }
}

extension MetadefAssociation {
    init?(json: JSONValue) {
        guard let record = json.object, let name = record["name"]?.string else { return nil }
        resourceType = name
        self.record = record
        prefix = record["prefix"]?.string
        propertiesTarget = record["properties_target"]?.string
        createdAt = record["created_at"]?.string
        updatedAt = record["updated_at"]?.string
    }

    static func list(_ json: JSONValue) -> [MetadefAssociation] {
        (json["resource_type_associations"]?.array ?? [])
            .compactMap(MetadefAssociation.init(json:))
    }
}
