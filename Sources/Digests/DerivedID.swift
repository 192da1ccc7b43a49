// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// Ids that are the same each time they are derived from the same words.
public enum DerivedID {
    /// A name-based UUID of version 5 (RFC 9562, section 5.5): the SHA-1 of the sixteen bytes of
    /// the namespace and the UTF-8 of the name. Lower case.
    ///
    /// `namespace` must be a UUID. It is a constant of ours, never input.
    public static func uuid(namespace: String, name: String) -> String {
        guard let prefix = bytes(ofUUID: namespace) else {
            preconditionFailure("the namespace \(namespace) is not a UUID")
        }
        let text = prefix + Array(name.utf8)
        var hash = [UInt8](repeating: 0, count: 20)
        let result = SHA1(text, text.count, &hash)
        precondition(result != nil, "this OpenSSL has no SHA-1")
        var id = Array(hash.prefix(16))
        id[6] = id[6] & 0x0F | 0x50
        id[8] = id[8] & 0x3F | 0x80
        let digits = hexDigits(id)
        var parts: [Substring] = []
        var rest = digits[...]
        for length in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return parts.joined(separator: "-")
    }

    private static func bytes(ofUUID text: String) -> [UInt8]? {
        let digits = text.filter { $0 != "-" }
        guard digits.utf8.count == 32 else { return nil }
        var bytes: [UInt8] = []
        var rest = digits[...]
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
