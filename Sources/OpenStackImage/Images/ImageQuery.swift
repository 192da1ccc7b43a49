// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Which images a list holds, and in which order
/// (<https://docs.openstack.org/api-ref/image/v2/#list-images>).
///
/// All conditions must hold. Hidden images are left out unless `isHidden` is
/// true, community images of others unless `visibility` asks for them.
public struct ImageQuery: Sendable, Hashable {
    /// One value, or one of several.
    public var name: Match?
    public var id: Match?
    public var status: Match?
    public var diskFormat: Match?
    public var containerFormat: Match?
    public var ownerID: String?
    /// `all` is every image that may be seen.
    public var visibility: String?
    public var memberStatus: String?
    public var isProtected: Bool?
    public var isHidden: Bool?
    /// All of them must be there.
    public var tags: [String]
    public var sizeMinBytes: Int64?
    public var sizeMaxBytes: Int64?
    public var createdAt: TimeBound?
    public var updatedAt: TimeBound?
    /// Equality of any other key: `checksum`, `os_hash_value`, a property.
    public var properties: [String: String]
    /// First to last; the service's own order is newest first.
    public var sort: [Sort]
    /// How many a page holds. The service gives no more than its own limit,
    /// 1,000 by default.
    public var pageLimit: Int
    /// The id of the image after which the list begins.
    public var marker: String?

    public init(
        name: Match? = nil, id: Match? = nil, status: Match? = nil, diskFormat: Match? = nil,
        containerFormat: Match? = nil, ownerID: String? = nil, visibility: String? = nil,
        memberStatus: String? = nil, isProtected: Bool? = nil, isHidden: Bool? = nil,
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
    /// A value, or several of which one must be it (`in:`). Of several, none
    /// may hold a double quote: the service refuses it (400).
    public enum Match: Sendable, Hashable, ExpressibleByStringLiteral,
        ExpressibleByArrayLiteral
    {
        case one(String)
        case anyOf([String])

        public init(stringLiteral value: String) { self = .one(value) }
        public init(arrayLiteral elements: String...) { self = .anyOf(elements) }
    }

    /// A time and how it is compared: `gte:2026-01-01T00:00:00Z`.
    public struct TimeBound: Sendable, Hashable {
        /// The comparisons that the service knows.
        public enum Comparison: String, Sendable {
            case greater = "gt"
            case greaterOrEqual = "gte"
            case less = "lt"
            case lessOrEqual = "lte"
            case equal = "eq"
            case notEqual = "neq"
        }

        public var comparison: Comparison
        /// ISO 8601, UTC.
        public var time: String

        public init(_ comparison: Comparison, _ time: String) {
            self.comparison = comparison
            self.time = time
        }
    }

    /// A key to sort by: name, status, container_format, disk_format, size,
    /// id, created_at, updated_at.
    public struct Sort: Sendable, Hashable {
        public var key: String
        public var isAscending: Bool

        public init(_ key: String, ascending: Bool = true) {
            self.key = key
            isAscending = ascending
        }
    }
}
