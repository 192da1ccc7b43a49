// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import MigrationModel

/// What a new image's record is to say. Nil leaves the value to the service.
public struct NewImage: Sendable, Hashable {
    /// A UUID of our own. One that was ever used on this cloud, deleted images
    /// included, is refused with 409.
    public var id: String?
    public var name: String?
    public var diskFormat: String?
    public var containerFormat: String?
    public var visibility: ImageVisibility?
    public var isProtected: Bool?
    public var isHidden: Bool?
    public var ownerID: String?
    public var minRAMMiB: Int?
    public var minDiskGiB: Int?
    public var tags: [String]
    /// Additional properties. The service takes strings only; of base keys and
    /// `os_glance_*` it takes none.
    public var properties: [String: JSONValue]
    /// Members of the record by their names in the API, sent as they are. They
    /// win over every other value; the name excepted, openstacksdk's `meta`.
    public var untyped: [String: JSONValue]

    public init(
        id: String? = nil, name: String? = nil, diskFormat: String? = nil,
        containerFormat: String? = nil, visibility: ImageVisibility? = nil,
        isProtected: Bool? = nil, isHidden: Bool? = nil, ownerID: String? = nil,
        minRAMMiB: Int? = nil, minDiskGiB: Int? = nil, tags: [String] = [],
        properties: [String: JSONValue] = [:], untyped: [String: JSONValue] = [:]
    ) {
        self.id = id
        self.name = name
        self.diskFormat = diskFormat
        self.containerFormat = containerFormat
        self.visibility = visibility
        self.isProtected = isProtected
        self.isHidden = isHidden
        self.ownerID = ownerID
        self.minRAMMiB = minRAMMiB
        self.minDiskGiB = minDiskGiB
        self.tags = tags
        self.properties = properties
        self.untyped = untyped
    }
}
