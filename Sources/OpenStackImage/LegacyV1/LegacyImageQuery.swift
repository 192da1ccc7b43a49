// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The conditions for the images in a v1 list, all of which must hold, and their order.
///
/// - Important: Glance 15 answers 500 to a filter with text that is not ASCII.
public struct LegacyImageQuery: Sendable, Hashable {
    /// The public and private images to list. Only an admin has a choice.
    public enum Publicity: String, Sendable {
        /// The default of the service, and the only choice for other users: public images, and
        /// private ones that the project owns or shares.
        case mine = "True"
        /// Only private images.
        case `private` = "False"
        /// Every image of the cloud.
        case any = "None"
    }

    /// The exact name; ASCII only.
    public var name: String?
    /// The status.
    public var status: ImageStatus?
    /// The disk format.
    public var diskFormat: String?
    /// The container format.
    public var containerFormat: String?
    /// The minimum size.
    public var sizeMinBytes: Int64?
    /// The maximum size.
    public var sizeMaxBytes: Int64?
    /// The exact value of the image.
    public var minRAMMiB: Int?
    /// The exact value of the image.
    public var minDiskGiB: Int?
    /// The protection; nil for both protected and other images.
    public var isProtected: Bool?
    /// The choice that is sent as `is_public`. The service ignores it for users who are not admins.
    public var publicity: Publicity?
    /// A time in ISO 8601, UTC. The list has only images that changed later, including deleted ones
    /// (unless `properties` is set, since deleted images have lost theirs).
    public var changesSince: String?
    /// The exact values of additional properties.
    public var properties: [String: String]
    /// The key to sort by: name, status, container_format, disk_format, size, id, created_at (the
    /// default of the service), updated_at.
    public var sortKey: String?
    /// True for ascending order. The default of the service is descending: newest first.
    public var isAscending: Bool?
    /// The number of images per page, up to the limit of the service, which is 1,000 by default.
    public var pageLimit: Int
    /// The id of the image after which the list starts.
    public var marker: String?

    /// Creates a query. Nil and empty values set no condition.
    public init(
        name: String? = nil, status: ImageStatus? = nil, diskFormat: String? = nil,
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
    /// The query of the request, with the keys in a fixed order.
    var items: [ServiceRequest.QueryItem] {
        let own: KeyValuePairs<String, String?> = [
            "limit": String(pageLimit), "name": name, "status": status?.rawValue,
            "disk_format": diskFormat, "container_format": containerFormat,
            "size_min": sizeMinBytes.map(String.init), "size_max": sizeMaxBytes.map(String.init),
            "min_ram": minRAMMiB.map(String.init), "min_disk": minDiskGiB.map(String.init),
            "protected": isProtected.map { $0 ? "True" : "False" },
            "is_public": publicity?.rawValue, "changes-since": changesSince,
        ]
        return .init(own)
            + properties.sorted { $0.key < $1.key }.map { .init("property-\($0.key)", $0.value) }
            + .init([
                "sort_key": sortKey, "sort_dir": isAscending.map { $0 ? "asc" : "desc" },
                "marker": marker,
            ])
    }
}
