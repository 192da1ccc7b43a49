// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ImageFormats
internal import PipelineFiles

/// The disk format of data that has no record yet, as a pipeline assumes it for a file.
public struct DiskFormatGuess: Sendable {
    /// The format by the extension, else by the first bytes; nil if neither shows one.
    public let format: String?
    /// True if the first bytes were read.
    private let isRead: Bool

    public init(url: String) {
        format = FileName(url: url).impliedDiskFormat
        isRead = false
    }

    /// - Parameter file: a file that cannot be read has the format of its extension.
    public init(file: String) {
        let bytes = try? WholeFile.head(file, bytes: ImageHead.bytesMax)
        isRead = bytes?.isEmpty == false
        format =
            FileName(file).impliedDiskFormat ?? bytes.flatMap { ImageHead($0).kind?.diskFormat }
    }

    /// True if the data was read and cannot have the format, because data of that format would show
    /// it.
    public func isExcluded(_ other: String) -> Bool {
        isRead && format == nil && ["qcow2", "vmdk", "vhdx", "vdi", "iso"].contains(other)
    }
}
