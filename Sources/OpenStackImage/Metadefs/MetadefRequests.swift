// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// Requests on `/v2/metadefs`.
enum MetadefRequests {
    /// The parts of a namespace, as in its paths.
    enum Part: String {
        case properties, objects, tags
        case resourceTypes = "resource_types"
    }

    static func namespaces(_ query: MetadefQuery) -> ServiceRequest {
        var items: [ServiceRequest.QueryItem] = [.init("limit", String(query.pageLimit))]
        if let visibility = query.visibility {
            items.append(.init("visibility", visibility.rawValue))
        }
        if !query.resourceTypes.isEmpty {
            items.append(.init("resource_types", query.resourceTypes.joined(separator: ",")))
        }
        items += sort(query.sortKey, query.isAscending)
        if let marker = query.marker { items.append(.init("marker", marker)) }
        return ServiceRequest(.get, "/v2/metadefs/namespaces", query: items)
    }

    static func namespace(_ name: String, resourceType: String?) -> ServiceRequest {
        ServiceRequest(.get, path(name), query: prefixed(resourceType))
    }

    static func create(_ namespace: NewMetadefNamespace) -> ServiceRequest {
        ServiceRequest(.post, "/v2/metadefs/namespaces", json: namespace.newJSON)
    }

    static func update(_ name: String, _ namespace: NewMetadefNamespace) -> ServiceRequest {
        ServiceRequest(.put, path(name), json: .object(namespace.changedRecord))
    }

    static func delete(_ name: String) -> ServiceRequest {
        ServiceRequest(.delete, path(name))
    }

    static func list(
        _ part: Part, of namespace: String, query: [ServiceRequest.QueryItem] = []
    ) -> ServiceRequest {
        ServiceRequest(.get, path(namespace, part), query: query)
    }

    static func show(
        _ part: Part, of namespace: String, named name: String, resourceType: String? = nil
    ) -> ServiceRequest {
        ServiceRequest(.get, path(namespace, part, name), query: prefixed(resourceType))
    }

    static func create(_ part: Part, of namespace: String, _ json: JSONValue) -> ServiceRequest {
        ServiceRequest(.post, path(namespace, part), json: json)
    }

    static func update(
        _ part: Part, of namespace: String, named name: String, _ json: JSONValue
    ) -> ServiceRequest {
        ServiceRequest(.put, path(namespace, part, name), json: json)
    }

    static func delete(
        _ part: Part, of namespace: String, named name: String
    ) -> ServiceRequest {
        ServiceRequest(.delete, path(namespace, part, name))
    }

    static func deleteAll(_ part: Part, of namespace: String) -> ServiceRequest {
        ServiceRequest(.delete, path(namespace, part))
    }

    /// One tag. Its name is in the path only.
    static func addTag(_ name: String, to namespace: String) -> ServiceRequest {
        ServiceRequest(.post, path(namespace, .tags, name))
    }

    static func setTags(
        _ names: [String], of namespace: String, appending: Bool
    ) -> ServiceRequest {
        var request = create(
            .tags, of: namespace, ["tags": .array(names.map { ["name": .string($0)] })])
        request.headers["X-Openstack-Append"] = appending ? "True" : "False"
        return request
    }

    static func tagItems(_ query: MetadefTagQuery) -> [ServiceRequest.QueryItem] {
        var items = sort(query.sortKey, query.isAscending)
        if let limit = query.limit { items.append(.init("limit", String(limit))) }
        if let marker = query.marker { items.append(.init("marker", marker)) }
        return items
    }

    static var resourceTypes: ServiceRequest { ServiceRequest(.get, "/v2/metadefs/resource_types") }

    /// With it, the service writes property names with the prefix of that resource type.
    private static func prefixed(_ resourceType: String?) -> [ServiceRequest.QueryItem] {
        resourceType.map { [.init("resource_type", $0)] } ?? []
    }

    private static func sort(
        _ key: String?, _ isAscending: Bool
    ) -> [ServiceRequest.QueryItem] {
        guard let key else { return [] }
        return [.init("sort_key", key), .init("sort_dir", isAscending ? "asc" : "desc")]
    }

    private static func path(
        _ namespace: String, _ part: Part? = nil, _ name: String? = nil
    ) -> String {
        var path = "/v2/metadefs/namespaces/\(percentEncode(namespace))"
        if let part { path += "/\(part.rawValue)" }
        if let name { path += "/\(percentEncode(name))" }
        return path
    }
}

extension JSONValue {
    func needed(_ key: String, of what: String) throws(TranshipError) -> String {
        if let text = self[key]?.string { return text }
        throw TranshipError(.usage, "the record of a \(what) needs \"\(key)\"")
    }
}
