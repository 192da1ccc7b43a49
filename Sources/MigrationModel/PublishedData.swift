// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// A format of compressed data that Tranship decompresses, by its usual extension.
public enum Compression: String, Codable, CaseIterable, Sendable {
    case xz, gz, bz2, zst
}

/// What `convert` makes of a disk image.
public struct Conversion: Codable, Hashable, Sendable {
    /// A disk format that Tranship converts to.
    public enum Format: String, Codable, CaseIterable, Sendable {
        case raw, qcow2
    }

    /// The disk format of the data as it is read.
    public var from: String
    public var format: Format
    /// Maximum size of the disk inside, in bytes.
    public var sizeBytesMax: Int64

    public init(from: String, to format: Format, sizeBytesMax: Int64) {
        self.from = from
        self.format = format
        self.sizeBytesMax = sizeBytesMax
    }
}

/// The data as its source publishes it, if Tranship does not send it as it is.
///
/// The source's promise is of this data. What is sent has other bytes and another size, which are
/// known only once all of it was read.
public struct PublishedData: Codable, Hashable, Sendable {
    /// Nil if the data is not decompressed.
    public var compression: Compression?
    /// Nil if the data is not converted.
    public var conversion: Conversion?
    public var sizeBytes: Int64?
    /// What the source promises; nil if it promises nothing.
    public var checksum: Checksum?

    public init(
        compression: Compression?, conversion: Conversion? = nil, sizeBytes: Int64? = nil,
        checksum: Checksum? = nil
    ) {
        self.compression = compression
        self.conversion = conversion
        self.sizeBytes = sizeBytes
        self.checksum = checksum
    }

    /// What becomes of the data: `decompressed (xz)`.
    public var words: String {
        [
            compression.map { "decompressed (\($0.rawValue))" },
            conversion.map { "converted from \($0.from) to \($0.format.rawValue)" },
        ].compactMap { $0 }.joined(separator: ", ")
    }
}

/// The published data as it was read: its digest, and its size in bytes.
public struct PublishedProof: Codable, Hashable, Sendable {
    public var checksum: Checksum
    public var sizeBytes: Int64

    public init(checksum: Checksum, sizeBytes: Int64) {
        self.checksum = checksum
        self.sizeBytes = sizeBytes
    }
}
