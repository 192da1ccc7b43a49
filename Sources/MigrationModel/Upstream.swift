// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// The facts that a run's plan found at the source of a series. Later plans remember them, so an
/// upstream cannot change them by publishing something else.
public struct Upstream: Codable, Hashable, Sendable {
    /// As in ``SourceImage/lineage``.
    public var lineage: String
    /// As in ``Origin/lineageID``.
    public var lineageID: String
    /// The ``SourceImage/place`` of this version's source; nil if the series has only one source.
    public var place: String?
    /// Nil if the source states no version; then the fingerprint identifies the data.
    public var version: String?
    public var fingerprint: String
    /// The time at which a plan first found this version, in milliseconds since 1970.
    public var since: Int64
    /// The run of that plan; nil before a run takes the plan over.
    public var sinceRunID: Int64?
    /// The age after which the version counts as stale; nil for never.
    public var staleAfterSeconds: Int64?
    /// The fingerprints of the keys that signed the list of checksums; nil if no signature was
    /// required.
    public var signers: [String]?
    /// The digest of the keyring that had the key.
    public var keyring: String?
    /// The last look at the data; nil if it was not remembered.
    public var look: Look?
    /// The identification of the index with this product, and of the entry's selection from that
    /// index; nil without an index.
    public var selector: String?

    /// The result of a look at the data, so that unchanged data needs no second look.
    public struct Look: Codable, Hashable, Sendable {
        /// The identification of everything but the data on which the look depends, such as the
        /// entry of the pipeline file. With other settings, the result is not used.
        public var settings: String
        /// The image as it was listed.
        public var image: SourceImage
        /// The ETag of the data, as the server sent it.
        public var eTag: String?
        public var lastModified: String?
        /// The host that answered, after redirects: `https://host:port`. If the host has several
        /// addresses, also the one that answered: `https://host:port (192.0.2.7)`.
        public var host: String?
        /// Remarks of the look.
        public var notes: [Note]
        /// The list of checksums that named the data.
        public var list: List?
        /// The product in the index; nil for data without an index, and if the index could not be
        /// read as a whole.
        public var product: Product?

        public init(
            settings: String, image: SourceImage, eTag: String?, lastModified: String?,
            host: String?, notes: [Note], list: List?
        ) {
            self.settings = settings
            self.image = image
            self.eTag = eTag
            self.lastModified = lastModified
            self.host = host
            self.notes = notes
            self.list = list
        }
    }

    /// A product of a Simplestreams index. It is kept so that an unchanged index need not be read
    /// again.
    public struct Product: Codable, Hashable, Sendable {
        public var name: String
        /// The path of the data, relative to the root of the index.
        public var path: String
        /// The size of the data according to the index; nil if the index has none.
        public var sizeBytes: Int64?
        /// The properties according to the index.
        public var properties: [String: String]
        /// The index, and each file with products that it names.
        public var files: [List]
        /// The number of products that the entry selected from these files.
        public var count: Int

        public init(
            name: String, path: String, sizeBytes: Int64?, properties: [String: String],
            files: [List], count: Int
        ) {
            self.name = name
            self.path = path
            self.sizeBytes = sizeBytes
            self.properties = properties
            self.files = files
            self.count = count
        }
    }

    /// The state of a list of checksums.
    public struct List: Codable, Hashable, Sendable {
        /// The place of the list, without secrets.
        public var place: String
        public var eTag: String?
        public var lastModified: String?
        /// The fingerprints of the keys that signed it.
        public var signers: [String]
        /// The digest of the keyring that had those keys.
        public var keyring: String?

        public init(
            place: String, eTag: String?, lastModified: String?, signers: [String],
            keyring: String?
        ) {
            self.place = place
            self.eTag = eTag
            self.lastModified = lastModified
            self.signers = signers
            self.keyring = keyring
        }
    }

    public init(
        lineage: String, lineageID: String, version: String?, fingerprint: String, since: Int64,
        staleAfterSeconds: Int64? = nil, signers: [String]? = nil, keyring: String? = nil
    ) {
        self.lineage = lineage
        self.lineageID = lineageID
        self.version = version
        self.fingerprint = fingerprint
        self.since = since
        self.staleAfterSeconds = staleAfterSeconds
        self.signers = signers
        self.keyring = keyring
    }

    /// The series, for people and metrics.
    public var series: String {
        SeriesLineage.name(of: lineage)
    }

    /// The place, for people and metrics: a URL or a path.
    public var placeWords: String? { place.map(SourceImage.shownPlace) }

    /// The key of a remembered upstream: a series, or one of its sources.
    public struct Key: Hashable, Sendable {
        /// As in ``Origin/lineageID``.
        public let lineageID: String
        /// As in ``Upstream/place``.
        public let place: String?

        public init(_ lineageID: String, at place: String?) {
            (self.lineageID, self.place) = (lineageID, place)
        }
    }

    public var key: Key { Key(lineageID, at: place) }

    /// Returns the part of this memory that still holds for one of several sources, after the
    /// series had only one: the keys that signed, and the version and the last look if they were of
    /// that place.
    public func narrowed(to place: String) -> Upstream {
        var upstream = self
        if look?.image.isAt(place) != true {
            (upstream.version, upstream.fingerprint, upstream.look) = (nil, "", nil)
        }
        upstream.place = place
        return upstream
    }

    public func ageSeconds(at now: Int64) -> Int64 { max(0, now.clampedDifference(since)) / 1000 }

    public func isStale(at now: Int64) -> Bool {
        staleAfterSeconds.map { ageSeconds(at: now) >= $0 } ?? false
    }

    /// Returns a note for the operator if the version is stale; nil otherwise.
    public func staleNote(at now: Int64) -> Note? {
        guard isStale(at: now), let staleAfterSeconds else { return nil }
        return .staleVersion(
            series: placeWords.map { "\(series) (\($0))" } ?? series, version: version,
            since: since, staleAfterSeconds: staleAfterSeconds)
    }

    /// True if the source has offered the same version before.
    public func isSameVersion(as other: Upstream) -> Bool {
        guard let version, let before = other.version else {
            return fingerprint == other.fingerprint
        }
        return version == before
    }
}
