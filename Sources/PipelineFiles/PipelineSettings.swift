// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import MigrationModel

/// The way that image data takes from a source to its targets.
public enum TransferMode: String, Sendable, CaseIterable {
    /// The plan chooses for each transfer: the spool for several targets and for sources that broke
    /// off before, the stream for all others.
    case auto
    /// Sends the data in one pass, without touching a disk.
    case stream
    /// Reads the data to a local file first, then sends that file.
    case spool
}

/// The folder for spooled image data.
public struct SpoolSetting: Sendable, Equatable {
    /// The absolute path of the folder.
    public let path: String
    /// The maximum size of the data in the folder; nil: as much as the disk holds.
    public let maxBytes: Int64?
}

/// The commands to start after a run, each a list of words. No shell interprets them.
public struct PipelineHooks: Sendable, Equatable {
    /// The command after a run with exit code 0.
    public var onSuccess: [String]?
    /// The command after a run with any other exit code.
    public var onFailure: [String]?
    /// The places of the commands in the file, by their keys.
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
    /// The number of transfers at once.
    public var images = ImagesAtOnce.automatic
    /// The bandwidth of all transfers together.
    public var bandwidth = BandwidthSchedule()
    /// The number of tries for each transfer after temporary failures, 1 to 1,000.
    public var attempts = 5
    /// The number of published images that one run may delete, and of leftovers that one `clean`
    /// may delete.
    public var deletes = 10
    /// The maximum size of one image's decompressed data, in bytes.
    public var decompressedBytes: Int64 = 1 << 40
    /// The maximum number of decompressed bytes for each compressed one, 1 to 1,000,000.
    public var decompressedRatio = 1000
}
