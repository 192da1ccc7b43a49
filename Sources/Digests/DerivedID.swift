// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// Ids that are derived from words: the same words always give the same id.
public enum DerivedID {
    /// Derives a name-based UUID of version 5 (RFC 9562, section 5.5): the SHA-1 of the sixteen
    /// bytes of the namespace and the UTF-8 of the name. Lower case.
    ///
    /// `namespace` must be a UUID. It is a constant of ours, never input.
    public static func uuid(namespace: String, name: String) -> String {
        let digits = namespace.utf8.compactMap(digit)
        precondition(digits.count == 32, "the namespace \(namespace) is not a UUID")
        var text = stride(from: 0, to: 32, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        text += name.utf8
        var hash = [UInt8](repeating: 0, count: 20)
        let result = SHA1(text, text.count, &hash)
        precondition(result != nil, "this OpenSSL has no SHA-1")
        hash[6] = hash[6] & 0x0F | 0x50
        hash[8] = hash[8] & 0x3F | 0x80
        var id: [UInt8] = []
        for (place, digit) in hexDigits(hash.prefix(16)).utf8.enumerated() {
            if [8, 12, 16, 20].contains(place) { id.append(UInt8(ascii: "-")) }
            id.append(digit)
        }
        return String(decoding: id, as: UTF8.self)
    }

    /// True for a UUID of version 5 in lower case, of any namespace and name.
    public static func isOfItsKind(_ id: String) -> Bool {
        let text = Array(id.utf8)
        guard text.count == 36, text[14] == UInt8(ascii: "5") else { return false }
        return text.enumerated().allSatisfy { place, byte in
            [8, 13, 18, 23].contains(place)
                ? byte == UInt8(ascii: "-")
                : digit(byte) != nil && !(0x41...0x46).contains(byte)
        } && "89ab".utf8.contains(text[19])
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
