// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ImageFormats

/// Bytes as the beginning of image data.
enum FuzzedImageHead {
    /// The place of an ISO's signature: inputs are shorter.
    private static let isoOffset = 32 << 10
    private static let declared = ["raw", "qcow2"].map {
        DeclaredFormat(disk: $0, container: "bare")
    }

    static func run(_ bytes: [UInt8]) {
        // Only half of the inputs, because the other half is much faster.
        guard bytes.count % 2 == 1 else { return use(ImageHead(bytes)) }
        let start = bytes.prefix(bytes.count / 2)
        let gap = [UInt8](repeating: 0, count: isoOffset - start.count)
        use(ImageHead(start + gap + bytes.dropFirst(start.count)))
    }

    private static func use(_ head: ImageHead) {
        for format in declared {
            _ = head.objection(to: format, shown: "disk.img")
            _ = head.remarks(to: format, minDiskGiB: 1, sizeBytes: 1 << 30)
        }
    }
}
