// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The shape of a keyring, judged by the lengths of its packets (RFC 9580, section 4.2). gpgv skips
/// packets that it cannot read, and then reports the key as missing.
enum KeyringShape: Equatable {
    case whole
    /// The last packet has fewer bytes than it declares.
    case cut
    case other

    init(_ bytes: [UInt8]) {
        // A keybox of GnuPG.
        if bytes.dropFirst(8).starts(with: "KBXf".utf8) {
            self = .whole
            return
        }
        var rest = bytes[...]
        self = rest.first.map { $0 & 0x80 != 0 } == true ? .whole : .other
        while let first = rest.first, first & 0x80 != 0 {
            let head = first & 0x40 != 0 ? Self.newHead(rest) : Self.oldHead(first, rest)
            // The packet's length is unknown.
            guard let (headBytes, bodyBytes) = head else { return }
            guard headBytes + bodyBytes <= rest.count else {
                self = .cut
                return
            }
            rest = rest.dropFirst(headBytes + bodyBytes)
        }
    }

    private typealias Head = (headBytes: Int, bodyBytes: Int)

    /// Returns the lengths of a packet's head and body. If the head itself is cut, the body is too
    /// long for the bytes.
    private static func oldHead(_ first: UInt8, _ bytes: ArraySlice<UInt8>) -> Head? {
        guard first & 3 != 3 else { return nil }
        return head(bytes, lengthBytes: 1 << Int(first & 3), from: 1)
    }

    private static func newHead(_ bytes: ArraySlice<UInt8>) -> Head? {
        guard let length = bytes.dropFirst().first else { return (1, 1) }
        switch length {
        case ..<192: return (2, Int(length))
        case ..<224:
            guard let second = bytes.dropFirst(2).first else { return (2, 1) }
            return (3, ((Int(length) - 192) << 8) + Int(second) + 192)
        case 255: return head(bytes, lengthBytes: 4, from: 2)
        default: return nil
        }
    }

    private static func head(
        _ bytes: ArraySlice<UInt8>, lengthBytes: Int, from start: Int
    ) -> Head {
        let field = bytes.dropFirst(start).prefix(lengthBytes)
        guard field.count == lengthBytes else { return (start, lengthBytes) }
        return (start + lengthBytes, field.reduce(0) { $0 << 8 | Int($1) })
    }
}
