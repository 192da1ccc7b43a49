// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// Requests on `/v2/tasks` and on an image's own tasks.
enum TaskRequests {
    static func list(_ query: TaskQuery) -> ServiceRequest {
        var items: [ServiceRequest.QueryItem] = [.init("limit", String(query.pageLimit))]
        if let type = query.type { items.append(.init("type", type)) }
        if let status = query.status { items.append(.init("status", status.rawValue)) }
        if let key = query.sortKey {
            items.append(.init("sort_key", key))
            items.append(.init("sort_dir", query.isAscending ? "asc" : "desc"))
        }
        if let marker = query.marker { items.append(.init("marker", marker)) }
        return ServiceRequest(.get, "/v2/tasks", query: items)
    }

    static func ofImage(_ id: String) -> ServiceRequest {
        ServiceRequest(.get, "\(ImageRequests.path(id))/tasks")
    }

    static func show(_ id: String) -> ServiceRequest {
        ServiceRequest(.get, "/v2/tasks/\(percentEncode(id))")
    }

    static func create(type: String, input: JSONValue) -> ServiceRequest {
        ServiceRequest(.post, "/v2/tasks", json: ["type": .string(type), "input": input])
    }
}
