// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The metadata that a client may set on a v1 image, new or existing. Nil is not sent.
public struct LegacyImageFields: Sendable, Hashable {
    /// The id of a new image, a UUID of your choice. The cloud never uses it again, as in v2.
    public var id: String?
    /// The name. An empty text sets it to null.
    public var name: String?
    /// The format of the data, required before data. `ami`, `aki` and `ari` set both formats.
    public var diskFormat: String?
    /// The format around the data; required before data.
    public var containerFormat: String?
    /// The id of the owner, for admins only. Otherwise the project of the token owns the image.
    public var ownerID: String?
    /// True if every project sees the image. The default of the service is false.
    public var isPublic: Bool?
    /// True to make the service refuse to delete the image.
    public var isProtected: Bool?
    /// The minimum disk to boot the image, in GiB.
    public var minDiskGiB: Int?
    /// The minimum memory to boot the image, in MiB.
    public var minRAMMiB: Int?
    /// The size that the data must have. The service refuses other data, and the image becomes
    /// `killed`. 0 without data creates an active, empty image.
    public var sizeBytes: Int64?
    /// The size of the disk that the data describes. The service stores it unchecked.
    public var virtualSizeBytes: Int64?
    /// The MD5 that the data must have. The service refuses other data, and the image becomes
    /// `killed`. For an image with a location it is stored unchecked.
    public var checksum: Checksum?
    /// The store's scheme: `file`, `swift`, `rbd`, …
    public var store: String?
    /// The additional properties. An empty value sets a property to null. The service changes
    /// names: lower case, hyphens to underscores.
    public var properties: [String: String]

    /// Creates fields. Values that are nil are not sent.
    public init(
        id: String? = nil, name: String? = nil, diskFormat: String? = nil,
        containerFormat: String? = nil, ownerID: String? = nil, isPublic: Bool? = nil,
        isProtected: Bool? = nil, minDiskGiB: Int? = nil, minRAMMiB: Int? = nil,
        sizeBytes: Int64? = nil, virtualSizeBytes: Int64? = nil, checksum: Checksum? = nil,
        store: String? = nil, properties: [String: String] = [:]
    ) {
        self.id = id
        self.name = name
        self.diskFormat = diskFormat
        self.containerFormat = containerFormat
        self.ownerID = ownerID
        self.isPublic = isPublic
        self.isProtected = isProtected
        self.minDiskGiB = minDiskGiB
        self.minRAMMiB = minRAMMiB
        self.sizeBytes = sizeBytes
        self.virtualSizeBytes = virtualSizeBytes
        self.checksum = checksum
        self.store = store
        self.properties = properties
    }
}

/// The place from which the service itself gets the data of an image.
public enum LegacyImageOrigin: Sendable, Hashable {
    /// A URL that the service reads at each download (`x-image-meta-location`). It stores nothing,
    /// and has no checksum.
    case location(String)
    /// A URL whose data the service copies into a store, in the background
    /// (`x-glance-api-copy-from`). Wait until the status is `active`; `killed` means that the copy
    /// failed.
    case copyFrom(String)
}
