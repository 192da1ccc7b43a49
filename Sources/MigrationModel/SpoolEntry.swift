// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// One file of the spool, as the journal remembers it: the data of one version
/// of one source image, for however many targets.
public struct SpoolEntry: Codable, Hashable, Sendable {
    public let sourceKey: String
    public let fingerprint: String
    /// Absolute. Derived from the spool's folder, the journal and the image; what a row says of it
    /// is never opened.
    public package(set) var path: String
    /// Reserved room in bytes: the size of the complete file, as far as it is known.
    public var reservedBytes: Int64
    /// Number of bytes that are flushed to the disk and proved by ``digest``. Bytes after them do
    /// not count.
    public var offsetBytes: Int64 = 0
    /// SHA-256 of these bytes.
    public var digest: Checksum?
    /// The version of the source data. nil if the source reports nothing that allows a read to
    /// continue.
    public var version: SourceVersion?
    /// What was read to fill the file, if that is not what is in it.
    public var published: PublishedProof?
    /// True if the file is complete and the promise is met.
    public var isComplete = false

    public init(sourceKey: String, fingerprint: String, path: String, reservedBytes: Int64) {
        self.sourceKey = sourceKey
        self.fingerprint = fingerprint
        self.path = path
        self.reservedBytes = reservedBytes
    }

    /// False for numbers that no step of ours writes: a damaged row.
    package var isPlausible: Bool {
        [reservedBytes, offsetBytes, version?.totalBytes ?? 0]
            .allSatisfy(OutsideNumber.range.contains)
            && (!isComplete || digest != nil)
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
