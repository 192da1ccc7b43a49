// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// One HTTP request, and the limits within which it must be answered.
public struct HTTPRequest: Sendable {
    /// The methods that the Image service and Keystone use.
    public enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    public var method: Method

    /// Absolute, `http` or `https`, already percent-encoded.
    public var url: String

    public var headers: HTTPHeaders

    /// Not looked at by uploads, which send what is in a ring.
    public var body: [UInt8]?

    /// For the whole exchange of a small request. Bodies in rings have no such
    /// limit: for them ``TransportConfiguration/stallSeconds`` counts.
    public var timeoutSeconds: Int

    /// An answer with a longer body is refused. The body of a download, which
    /// goes into a ring, has no limit.
    public var responseBytesMax: Int

    /// At most 10 redirects, to http and https only. Another host (or port, or
    /// scheme) does not get the credentials. 303 becomes GET; 301 and 302 do
    /// too unless the method is HEAD (RFC 9110, section 15.4). Uploads never
    /// follow: their body is gone.
    public var followsRedirects: Bool

    public init(
        _ method: Method, _ url: String, headers: HTTPHeaders = [:], body: [UInt8]? = nil,
        timeoutSeconds: Int = 60, responseBytesMax: Int = 16 << 20, followsRedirects: Bool = false
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeoutSeconds = timeoutSeconds
        self.responseBytesMax = responseBytesMax
        self.followsRedirects = followsRedirects
    }
}

extension HTTPRequest {
    /// Method and URL for messages: without user, password, query (which may
    /// be a signature) and fragment.
    var shown: String { "\(method.rawValue) \(shownURL(url))" }
}

/// A URL as messages may show it: without user, password, query and fragment.
public func shownURL(_ url: String) -> String {
    let path = url.prefix { $0 != "?" && $0 != "#" }
    guard let start = path.firstRange(of: "://")?.upperBound else { return String(path) }
    let authority = path[start...].prefix { $0 != "/" }
    guard let at = authority.lastIndex(of: "@") else { return String(path) }
    return String(path[..<start] + path[path.index(after: at)...])
}
