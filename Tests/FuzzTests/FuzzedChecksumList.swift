// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

@testable import SourceReaders

/// Bytes as a list of checksums, and as a folder's page; its first line also serves as its name.
enum FuzzedChecksumList {
    static func run(_ bytes: [UInt8]) {
        let name = String(decoding: bytes.prefix { $0 != 0x0A }.prefix(64), as: UTF8.self)
        let list = ChecksumList(bytes, fileName: name)
        _ = list.names
        _ = FolderListing(bytes, url: "https://images.example/noble/").names
        for path in ["noble/disk.img", name] {
            _ = try? list.checksum(forPath: path, shown: "https://images.example/SUMS")
        }
        _ = ChecksumList.path(of: name, inFolderOf: "https://images.example/noble/SUMS")
    }
}
