// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// An answer that curl did not read because sending failed first.
///
/// A service may refuse early, close the connection, and leave the rest of our body unread: its
/// kernel then resets the connection. If our next send meets the reset, curl reports the failed
/// send and drops the answer in the socket.
enum UnreadAnswer {
    /// Parses the answer; nil without a complete final head. The body may be cut off: it serves
    /// only for its message.
    static func parse(_ bytes: [UInt8], bodyBytesMax: Int) -> (head: AnswerHead, body: [UInt8])? {
        guard bytes.starts(with: Array("HTTP/1.".utf8)) else { return nil }
        var head = AnswerHead()
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 0x0A) {
            let isComplete = head.add(String(decoding: rest[...end], as: UTF8.self))
            rest = rest[(end + 1)...]
            guard isComplete else { continue }
            let isChunked = head.headers["transfer-encoding"]?.lowercased() == "chunked"
            let body = isChunked ? unchunked(rest) : Array(rest)
            return (head, Array(body.prefix(bodyBytesMax)))
        }
        return nil
    }

    /// Decodes a chunked body (RFC 9112, section 7.1) as far as the bytes go.
    private static func unchunked(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var body: [UInt8] = []
        var rest = bytes
        while let end = rest.firstIndex(of: 0x0A) {
            let line = String(decoding: rest[..<end], as: UTF8.self)
            let digits = line.prefix { $0.isHexDigit }
            guard let count = Int(digits, radix: 16), count > 0 else { break }
            rest = rest[(end + 1)...]
            body += rest.prefix(count)
            rest = rest.dropFirst(count).drop { $0 == 0x0D || $0 == 0x0A }
        }
        return body
    }
}
