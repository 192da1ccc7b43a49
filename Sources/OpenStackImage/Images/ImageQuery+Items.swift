// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

extension ImageQuery {
    /// As the service reads it; keys in a fixed order.
    var items: [ServiceRequest.QueryItem] {
        var items: [ServiceRequest.QueryItem] = []
        func add(_ name: String, _ value: String?) {
            if let value { items.append(.init(name, value)) }
        }
        add("limit", String(pageLimit))
        add("name", name?.text)
        add("id", id?.text)
        add("status", status?.text)
        add("disk_format", diskFormat?.text)
        add("container_format", containerFormat?.text)
        add("owner", ownerID)
        add("visibility", visibility)
        add("member_status", memberStatus)
        add("protected", isProtected.map { $0 ? "true" : "false" })
        add("os_hidden", isHidden.map { $0 ? "true" : "false" })
        for tag in tags { add("tag", tag) }
        add("size_min", sizeMinBytes.map(String.init))
        add("size_max", sizeMaxBytes.map(String.init))
        add("created_at", createdAt?.text)
        add("updated_at", updatedAt?.text)
        for (key, value) in properties.sorted(by: { $0.key < $1.key }) { add(key, value) }
        if !sort.isEmpty {
            add(
                "sort",
                sort.map { "\($0.key):\($0.isAscending ? "asc" : "desc")" }.joined(separator: ","))
        }
        add("marker", marker)
        return items
    }
}

extension ImageQuery.Match {
    /// A single value with a colon would be taken for an operator, so it gets
    /// one. Of several, each is quoted, as it may hold a comma; the service
    /// takes back no escape, so there is none for a quote.
    var text: String {
        switch self {
        case .one(let value): value.contains(":") ? "eq:\(value)" : value
        case .anyOf(let values): "in:" + values.map { "\"\($0)\"" }.joined(separator: ",")
        }
    }
}

extension ImageQuery.TimeBound {
    var text: String { "\(comparison.rawValue):\(time)" }
}
