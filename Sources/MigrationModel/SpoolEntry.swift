// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// One file of the spool, as the journal remembers it: the data of one version
/// of one source image, for however many targets.
public struct SpoolEntry: Codable, Hashable, Sendable {
    public let sourceKey: String
    public let fingerprint: String
    /// Absolute.
    public let path: String
    /// Room that is kept for it, in bytes: all that it will hold, as far as
    /// that is known.
    public var reservedBytes: Int64
    /// How many bytes of the file are on the disk and proved by ``digest``; what
    /// lies behind them counts for nothing.
    public var offsetBytes: Int64 = 0
    /// SHA-256 of these bytes.
    public var digest: Checksum?
    /// What they are bytes of; nil when the source reports nothing by which a
    /// reading could go on.
    public var version: SourceVersion?
    /// True when these are all bytes, and the promise is met.
    public var isComplete = false

    public init(sourceKey: String, fingerprint: String, path: String, reservedBytes: Int64) {
        self.sourceKey = sourceKey
        self.fingerprint = fingerprint
        self.path = path
        self.reservedBytes = reservedBytes
    }

    /// The same file with nothing in it.
    public var emptied: SpoolEntry {
        SpoolEntry(
            sourceKey: sourceKey, fingerprint: fingerprint, path: path,
            reservedBytes: reservedBytes)
    }

    /// Where a reading may go on; nil is the first byte.
    public var point: ReadingPoint? {
        guard offsetBytes > 0, digest != nil, let version, version.isProof else { return nil }
        return ReadingPoint(offsetBytes: offsetBytes, version: version)
    }
}
