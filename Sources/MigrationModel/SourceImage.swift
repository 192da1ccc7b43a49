// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// One image at a source, as it was when it was planned.
///
/// The same shape for every kind of source, so that planning and the journal
/// know only one. Nothing in it is secret: it keeps a URL without user,
/// password and query.
public struct SourceImage: Codable, Hashable, Sendable {
    /// Stable over runs and unique in a pipeline: `image:<id>`, `url:<url>`, `file:<path>`.
    public var key: String
    /// The end of ``key`` that keeps this image apart from one of the same address or file with
    /// another name; nil without such a one. Ids do not depend on it, because it goes with the order
    /// of the pipeline file.
    public var alias: String?
    /// Which entry of the pipeline's `sources` it comes from, from 0.
    public var sourceIndex: Int
    /// Where the data is at its source, in the terms of its kind: an image's id,
    /// a URL without secrets, an absolute path. Only the kind reads it, to find
    /// the data again in a later run.
    public var location: String
    /// The id at the source, if the source is a cloud.
    public var imageID: String?

    /// The words that all versions of this image share. ``ImageIdentity`` derives ids from them.
    public var lineage: String
    /// Identifies this version of the data, as text that ids are
    /// derived from: a checksum if the source states one, else ETag, time and
    /// size. Never taken apart again: see ``seen``.
    public var fingerprint: String
    /// The version that the listing saw; nil if only checksums say it.
    public var seen: SeenVersion?
    /// What the source publishes, if that is not what is sent. ``sizeBytes`` and ``checksums`` are
    /// of what is sent, and say nothing then.
    public var published: PublishedData?
    /// The fingerprint of the OpenPGP key that signed the list with the promise; nil if no signature
    /// was verified.
    public var signedBy: String?
    /// The version within the series, if the source states one.
    public var version: String?
    /// The ``place``, if the source states where in the key the version is; nil without `latest`.
    public var placeTemplate: String?
    /// True if several servers may answer at the address of the data; nil for kinds without such
    /// addresses.
    public var isAtMirrors: Bool?

    public var name: String?
    /// The status at the source, if it has one.
    public var status: ImageStatus?
    public var sizeBytes: Int64?
    /// What the source promises of its bytes, strongest first; may be empty.
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
    /// Additional properties, text as the Image service keeps them. Those that
    /// were null at the source are left out: null cannot be told from absent.
    public var properties: [String: String]
    /// RFC 3339, as the source wrote it.
    public var updatedAt: String?

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

    /// Where a source has one version after the other: the ``key``, with `{version}` in the place of
    /// the version. The sources of a series differ in it.
    public var place: String {
        if let placeTemplate { return placeTemplate }
        guard let version, !version.isEmpty else { return key }
        return key.replacing(version, with: Self.versionMark)
    }

    /// True if this is a version of that ``place``. A short version may also be part of the host or
    /// of a folder, so an image without a template is compared by its whole key.
    public func isAt(_ place: String) -> Bool {
        if self.place == place { return true }
        guard placeTemplate == nil, let version, !version.isEmpty else { return false }
        return place.replacing(Self.versionMark, with: version) == key
    }

    /// A place for people: a URL or a path.
    public static func shownPlace(_ place: String) -> String {
        String(place.drop { $0 != ":" }.dropFirst())
    }

    /// Stands for the version in a ``place``.
    public static let versionMark = "{version}"

    /// Bytes at the source; nil if it does not state them.
    public var sizeAtSourceBytes: Int64? {
        guard let published else { return sizeBytes }
        return published.sizeBytes
    }

    /// True if the source would show other data of the same size.
    public var showsNewVersions: Bool { promise != nil || seen?.showsNewVersions == true }

    /// What the source promises of the data that it publishes.
    public var promise: Checksum? { published?.checksum ?? checksums.first }

    /// True if another server may answer the next time, and a promise says which one has the right
    /// data.
    public var hasMirrors: Bool { isAtMirrors == true && promise != nil }

    /// True if one image may follow another as its new version. An image with an id at its source
    /// never changes its data.
    public var isOfSeries: Bool { imageID == nil }

    /// The name, or where the image is, for people. Longer than a name may be in the Image service,
    /// it is cut.
    public var displayName: String {
        let words = name.flatMap { $0.isEmpty ? nil : $0 } ?? location
        return words.cut(to: Self.nameCharactersMax)
    }

    private static let nameCharactersMax = 255

    /// The ``key`` of a cloud's image, by which others name it as their kernel or
    /// ramdisk.
    public static func cloudKey(_ imageID: String) -> String { "image:\(imageID)" }

    /// The image's id, its URL or its path: what a ``key`` says after its kind.
    public static func place(inKey key: String) -> String {
        key.firstIndex(of: ":").map { String(key[key.index(after: $0)...]) } ?? key
    }
}
