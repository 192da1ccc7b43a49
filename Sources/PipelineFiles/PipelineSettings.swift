// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// How data travels from a source to its targets.
public enum TransferMode: String, Sendable, CaseIterable {
    /// Chosen for each transfer: the spool for several targets and for sources
    /// that proved flaky.
    case auto
    /// In one pass, without a disk between.
    case stream
    /// Read to a local file first, then sent from there.
    case spool
}

/// Where spooled data lies.
public struct SpoolSetting: Sendable, Equatable {
    /// Absolute.
    public let path: String
    /// How much may lie there at once; nil: what the disk holds.
    public let maxBytes: Int64?
}

/// How a copy is proved before it is published.
public enum VerifyMode: String, Sendable, CaseIterable {
    /// The source's promise is computed in flight and both legs are compared.
    case proof
    /// The two clouds' own hashes are compared; nothing is computed.
    case services
    /// Like ``proof``, and the target is read back.
    case paranoid
}

/// Which transfers start first.
public enum TransferOrder: String, Sendable, CaseIterable {
    case smallFirst = "small-first"
    case largeFirst = "large-first"
    /// In the order of the file and of the listings.
    case listed
}

/// What one run may use.
public struct PipelineLimits: Sendable, Equatable {
    /// Transfers at once, 1 to 1,000.
    public let images: Int
    /// Over all transfers; nil: no limit.
    public let bandwidthBytesPerSecond: Int64?
    /// For each transfer, over failures that may pass; 1 to 1,000.
    public let attempts: Int
    /// How many published images one run may delete, and how many leftovers
    /// one `clean`.
    public let deletes: Int

    public init(
        images: Int = 4, bandwidthBytesPerSecond: Int64? = nil, attempts: Int = 5,
        deletes: Int = 10
    ) {
        self.images = images
        self.bandwidthBytesPerSecond = bandwidthBytesPerSecond
        self.attempts = attempts
        self.deletes = deletes
    }
}
