// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Disk images from `qemu-img`, for tests that are enabled if it is installed.
public enum QEMUImage {
    public static let isPossible = FileManager.default.isExecutableFile(
        atPath: "/usr/bin/qemu-img")

    /// Converts a raw disk to an image of another format of QEMU.
    ///
    /// - Parameter options: further options of `qemu-img convert`.
    public static func make(
        _ format: String, of disk: [UInt8], options: String = ""
    ) throws -> [UInt8] {
        let folder = try TemporaryFolder()
        try folder.write(disk, to: "disk.raw")
        _ = try output(
            of: "qemu-img convert -f raw -O \(format) \(options) disk.raw image", in: folder)
        return try folder.bytes(of: "image")
    }

    /// Returns the raw disk in an image.
    public static func disk(in image: [UInt8], _ format: String) throws -> [UInt8] {
        let folder = try TemporaryFolder()
        try folder.write(image, to: "image")
        _ = try output(of: "qemu-img convert -f \(format) -O raw image disk.raw", in: folder)
        return try folder.bytes(of: "disk.raw")
    }
}
