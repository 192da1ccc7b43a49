// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Foundation

/// Ids that are the same each time they are derived from the same words.
public enum DerivedID {
    /// A name-based UUID of version 5 (RFC 9562, section 5.5): the SHA-1 of the sixteen bytes of
    /// the namespace and the UTF-8 of the name. Lower case.
    ///
    /// `namespace` must be a UUID. It is a constant of ours, never input.
    public static func uuid(namespace: String, name: String) -> String {
        guard var id = UUID(uuidString: namespace)?.uuid else {
            preconditionFailure("the namespace \(namespace) is not a UUID")
        }
        let text = withUnsafeBytes(of: id) { Array($0) } + Array(name.utf8)
        var hash = [UInt8](repeating: 0, count: 20)
        let result = SHA1(text, text.count, &hash)
        precondition(result != nil, "this OpenSSL has no SHA-1")
        hash[6] = hash[6] & 0x0F | 0x50
        hash[8] = hash[8] & 0x3F | 0x80
        withUnsafeMutableBytes(of: &id) { $0.copyBytes(from: hash.prefix(16)) }
        return UUID(uuid: id).uuidString.lowercased()
    }
}
