// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// What the plan of a run found at the source of a series: the memory of later plans, which an
/// upstream cannot change by what it publishes today.
public struct Upstream: Codable, Hashable, Sendable {
    /// As in ``SourceImage/lineage``.
    public var lineage: String
    /// As in ``Origin/lineageID``.
    public var lineageID: String
    /// The ``SourceImage/place`` of this version's source, if the series has several sources. Nil if it
    /// has one.
    public var place: String?
    /// Nil if the source states no version; the fingerprint identifies the data then.
    public var version: String?
    public var fingerprint: String
    /// When a plan first found this version, in milliseconds since 1970.
    public var since: Int64
    /// The run of that plan; nil before a run takes the plan over.
    public var sinceRunID: Int64?
    /// After which age the version counts as stale; nil for never.
    public var staleAfterSeconds: Int64?
    /// The fingerprints of the keys that signed the list of checksums; nil if none was asked for.
    public var signers: [String]?
    /// The digest of the keyring that had the key.
    public var keyring: String?
    /// The last look at the data; nil if it was not remembered.
    public var look: Look?
    /// Identifies the index that had it as a product, and what the entry selected of the index; nil
    /// without one.
    public var selector: String?

    /// What a look at the data found, so that unchanged data costs no second look.
    public struct Look: Codable, Hashable, Sendable {
        /// Identifies all that the look depends on besides the data, such as the entry of the
        /// pipeline file. With other settings, the look counts for nothing.
        public var settings: String
        /// As it was listed.
        public var image: SourceImage
        /// What the server said of the data.
        public var eTag: String?
        public var lastModified: String?
        /// The host that answered, after redirects: `https://host:port`, and the address that one
        /// of several had, as in `https://host:port (192.0.2.7)`.
        public var host: String?
        /// Remarks of the look.
        public var notes: [Note]
        /// The list of checksums that named the data.
        public var list: List?
        /// What the index said of it; nil for other data, and if the index could not be read as a
        /// whole.
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

    /// A product of an index of Simplestreams, so that an index that has not changed need not be read.
    public struct Product: Codable, Hashable, Sendable {
        public var name: String
        /// Relative to the root of the index.
        public var path: String
        /// Of the data, as the index says; nil if it says none.
        public var sizeBytes: Int64?
        /// As the index says.
        public var properties: [String: String]
        /// The index, and each file with products that it names.
        public var files: [List]
        /// How many products the entry selected of them.
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
        /// Without secrets.
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

    /// Identifies the memory: a series, or one of its sources.
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

    /// What was remembered while the series had one source, as far as it holds for one of several:
    /// the keys that signed, and the last look if it was at that place.
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

    /// What an operator has to know of a version that has not moved.
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
