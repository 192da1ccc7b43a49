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
    /// One id, or one of several.
    public var id: Match?
    /// One status, or one of several.
    public var status: Match?
    /// One format, or one of several.
    public var diskFormat: Match?
    /// One format, or one of several.
    public var containerFormat: Match?
    /// Of the project with this id.
    public var ownerID: String?
    /// `all` is every image that may be seen.
    public var visibility: String?
    /// Shared with us, where our answer is `accepted`, `pending`, `rejected` or
    /// `all`.
    public var memberStatus: String?
    /// Nil is both.
    public var isProtected: Bool?
    /// True lists hidden images in place of the others.
    public var isHidden: Bool?
    /// All of them must be there.
    public var tags: [String]
    /// At least so large; images without data have no size.
    public var sizeMinBytes: Int64?
    /// At most so large.
    public var sizeMaxBytes: Int64?
    /// Created before, at or after a time. The service compares microseconds,
    /// which it does not show.
    public var createdAt: TimeBound?
    /// Changed before, at or after a time; see ``createdAt``.
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

    /// What is left out is no condition.
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

        /// How the image's time is to stand to ``time``.
        public var comparison: Comparison
        /// ISO 8601, UTC.
        public var time: String

        /// - Parameter time: ISO 8601, UTC.
        public init(_ comparison: Comparison, _ time: String) {
            self.comparison = comparison
            self.time = time
        }
    }

    /// A key to sort by: name, status, container_format, disk_format, size,
    /// id, created_at, updated_at.
    public struct Sort: Sendable, Hashable {
        /// As in the record.
        public var key: String
        /// False is the largest, or newest, first.
        public var isAscending: Bool

        /// - Parameter key: as in the record: `created_at`.
        public init(_ key: String, ascending: Bool = true) {
            self.key = key
            isAscending = ascending
        }
    }
}
