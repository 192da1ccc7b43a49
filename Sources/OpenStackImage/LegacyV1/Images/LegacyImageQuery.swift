// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Which images a v1 list holds, and in which order. All conditions must hold.
///
/// - Important: Glance 15 answers 500 to text that is not ASCII in a filter.
public struct LegacyImageQuery: Sendable, Hashable {
    /// Whether an administrator sees private images of others.
    public enum Publicity: String, Sendable {
        /// The service's own choice, and all that others than administrators
        /// ever get: public images, and private ones of the project or shared
        /// with it.
        case mine = "True"
        /// Private images alone.
        case `private` = "False"
        /// Every image of the cloud.
        case any = "None"
    }

    /// Exactly this name; ASCII only.
    public var name: String?
    /// In this status.
    public var status: String?
    /// In this format.
    public var diskFormat: String?
    /// In this container.
    public var containerFormat: String?
    /// At least so large.
    public var sizeMinBytes: Int64?
    /// At most so large.
    public var sizeMaxBytes: Int64?
    /// Exactly what the image asks for.
    public var minRAMMiB: Int?
    /// Exactly what the image asks for.
    public var minDiskGiB: Int?
    /// Nil is both.
    public var isProtected: Bool?
    /// Sent as `is_public`; others than administrators are not heard.
    public var publicity: Publicity?
    /// ISO 8601, UTC. Only what was changed later, deleted images included
    /// (unless `properties` asks for some: those of deleted images are gone).
    public var changesSince: String?
    /// Equality of additional properties.
    public var properties: [String: String]
    /// name, status, container_format, disk_format, size, id, created_at (the
    /// service's own choice), updated_at.
    public var sortKey: String?
    /// The service's own choice is descending: newest first.
    public var isAscending: Bool?
    /// How many a page holds; the service gives no more than its own limit,
    /// 1,000 by default.
    public var pageLimit: Int
    /// The id of the image after which the list begins.
    public var marker: String?

    /// What is left out is no condition.
    public init(
        name: String? = nil, status: String? = nil, diskFormat: String? = nil,
        containerFormat: String? = nil, sizeMinBytes: Int64? = nil, sizeMaxBytes: Int64? = nil,
        minRAMMiB: Int? = nil, minDiskGiB: Int? = nil, isProtected: Bool? = nil,
        publicity: Publicity? = nil, changesSince: String? = nil,
        properties: [String: String] = [:], sortKey: String? = nil, isAscending: Bool? = nil,
        pageLimit: Int = 1000, marker: String? = nil
    ) {
        self.name = name
        self.status = status
        self.diskFormat = diskFormat
        self.containerFormat = containerFormat
        self.sizeMinBytes = sizeMinBytes
        self.sizeMaxBytes = sizeMaxBytes
        self.minRAMMiB = minRAMMiB
        self.minDiskGiB = minDiskGiB
        self.isProtected = isProtected
        self.publicity = publicity
        self.changesSince = changesSince
        self.properties = properties
        self.sortKey = sortKey
        self.isAscending = isAscending
        self.pageLimit = pageLimit
        self.marker = marker
    }
}

extension LegacyImageQuery {
    /// As the service reads it; keys in a fixed order.
    var items: [ServiceRequest.QueryItem] {
        var items: [ServiceRequest.QueryItem] = []
        func add(_ name: String, _ value: String?) {
            if let value { items.append(.init(name, value)) }
        }
        add("limit", String(pageLimit))
        add("name", name)
        add("status", status)
        add("disk_format", diskFormat)
        add("container_format", containerFormat)
        add("size_min", sizeMinBytes.map(String.init))
        add("size_max", sizeMaxBytes.map(String.init))
        add("min_ram", minRAMMiB.map(String.init))
        add("min_disk", minDiskGiB.map(String.init))
        add("protected", isProtected.map { $0 ? "True" : "False" })
        add("is_public", publicity?.rawValue)
        add("changes-since", changesSince)
        for (key, value) in properties.sorted(by: { $0.key < $1.key }) {
            add("property-\(key)", value)
        }
        add("sort_key", sortKey)
        add("sort_dir", isAscending.map { $0 ? "asc" : "desc" })
        add("marker", marker)
        return items
    }
}
