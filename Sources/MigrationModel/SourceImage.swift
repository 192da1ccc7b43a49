// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// One image at a source, as it was when it was planned.
///
/// Every kind of source uses this type, so that planning and the journal know only one. Nothing in
/// it is secret: it keeps a URL without user, password and query.
public struct SourceImage: Codable, Hashable, Sendable {
    /// Stable over runs and unique in a pipeline: `image:<id>`, `url:<url>`, `file:<path>`.
    public var key: String
    /// The end of ``key`` that distinguishes this image from another image with the same address or
    /// file but another name; nil if there is no such image. Ids do not depend on the alias,
    /// because it depends on the order of the pipeline file.
    public var alias: String?
    /// The ``keyWithoutAlias`` of the address or file that a copy of this data was made from before
    /// the source moved; nil if the source has not moved. Ids derive from it, so the data is still
    /// the same version.
    public var firstKey: String?
    /// The index of the image's entry in the pipeline's `sources`, from 0.
    public var sourceIndex: Int
    /// The location of the data in the terms of the kind of source: an image's id, a URL without
    /// secrets, an absolute path. Only the reader of that kind uses it, to find the data again in a
    /// later run.
    public var location: String
    /// The id at the source, if the source is a cloud.
    public var imageID: String?

    /// The words that all versions of this image share. ``ImageIdentity`` derives ids from them.
    public var lineage: String
    /// The identification of this version of the data, a text from which ids are derived: a
    /// checksum if the source states one, else ETag, time and size. It is never parsed: see
    /// ``seen``.
    public var fingerprint: String
    /// The version that the listing saw; nil if only checksums identify the version.
    public var seen: SeenVersion?
    /// The data that the source publishes, if it is decompressed or converted before it is sent. If
    /// this is set, ``sizeBytes`` and ``checksums`` are empty, since they are of the data that is
    /// sent.
    public var published: PublishedData?
    /// The fingerprint of the OpenPGP key that signed the list with the promise; nil if no
    /// signature was verified.
    public var signedBy: String?
    /// The version within the series, if the source states one.
    public var version: String?
    /// The ``place``, if the source knows the position of the version in the key; nil without
    /// `latest`.
    public var placeTemplate: String?
    /// True if several servers may answer at the address of the data; nil for kinds without such
    /// addresses.
    public var isAtMirrors: Bool?

    public var name: String?
    /// The status at the source, if it has one.
    public var status: ImageStatus?
    public var sizeBytes: Int64?
    /// The checksums that the source promises for its bytes, strongest first; may be empty.
    public var checksums: [Checksum]
    public var ownerID: String?
    public var visibility: ImageVisibility?
    public var isProtected: Bool
    public var isHidden: Bool
    public var diskFormat: String?
    public var containerFormat: String?
    public var minDiskGiB: Int
    public var minRAMMiB: Int
    public var tags: [String]
    /// Additional properties as text, as the Image service keeps them. Properties that were null at
    /// the source are left out: null and absent cannot be distinguished.
    public var properties: [String: String]
    /// The time of the last update in RFC 3339, as the source wrote it.
    public var updatedAt: String?
    /// The time at which the source created the record; nil for sources without records.
    public var createdAtUnixSeconds: Int64?

    public init(
        key: String, sourceIndex: Int, location: String, imageID: String? = nil, lineage: String,
        fingerprint: String, seen: SeenVersion? = nil, name: String? = nil,
        status: ImageStatus? = nil, sizeBytes: Int64? = nil,
        checksums: [Checksum] = [], ownerID: String? = nil, visibility: ImageVisibility? = nil,
        isProtected: Bool = false, isHidden: Bool = false, diskFormat: String? = nil,
        containerFormat: String? = nil, minDiskGiB: Int = 0, minRAMMiB: Int = 0,
        tags: [String] = [], properties: [String: String] = [:], updatedAt: String? = nil
    ) {
        self.key = key
        self.sourceIndex = sourceIndex
        self.location = location
        self.imageID = imageID
        self.lineage = lineage
        self.fingerprint = fingerprint
        self.seen = seen
        self.name = name
        self.status = status
        self.sizeBytes = sizeBytes
        self.checksums = checksums
        self.ownerID = ownerID
        self.visibility = visibility
        self.isProtected = isProtected
        self.isHidden = isHidden
        self.diskFormat = diskFormat
        self.containerFormat = containerFormat
        self.minDiskGiB = minDiskGiB
        self.minRAMMiB = minRAMMiB
        self.tags = tags
        self.properties = properties
        self.updatedAt = updatedAt
    }

    /// The place where a source publishes one version after the other: the ``key`` with `{version}`
    /// instead of the version. Each source of a series has another place.
    public var place: String {
        if let placeTemplate { return placeTemplate }
        guard let version, !version.isEmpty else { return key }
        return key.replacing(version, with: Self.versionMark)
    }

    /// True if this is a version from that ``place``. A short version may also be part of the host
    /// or of a folder, so an image without a template is compared by its whole key.
    public func isAt(_ place: String) -> Bool {
        if self.place == place { return true }
        guard placeTemplate == nil, let version, !version.isEmpty else { return false }
        return place.replacing(Self.versionMark, with: version) == key
    }

    /// Returns a place for people: a URL or a path.
    public static func shownPlace(_ place: String) -> String {
        String(place.drop { $0 != ":" }.dropFirst())
    }

    /// The placeholder for the version in a ``place``.
    public static let versionMark = "{version}"

    /// The size of the data at the source in bytes; nil if the source does not state it.
    public var sizeAtSourceBytes: Int64? {
        guard let published else { return sizeBytes }
        return published.sizeBytes
    }

    /// True if the source's listing would show that the data has changed, even at the same size.
    public var showsNewVersions: Bool { promise != nil || seen?.showsNewVersions == true }

    /// The strongest checksum that the source promises for the data that it publishes.
    public var promise: Checksum? { published?.checksum ?? checksums.first }

    /// True if another server may answer the next time, and the source promises a checksum by which
    /// the right data is known.
    public var hasMirrors: Bool { isAtMirrors == true && promise != nil }

    /// True if a new version may replace this image. An image with an id at its source never
    /// changes its data.
    public var isOfSeries: Bool { imageID == nil }

    /// The name, or else the location, for people. It is cut to the longest name that the Image
    /// service allows.
    public var displayName: String {
        let words = name.flatMap { $0.isEmpty ? nil : $0 } ?? location
        return words.cut(to: Self.nameCharactersMax)
    }

    private static let nameCharactersMax = 255

    /// Returns the ``key`` of a cloud's image, by which other images name it as their kernel or
    /// ramdisk.
    public static func cloudKey(_ imageID: String) -> String { "image:\(imageID)" }

    /// Returns the part of a ``key`` after its kind: the image's id, its URL or its path.
    public static func place(inKey key: String) -> String {
        key.firstIndex(of: ":").map { String(key[key.index(after: $0)...]) } ?? key
    }
}
