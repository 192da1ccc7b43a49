// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import MigrationModel

/// Compresses bytes with the format's own tool.
public func compressed(_ bytes: [UInt8], _ compression: Compression) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    try folder.write(bytes, to: "data")
    let tool =
        switch compression {
        case .xz: "xz -T1 -c"
        case .gz: "gzip -c"
        case .bz2: "bzip2 -c"
        case .zst: "zstd -q -c"
        }
    return try output(of: "\(tool) data", in: folder)
}
