// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import MigrationModel

/// Whether the head of a download promises the bytes that were asked for.
enum ImageDataDecoding {
    /// Nil when it does; else why its body must not be used.
    ///
    /// Services older than the fix "range-header-request" answer 206 with the
    /// whole image where the store cannot seek: status and Content-Range alone
    /// prove nothing, the length must agree with them.
    static func objection(
        to head: HTTPResponse, asking span: ByteSpan?, asked: String
    ) -> MigrationError? {
        guard let span else { return nil }
        func refuse(_ what: String) -> MigrationError {
            MigrationError(
                .rangeNotSatisfiable,
                "asked for \(span.words), Glance answered \(what) (\(asked))",
                hint: "this image's store cannot start in the middle; read it from the beginning")
        }
        guard head.status == 206 else { return refuse("\(head.status) with the whole image") }
        guard let range = head.headers["Content-Range"].flatMap(ContentRange.init) else {
            return refuse("206 without a Content-Range that can be read")
        }
        guard span.agrees(with: range) else {
            return refuse("206 with the bytes from \(range.first) on to \(range.last)")
        }
        if let length = head.headers["Content-Length"].flatMap({ Int64($0) }),
            length != range.last - range.first + 1
        {
            return refuse("206 with \(length) bytes for a range of \(range.last - range.first + 1)")
        }
        return nil
    }
}

/// `bytes 5-9/10` (RFC 9110, section 14.4).
struct ContentRange: Hashable {
    var first: Int64
    var last: Int64
    /// Nil for `*`.
    var total: Int64?

    init?(_ text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, parts[0].lowercased() == "bytes" else { return nil }
        let slash = parts[1].split(separator: "/", omittingEmptySubsequences: false)
        let dash = slash[0].split(separator: "-", omittingEmptySubsequences: false)
        guard slash.count == 2, dash.count == 2, let first = Int64(dash[0]),
            let last = Int64(dash[1]), first >= 0, last >= first
        else { return nil }
        self.first = first
        self.last = last
        total = Int64(slash[1])
        if let total, last >= total { return nil }
        if total == nil, slash[1] != "*" { return nil }
    }
}
