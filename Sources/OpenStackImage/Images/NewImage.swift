// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// What a new image's record is to say. Nil leaves the value to the service.
public struct NewImage: Sendable, Hashable {
    /// A UUID of our own. One that was ever used on this cloud, deleted images
    /// included, is refused with 409.
    public var id: String?
    /// At most 255 characters; not unique.
    public var name: String?
    /// The data's format: `qcow2`, `raw`, …; needed before data.
    public var diskFormat: String?
    /// What wraps the data: `bare`, …; needed before data.
    public var containerFormat: String?
    /// The service's own choice is `shared`; `public` takes an admin.
    public var visibility: ImageVisibility?
    /// True refuses deletion.
    public var isProtected: Bool?
    /// True leaves it out of lists that do not ask for hidden images.
    public var isHidden: Bool?
    /// Another project's id takes an admin.
    public var ownerID: String?
    /// The least memory to boot with, in MiB.
    public var minRAMMiB: Int?
    /// The least disk to boot from, in GiB.
    public var minDiskGiB: Int?
    /// At most 255 characters each; the service takes 128 by default.
    public var tags: [String]
    /// Additional properties. The service takes strings only; of base keys and
    /// `os_glance_*` it takes none.
    public var properties: [String: JSONValue]
    /// Members of the record by their names in the API, sent as they are. They
    /// win over every other value; the name excepted, openstacksdk's `meta`.
    public var untyped: [String: JSONValue]

    /// What is left out is the service's to choose.
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
