// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The metadata of a v1 image that a client may set, for a new image or a change. Nil is not sent.
public struct LegacyImageFields: Sendable, Hashable {
    /// A UUID of your choice for a new image. The cloud never uses it again, as in v2.
    public var id: String?
    /// An empty text sets it to null.
    public var name: String?
    /// Required before data. `ami`, `aki` and `ari` set both formats.
    public var diskFormat: String?
    /// The format around the data; required before data.
    public var containerFormat: String?
    /// For admins only. Otherwise the project of the token.
    public var ownerID: String?
    /// True: every project sees it. The default of the service is false.
    public var isPublic: Bool?
    /// True: the service refuses to delete it.
    public var isProtected: Bool?
    /// The least disk to boot it, in GiB.
    public var minDiskGiB: Int?
    /// The least memory to boot it, in MiB.
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
    /// An empty value sets a property to null. The service changes names: lower case, hyphens to
    /// underscores.
    public var properties: [String: String]

    /// Values that are nil are not sent.
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

/// Where the service itself gets the data of an image.
public enum LegacyImageOrigin: Sendable, Hashable {
    /// A URL that the service reads at each download (`x-image-meta-location`): nothing is stored,
    /// and there is no checksum.
    case location(String)
    /// A URL whose data the service copies into a store, in the background
    /// (`x-glance-api-copy-from`). Wait until the status is `active`; `killed` means that it
    /// failed.
    case copyFrom(String)
}
