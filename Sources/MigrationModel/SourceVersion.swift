// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// Identifies one state of a source's data, to prove that bytes from its middle belong to the bytes
/// that were read before.
public struct SourceVersion: Codable, Hashable, Sendable {
    /// Quoted, as the server sent it. Weak ones (`W/"…"`) stand for equal
    /// meaning and not for equal bytes, so they are left out.
    public var strongETag: String?
    /// As the server sent it.
    public var lastModified: String?
    /// Bytes of the whole.
    public var totalBytes: Int64?
    /// What an Image service says of the bytes that it holds.
    public var hash: Checksum?

    public init(
        strongETag: String? = nil, lastModified: String? = nil, totalBytes: Int64? = nil,
        hash: Checksum? = nil
    ) {
        self.strongETag = strongETag
        self.lastModified = lastModified
        self.totalBytes = totalBytes
        self.hash = hash
    }

    /// True when equal versions mean equal bytes.
    public var isProof: Bool {
        strongETag != nil || (totalBytes != nil && hash != nil)
            || (totalBytes != nil && lastModified != nil)
    }
}

/// What a source without checksums said of its data when it was listed. Compared
/// when the data is read, so that no other version is taken for the planned one.
public struct SeenVersion: Codable, Hashable, Sendable {
    /// As the server sent it, weak ones included.
    public var eTag: String?
    /// As the server sent it.
    public var lastModified: String?
    /// When a file was last changed.
    public var changedAt: FileTime?
    /// The digest of the first bytes, of data whose server reports no version of it.
    public var headDigest: String?
    /// True if ``lastModified`` is another one in each answer; nil if nothing says so.
    public var isStamped: Bool?

    public init(
        eTag: String? = nil, lastModified: String? = nil, changedAt: FileTime? = nil,
        headDigest: String? = nil
    ) {
        self.headDigest = headDigest
        self.eTag = eTag
        self.lastModified = lastModified
        self.changedAt = changedAt
    }
}

extension SeenVersion {
    /// True if a new version of the same size would show: the server sends an ETag, or a time at
    /// which the data changed, or it is a file.
    public var showsNewVersions: Bool {
        Self.tag(eTag, besides: lastModified) != nil || Self.time(lastModified) != nil
            || changedAt != nil
    }

    /// A time of change that says something; nil for another one. A text that is not an HTTP date says
    /// nothing, and no more does a time before 1981: files of reproducible builds all have one.
    ///
    /// - Parameter text: as the server sent it.
    public static func time(_ text: String?) -> String? {
        guard let text, let seconds = UTCTime.unixSecondsOfHTTPDate(text) else { return nil }
        return seconds >= firstUnixSeconds ? text : nil
    }

    /// The start of 1981.
    private static let firstUnixSeconds: Int64 = 347_155_200

    /// An ETag that says something; nil for an empty one, and for one that a server made of the size
    /// and of a time that says nothing.
    ///
    /// - Parameter time: when the data changed, as the same server sent it.
    public static func tag(_ text: String?, besides time: String?) -> String? {
        guard let text else { return nil }
        let opaque = (text.hasPrefix("W/") ? text.dropFirst(2) : text[...])
            .filter { $0 != "\"" && !$0.isWhitespace }
        guard !opaque.isEmpty else { return nil }
        // nginx and Apache write `"time-size"` and `"size-time"`, in hexadecimal digits.
        let isMade =
            (1...2).contains(opaque.count { $0 == "-" })
            && opaque.allSatisfy { $0.isHexDigit || $0 == "-" }
        let seconds = time.flatMap(UTCTime.unixSecondsOfHTTPDate) ?? firstUnixSeconds
        return isMade && seconds < firstUnixSeconds ? nil : text
    }
}

/// A file's time since 1970, as exact as the file system keeps it.
public struct FileTime: Codable, Hashable, Sendable {
    public var seconds: Int64
    public var nanoseconds: Int64

    public init(seconds: Int64, nanoseconds: Int64) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }
}

/// Where a reading goes on: not at the first byte.
public struct ReadingPoint: Codable, Hashable, Sendable {
    /// How many bytes are here already.
    public let offsetBytes: Int64
    /// What they are bytes of.
    public let version: SourceVersion

    /// - Precondition: there are bytes, and the version can prove something.
    public init(offsetBytes: Int64, version: SourceVersion) {
        precondition(offsetBytes > 0 && version.isProof, "nothing to go on from")
        self.offsetBytes = offsetBytes
        self.version = version
    }
}

/// How much was read from a source for one transfer, over all its tries and
/// runs. What a killed process had read and not yet written down is missing.
public struct SourceReading: Codable, Hashable, Sendable {
    /// Bytes that came from the source.
    public var readBytes: Int64 = 0
    /// Of these, bytes that had come before.
    public var againBytes: Int64 = 0
    /// Bytes that need not come again, because a reading went on where it broke.
    public var savedBytes: Int64 = 0
    /// How often the source was opened again in the middle.
    public var reopenings = 0
    /// How often it broke and could not be opened in the middle.
    public var restarts = 0
    /// How far any try has come.
    public var furthestBytes: Int64 = 0

    public init() {}

    /// Adds one reading.
    ///
    /// - Parameters:
    ///   - start: where it began.
    ///   - count: how many bytes came.
    public mutating func add(from start: Int64, countBytes count: Int64) {
        let end = start.clampedSum(count)
        readBytes = Self.sum(readBytes, count)
        againBytes = Self.sum(againBytes, max(0, min(end, furthestBytes) - start))
        furthestBytes = max(furthestBytes, min(end, OutsideNumber.most))
    }

    /// Counts bytes that need not come again.
    public mutating func save(_ count: Int64) { savedBytes = Self.sum(savedBytes, count) }

    /// Up to what the journal's reader takes.
    private static func sum(_ one: Int64, _ other: Int64) -> Int64 {
        min(OutsideNumber.most, one.clampedSum(other))
    }
}
