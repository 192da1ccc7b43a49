// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The journal's row of one file in the spool: the data of one version of one source image, for any
/// number of targets.
public struct SpoolEntry: Codable, Hashable, Sendable {
    public let sourceKey: String
    public let fingerprint: String
    /// The absolute path. It is derived from the spool's folder, the journal and the image; a path
    /// that is read from a row is never opened.
    public package(set) var path: String
    /// Reserved room in bytes: the size of the complete file, as far as it is known.
    public var reservedBytes: Int64
    /// The number of bytes that are flushed to the disk and proved by ``digest``. Bytes after them
    /// do not count.
    public var offsetBytes: Int64 = 0
    /// SHA-256 of these bytes.
    public var digest: Checksum?
    /// The version of the source data; nil if the source reports nothing that would allow a later
    /// read to continue.
    public var version: SourceVersion?
    /// The data that was read to fill the file, if it was decompressed or converted for the file.
    public var published: PublishedProof?
    /// True if the file is complete and the promise is met.
    public var isComplete = false

    public init(sourceKey: String, fingerprint: String, path: String, reservedBytes: Int64) {
        self.sourceKey = sourceKey
        self.fingerprint = fingerprint
        self.path = path
        self.reservedBytes = reservedBytes
    }

    /// False if the row is damaged: it has numbers that no step of ours writes.
    package var isPlausible: Bool {
        [reservedBytes, offsetBytes, version?.totalBytes ?? 0]
            .allSatisfy(OutsideNumber.range.contains)
            && (!isComplete || digest != nil)
    }

    /// The entry of the same file without any bytes.
    public var emptied: SpoolEntry {
        SpoolEntry(
            sourceKey: sourceKey, fingerprint: fingerprint, path: path,
            reservedBytes: reservedBytes)
    }

    /// The point at which a reading may go on; nil if it has to begin at the first byte.
    public var point: ReadingPoint? {
        guard offsetBytes > 0, digest != nil, let version, version.isProof else { return nil }
        return ReadingPoint(offsetBytes: offsetBytes, version: version)
    }
}
