// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The conditions for the images in a list, and their order
/// (<https://docs.openstack.org/api-ref/image/v2/#list-images>).
///
/// All conditions must hold. Without `isHidden`, the list leaves out hidden images; without
/// `visibility`, it leaves out community images of other projects.
public struct ImageQuery: Sendable, Hashable {
    /// The name, or one of several names.
    public var name: Match?
    /// The id, or one of several ids.
    public var id: Match?
    /// The allowed statuses; an empty list allows any.
    public var status: [ImageStatus]
    /// The disk format, or one of several.
    public var diskFormat: Match?
    /// The container format, or one of several.
    public var containerFormat: Match?
    /// The id of the owning project.
    public var ownerID: String?
    /// The visibility. ``Filter/all`` adds the community images of other projects.
    public var visibility: Filter<ImageVisibility>?
    /// The answer of this project to the offer of a shared image.
    public var memberStatus: Filter<Member.Status>?
    /// The protection; nil for both protected and other images.
    public var isProtected: Bool?
    /// True to list hidden images instead of the others.
    public var isHidden: Bool?
    /// The tags, all of which the image must have.
    public var tags: [String]
    /// The minimum size. Images without data have no size.
    public var sizeMinBytes: Int64?
    /// The maximum size.
    public var sizeMaxBytes: Int64?
    /// The time of creation. The service compares microseconds, which it does not show.
    public var createdAt: TimeBound?
    /// The time of the last change; see ``createdAt``.
    public var updatedAt: TimeBound?
    /// The exact values of other keys: `checksum`, `os_hash_value`, a property.
    public var properties: [String: String]
    /// The keys to sort by, in this order. The service's default is newest first.
    public var sort: [Sort]
    /// The number of images per page, up to the limit of the service, which is 1,000 by default.
    public var pageLimit: Int
    /// The id of the image after which the list starts.
    public var marker: String?

    /// Creates a query. Nil and empty values set no condition.
    public init(
        name: Match? = nil, id: Match? = nil, status: [ImageStatus] = [], diskFormat: Match? = nil,
        containerFormat: Match? = nil, ownerID: String? = nil,
        visibility: Filter<ImageVisibility>? = nil, memberStatus: Filter<Member.Status>? = nil,
        isProtected: Bool? = nil, isHidden: Bool? = nil,
        tags: [String] = [], sizeMinBytes: Int64? = nil, sizeMaxBytes: Int64? = nil,
        createdAt: TimeBound? = nil, updatedAt: TimeBound? = nil,
        properties: [String: String] = [:], sort: [Sort] = [], pageLimit: Int = 1000,
        marker: String? = nil
    ) {
        self.name = name
        self.id = id
        self.status = status
        self.diskFormat = diskFormat
        self.containerFormat = containerFormat
        self.ownerID = ownerID
        self.visibility = visibility
        self.memberStatus = memberStatus
        self.isProtected = isProtected
        self.isHidden = isHidden
        self.tags = tags
        self.sizeMinBytes = sizeMinBytes
        self.sizeMaxBytes = sizeMaxBytes
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.properties = properties
        self.sort = sort
        self.pageLimit = pageLimit
        self.marker = marker
    }
}

extension ImageQuery {
    /// One value, or `all`, which the service accepts in place of a value.
    public enum Filter<Value: RawRepresentable<String> & Sendable & Hashable>: Sendable, Hashable {
        case all
        case only(Value)

        var text: String {
            switch self {
            case .all: "all"
            case .only(let value): value.rawValue
            }
        }
    }

    /// One value, or one of several (`in:`). Several values must not contain a double quote: the
    /// service refuses it (400).
    public enum Match: Sendable, Hashable, ExpressibleByStringLiteral,
        ExpressibleByArrayLiteral
    {
        case one(String)
        case anyOf([String])

        /// Creates a match; nil if there are no values.
        public init?(_ values: [String]) {
            guard let first = values.first else { return nil }
            self = values.count == 1 ? .one(first) : .anyOf(values)
        }

        public init(stringLiteral value: String) { self = .one(value) }
        public init(arrayLiteral elements: String...) { self = .anyOf(elements) }
    }

    /// A comparison with a time: `gte:2026-01-01T00:00:00Z`.
    public struct TimeBound: Sendable, Hashable {
        /// The operators of the service.
        public enum Comparison: String, Sendable {
            case greater = "gt"
            case greaterOrEqual = "gte"
            case less = "lt"
            case lessOrEqual = "lte"
            case equal = "eq"
            case notEqual = "neq"
        }

        /// The required relation of the image's time to ``time``.
        public var comparison: Comparison
        /// The time in ISO 8601, UTC.
        public var time: String

        /// - Parameter time: the time in ISO 8601, UTC.
        public init(_ comparison: Comparison, _ time: String) {
            self.comparison = comparison
            self.time = time
        }
    }

    /// A sort key: name, status, container_format, disk_format, size, id, created_at, updated_at.
    public struct Sort: Sendable, Hashable {
        /// A key of the record.
        public var key: String
        /// True to sort the smallest or oldest first.
        public var isAscending: Bool

        /// - Parameter key: a key of the record: `created_at`.
        public init(_ key: String, ascending: Bool = true) {
            self.key = key
            isAscending = ascending
        }
    }
}

extension ImageQuery {
    /// The query of the request, with the keys in a fixed order.
    var items: [ServiceRequest.QueryItem] {
        let sorting = sort.map { "\($0.key):\($0.isAscending ? "asc" : "desc")" }
        let before: KeyValuePairs<String, String?> = [
            "limit": String(pageLimit), "name": name?.text, "id": id?.text,
            "status": Match(status.map(\.rawValue))?.text, "disk_format": diskFormat?.text,
            "container_format": containerFormat?.text, "owner": ownerID,
            "visibility": visibility?.text, "member_status": memberStatus?.text,
            "protected": isProtected.map { $0 ? "true" : "false" },
            "os_hidden": isHidden.map { $0 ? "true" : "false" },
        ]
        let after: KeyValuePairs<String, String?> = [
            "size_min": sizeMinBytes.map(String.init), "size_max": sizeMaxBytes.map(String.init),
            "created_at": createdAt?.text, "updated_at": updatedAt?.text,
        ]
        return .init(before) + tags.map { .init("tag", $0) } + .init(after)
            + properties.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) }
            + .init(["sort": sort.isEmpty ? nil : sorting.joined(separator: ","), "marker": marker])
    }
}

extension ImageQuery.Match {
    /// The text in the query. A single value with a colon gets `eq:`, since the service would read
    /// its beginning as an operator. Several values are quoted, since they may contain commas. The
    /// service has no escape for a quote.
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
