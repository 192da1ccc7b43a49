// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The metadata of a v1 image that a client may write, for creating one and
/// for changing one. What is nil is not sent.
public struct LegacyImageFields: Sendable, Hashable {
    /// A UUID of the client's choice, when creating. Never used again on this
    /// cloud, as in v2.
    public var id: String?
    /// Empty text makes it null.
    public var name: String?
    /// Needed before data; `ami`, `aki` and `ari` stand for both formats.
    public var diskFormat: String?
    /// What wraps the data; needed before data.
    public var containerFormat: String?
    /// Heeded for administrators only; else the project of the token.
    public var ownerID: String?
    /// Seen by every project; the service's own choice is false.
    public var isPublic: Bool?
    /// True refuses deletion.
    public var isProtected: Bool?
    /// The least disk to boot from, in GiB.
    public var minDiskGiB: Int?
    /// The least memory to boot with, in MiB.
    public var minRAMMiB: Int?
    /// What the data must have: other data is refused, and the image killed.
    /// 0 without data makes an active, empty image.
    public var sizeBytes: Int64?
    /// Of the disk that the data describes: the client's word, kept as it is.
    public var virtualSizeBytes: Int64?
    /// An MD5 that the data must have: other data is refused, and the image
    /// killed. For an image with a location it is recorded as it stands.
    public var checksum: Checksum?
    /// The store's scheme: `file`, `swift`, `rbd`, …
    public var store: String?
    /// An empty value makes it null. Names are folded by the service: lower
    /// case, hyphens as underscores.
    public var properties: [String: String]

    /// What is left out is not sent.
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

/// Where the service itself finds an image's data.
public enum LegacyImageOrigin: Sendable, Hashable {
    /// A URL that the service reads each time somebody asks for the data
    /// (`x-image-meta-location`): nothing is stored, and no checksum known.
    case location(String)
    /// A URL whose data the service copies into a store, in the background
    /// (`x-glance-api-copy-from`): look at the status until it is `active`;
    /// `killed` means that it failed.
    case copyFrom(String)
}
