// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The identification of one version of a source's data. It proves that bytes from the middle
/// belong to the bytes that were read before.
public struct SourceVersion: Codable, Hashable, Sendable {
    /// The ETag in its quotes, as the server sent it. Weak ETags (`W/"…"`) are left out: they
    /// promise equal meaning, but not equal bytes.
    public var strongETag: String?
    /// As the server sent it.
    public var lastModified: String?
    /// The size of the whole data in bytes.
    public var totalBytes: Int64?
    /// The checksum that an Image service reports for its data.
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

/// The version that the listing of a source without checksums reported. It is compared again when
/// the data is read, so that another version is not taken for the planned one.
public struct SeenVersion: Codable, Hashable, Sendable {
    /// The ETag as the server sent it, even if it is weak.
    public var eTag: String?
    /// As the server sent it.
    public var lastModified: String?
    /// The time of a file's last change.
    public var changedAt: FileTime?
    /// The digest of the first bytes, for data whose server reports no version.
    public var headDigest: String?
    /// True if ``lastModified`` changes with every answer; nil if that is not known.
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
    /// True if a new version of the same size would be noticed: the server sends an ETag or the
    /// time of the last change, or the data is a file.
    public var showsNewVersions: Bool {
        Self.tag(eTag, besides: lastModified) != nil || Self.time(lastModified) != nil
            || changedAt != nil
    }

    /// Returns the time of a change if it is meaningful; nil if the text is not an HTTP date, and
    /// for a time before 1981: all files of reproducible builds have one.
    ///
    /// - Parameter text: the time as the server sent it.
    public static func time(_ text: String?) -> String? {
        guard let text, let seconds = UTCTime.unixSecondsOfHTTPDate(text) else { return nil }
        return seconds >= firstUnixSeconds ? text : nil
    }

    /// The start of 1981.
    private static let firstUnixSeconds: Int64 = 347_155_200

    /// Returns an ETag if it is meaningful; nil for an empty one, and for one that a server made of
    /// the size and of a time that is not meaningful.
    ///
    /// - Parameter time: the time of the last change, as the same server sent it.
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

/// A file's time since 1970, with the precision of the file system.
public struct FileTime: Codable, Hashable, Sendable {
    public var seconds: Int64
    public var nanoseconds: Int64

    public init(seconds: Int64, nanoseconds: Int64) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }
}

/// The point at which a reading goes on, after the first byte.
public struct ReadingPoint: Codable, Hashable, Sendable {
    /// The number of bytes that were read before.
    public let offsetBytes: Int64
    /// The version of the data to which these bytes belong.
    public let version: SourceVersion

    /// - Precondition: the offset is above 0, and equal versions mean equal bytes
    ///   (``SourceVersion/isProof``).
    public init(offsetBytes: Int64, version: SourceVersion) {
        precondition(offsetBytes > 0 && version.isProof, "nothing to go on from")
        self.offsetBytes = offsetBytes
        self.version = version
    }
}

/// The bytes that were read from a source for one transfer, over all its tries and runs. Bytes that
/// a killed process had read but not yet recorded are missing.
public struct SourceReading: Codable, Hashable, Sendable {
    /// Bytes that came from the source.
    public var readBytes: Int64 = 0
    /// The part of ``readBytes`` that had been read before.
    public var againBytes: Int64 = 0
    /// The bytes that need not be read again, because a reading went on where it broke.
    public var savedBytes: Int64 = 0
    /// The number of times that the source was opened again in the middle.
    public var reopenings = 0
    /// The number of times that the source broke and could not be opened in the middle.
    public var restarts = 0
    /// The largest offset that any try has reached.
    public var furthestBytes: Int64 = 0

    public init() {}

    /// Adds one reading.
    ///
    /// - Parameters:
    ///   - start: the offset of its first byte.
    ///   - count: the number of bytes that were read.
    public mutating func add(from start: Int64, countBytes count: Int64) {
        let end = start.clampedSum(count)
        readBytes = Self.sum(readBytes, count)
        againBytes = Self.sum(againBytes, max(0, min(end, furthestBytes) - start))
        furthestBytes = max(furthestBytes, min(end, OutsideNumber.most))
    }

    /// Counts bytes that need not be read again.
    public mutating func save(_ count: Int64) { savedBytes = Self.sum(savedBytes, count) }

    /// Returns the sum, at most the largest number that the journal's reader takes.
    private static func sum(_ one: Int64, _ other: Int64) -> Int64 {
        min(OutsideNumber.most, one.clampedSum(other))
    }
}
