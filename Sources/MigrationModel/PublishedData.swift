// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// A format of compressed data that Tranship decompresses, by its usual extension.
public enum Compression: String, Codable, CaseIterable, Sendable {
    case xz, gz, bz2, zst
}

/// The data as its source publishes it, if Tranship does not send it as it is.
///
/// The source's promise is of this data. What is sent has other bytes and another size, which are
/// known only once all of it was read.
public struct PublishedData: Codable, Hashable, Sendable {
    /// Nil if the data is not decompressed.
    public var compression: Compression?
    public var sizeBytes: Int64?
    /// What the source promises; nil if it promises nothing.
    public var checksum: Checksum?

    public init(compression: Compression?, sizeBytes: Int64? = nil, checksum: Checksum? = nil) {
        self.compression = compression
        self.sizeBytes = sizeBytes
        self.checksum = checksum
    }

    /// What becomes of the data: `decompressed (xz)`.
    public var words: String {
        compression.map { "decompressed (\($0.rawValue))" } ?? "as published"
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
