// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// A format of compressed data that Tranship decompresses, by its usual extension.
public enum Compression: String, Codable, CaseIterable, Sendable {
    case xz, gz, bz2, zst
}

/// The conversion of a disk image by `convert`.
public struct Conversion: Codable, Hashable, Sendable {
    /// A disk format that Tranship converts to.
    public enum Format: String, Codable, CaseIterable, Sendable {
        case raw, qcow2
    }

    /// The disk format of the data before the conversion.
    public var from: String
    public var format: Format
    /// The maximum size of the disk inside, in bytes.
    public var sizeBytesMax: Int64

    public init(from: String, to format: Format, sizeBytesMax: Int64) {
        self.from = from
        self.format = format
        self.sizeBytesMax = sizeBytesMax
    }
}

/// The data as its source publishes it, if Tranship decompresses or converts it before it sends it.
///
/// The source's promise is of this data. The data that is sent has another digest and another size,
/// which are known only after all of it was read.
public struct PublishedData: Codable, Hashable, Sendable {
    /// Nil if the data is not decompressed.
    public var compression: Compression?
    /// Nil if the data is not converted.
    public var conversion: Conversion?
    public var sizeBytes: Int64?
    /// The checksum that the source promises; nil if it promises none.
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

    /// The processing of the data in words: `decompressed (xz)`.
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
