// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// The part of a whole that a body contains, such as `bytes 5-9/10` (RFC 9110, section 14.4).
public struct ContentRange: Hashable, Sendable {
    /// The first and the last byte, counted from 0.
    public let first: Int64
    public let last: Int64
    /// The size of the whole in bytes; nil for `*`.
    public let total: Int64?

    /// The length of the part.
    public var countBytes: Int64 { last - first + 1 }

    /// Parses the text. Nil if the text does not have this form or contradicts itself, or if a
    /// number is beyond 2^53.
    public init?(_ text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, parts[0].lowercased() == "bytes" else { return nil }
        let slash = parts[1].split(separator: "/", omittingEmptySubsequences: false)
        let dash = slash[0].split(separator: "-", omittingEmptySubsequences: false)
        guard slash.count == 2, dash.count == 2, let first = OutsideNumber.parse(dash[0]),
            let last = OutsideNumber.parse(dash[1]), last >= first
        else { return nil }
        let total = OutsideNumber.parse(slash[1])
        if let total, last >= total { return nil }
        if total == nil, slash[1] != "*" { return nil }
        self.first = first
        self.last = last
        self.total = total
    }
}

extension HTTPResponse {
    /// The part that a 206 declares; nil if it declares none, or has several parts
    /// (`multipart/byteranges`).
    public var contentRange: ContentRange? {
        status == 206 ? headers["Content-Range"].flatMap(ContentRange.init) : nil
    }

    /// Describes an answer that is not the requested part; nil if the head promises that part.
    ///
    /// Status and Content-Range alone prove nothing: services that cannot seek answer 206 with the
    /// whole data. So the length must agree too.
    public func objection(toPart isAsked: (ContentRange) -> Bool) -> String? {
        guard status == 206 else { return "\(status) with the whole of it" }
        guard let range = contentRange else {
            return "206 without a Content-Range that can be read"
        }
        guard isAsked(range) else {
            return "206 with the bytes from \(range.first) on to \(range.last) of "
                + (range.total.map { "\($0)" } ?? "an unknown number")
        }
        if let length = headers.contentLengthBytes, length != range.countBytes {
            return "206 with \(length) bytes for a range of \(range.countBytes)"
        }
        return nil
    }
}
