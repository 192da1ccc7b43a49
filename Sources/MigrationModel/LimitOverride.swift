// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// The limits that an operator sets for one run with `tranship limit`, in place of those in the
/// pipeline file.
public struct LimitOverride: Sendable, Hashable {
    public enum Bandwidth: Sendable, Hashable {
        case asInFile
        case unlimited
        /// The most bytes a second of all transfers together, above 0.
        case atMost(Int64)
    }

    public enum Images: Sendable, Hashable {
        case asInFile
        /// The most transfers at once, 1 to 1,000.
        case atMost(Int)
    }

    public var bandwidth: Bandwidth
    public var images: Images
    /// The time of the operator's last change, in milliseconds since 1970.
    public var changedAt: Int64

    public init(
        bandwidth: Bandwidth = .asInFile, images: Images = .asInFile, changedAt: Int64 = 0
    ) {
        self.bandwidth = bandwidth
        self.images = images
        self.changedAt = changedAt
    }

    /// True if all limits are those of the pipeline file.
    public var isAsInFile: Bool { bandwidth == .asInFile && images == .asInFile }

    /// `bandwidth 50.0 MiB/s, 8 images at once`. Leaves out limits that are as in the file.
    public var words: String {
        var parts: [String] = []
        switch bandwidth {
        case .asInFile: break
        case .unlimited: parts.append("no limit of the bandwidth")
        case .atMost(let bytes): parts.append("bandwidth \(BandwidthSchedule.words(bytes))")
        }
        switch images {
        case .asInFile: break
        case .atMost(let images): parts.append("\(counted(images, "image")) at once")
        }
        return parts.isEmpty ? "as in the pipeline file" : parts.joined(separator: ", ")
    }
}
