// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
package import HTTPTransport

/// A request as a ``GlanceModel`` reads it.
package struct ModelRequest: Sendable {
    package var method: HTTPRequest.Method
    /// The percent-decoded path without the leading slash: `["v2", "images", …]`.
    package var path: [String]
    /// The parameters in the order of the query string; names may repeat.
    package var query: [(name: String, value: String)]
    package var headers: HTTPHeaders
    package var body: [UInt8]

    /// - Parameter target: path and query, as in a request line.
    package init(
        _ method: HTTPRequest.Method, _ target: String, headers: HTTPHeaders = [:],
        body: [UInt8] = []
    ) {
        self.method = method
        self.headers = headers
        self.body = body
        let parts = target.split(separator: "?", maxSplits: 1)
        path = (parts.first ?? "").split(separator: "/").map(Self.decoded)
        query = (parts.count > 1 ? parts[1] : "").split(separator: "&").map { item in
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.decoded(pair[0]), pair.count > 1 ? Self.decoded(pair[1]) : "")
        }
    }

    /// The image that the path names.
    package var id: String? { path.count > 2 ? path[2] : nil }

    /// The part of the path after the image: `file`, `members`, …; otherwise empty.
    package var part: String { path.count > 3 ? path[3] : "" }

    var json: JSONValue? { JSONValue(text: body) }

    func first(_ name: String) -> String? { query.first { $0.name == name }?.value }

    private static func decoded(_ text: Substring) -> String {
        guard text.contains("%") || text.contains("+") else { return String(text) }
        return percentDecoded(text.replacing("+", with: " "))
    }
}
