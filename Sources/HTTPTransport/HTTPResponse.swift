// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// What a service answered: any status.
public struct HTTPResponse: Sendable {
    /// 200 to 599; interim answers (1xx) are not shown.
    public var status: Int
    public var headers: HTTPHeaders
    /// Empty where the body went into a ring.
    public var body: [UInt8]
    /// Where the answer came from, after redirects. May hold a signature in
    /// its query: show it with ``shownURL(_:)`` only.
    public var effectiveURL: String

    public init(
        status: Int, headers: HTTPHeaders = [:], body: [UInt8] = [], effectiveURL: String = ""
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.effectiveURL = effectiveURL
    }

    public var isSuccess: Bool { (200..<300).contains(status) }
}
