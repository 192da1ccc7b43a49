// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests

/// The MD5 of bytes in memory, in hexadecimal.
public func md5(_ bytes: [UInt8]) -> String {
    guard let digest = try? StreamingDigest(.md5) else { return "" }
    bytes.withUnsafeBytes { digest.update($0) }
    return (try? digest.finish().value) ?? ""
}
