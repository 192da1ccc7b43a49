// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import Digests

/// Returns the MD5 of bytes in memory, in hexadecimal.
public func md5(_ bytes: [UInt8]) -> String {
    guard let digest = try? StreamingDigest(.md5) else { return "" }
    bytes.withUnsafeBytes { digest.update($0) }
    return (try? digest.finish().value) ?? ""
}

/// Returns the SHA-256 of bytes in memory.
public func sha256(_ bytes: [UInt8]) -> Checksum {
    do { return try digest(.sha256, of: bytes) } catch { preconditionFailure("\(error)") }
}
