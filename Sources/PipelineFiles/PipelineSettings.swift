// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import MigrationModel

/// How image data gets from a source to its targets.
public enum TransferMode: String, Sendable, CaseIterable {
    /// The plan chooses for each transfer: the spool for several targets and for sources that broke
    /// off before, the stream for all others.
    case auto
    /// In one pass, without touching a disk.
    case stream
    /// Reads the data to a local file first, then sends that file.
    case spool
}

/// The folder for spooled image data.
public struct SpoolSetting: Sendable, Equatable {
    /// An absolute path.
    public let path: String
    /// Upper limit of the data in the folder. nil: as much as the disk holds.
    public let maxBytes: Int64?
}

/// What runs after a run, each a command as a list of words. No shell reads them.
public struct PipelineHooks: Sendable, Equatable {
    /// After a run with exit code 0.
    public var onSuccess: [String]?
    /// After any other.
    public var onFailure: [String]?
    /// Where the file has them.
    var positions: [String: FilePosition] = [:]

    public init(onSuccess: [String]? = nil, onFailure: [String]? = nil) {
        self.onSuccess = onSuccess
        self.onFailure = onFailure
    }

    /// The commands with their keys and their places in the file.
    package var places: [(key: String, words: [String]?, position: FilePosition)] {
        [("on_success", onSuccess), ("on_failure", onFailure)].compactMap { key, words in
            positions[key].map { ("`\(key)`", words, $0) }
        }
    }
}

/// The limits of one run.
public struct PipelineLimits: Sendable, Equatable {
    /// Transfers at once.
    public var images = ImagesAtOnce.automatic
    /// Total of all transfers.
    public var bandwidth = BandwidthSchedule()
    /// Number of tries for each transfer after temporary failures, 1 to 1,000.
    public var attempts = 5
    /// Number of published images that one run may delete, and of leftovers that one `clean` may
    /// delete.
    public var deletes = 10
    /// Maximum size of one image's decompressed data.
    public var decompressedBytes: Int64 = 1 << 40
    /// Maximum number of decompressed bytes for each compressed one, 1 to 1,000,000.
    public var decompressedRatio = 1000
}
