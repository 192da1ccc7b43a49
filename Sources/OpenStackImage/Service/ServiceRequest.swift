// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import HTTPTransport

/// A request to the Image service, before it is known where that service is
/// and which token to show: what the `…Requests` of each resource build.
public struct ServiceRequest: Sendable, Hashable {
    /// GET, PUT, …
    public var method: HTTPRequest.Method
    /// Below the service's root, version first, already percent-encoded:
    /// `/v2/images`.
    public var path: String
    /// In order; encoded when sent.
    public var query: [QueryItem]
    /// A query that a service wrote in a link, sent as it stands.
    var rawQuery: String?
    /// Without the token, which the session adds.
    public var headers: HTTPHeaders
    /// Nil sends none.
    public var body: [UInt8]?

    /// One `name=value` of a query.
    public struct QueryItem: Sendable, Hashable {
        /// As it is, not yet encoded.
        public var name: String
        /// As it is, not yet encoded.
        public var value: String

        /// Both as they are, not yet encoded.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// - Parameter path: below the service's root, percent-encoded:
    ///   `/v2/images`.
    public init(
        _ method: HTTPRequest.Method, _ path: String, query: [QueryItem] = [],
        headers: HTTPHeaders = [:], body: [UInt8]? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }

    /// The same with a JSON body. The Image service looks at the media type.
    public init(
        _ method: HTTPRequest.Method, _ path: String, query: [QueryItem] = [], json: JSONValue,
        mediaType: String = "application/json"
    ) {
        self.init(
            method, path, query: query, headers: ["Content-Type": mediaType], body: json.body)
    }

    /// The next page of a list.
    init(_ method: HTTPRequest.Method, _ path: String, rawQuery: String) {
        self.init(method, path)
        self.rawQuery = rawQuery
    }

    /// Method and path, for messages: never the query's values.
    public var asked: String { "\(method.rawValue) \(path)" }

    /// Where it goes, given the service's root.
    func url(root: String) -> String {
        if let rawQuery { return "\(root)\(path)?\(rawQuery)" }
        guard !query.isEmpty else { return root + path }
        let items = query.map { "\(percentEncode($0.name))=\(percentEncode($0.value))" }
        return "\(root)\(path)?\(items.joined(separator: "&"))"
    }
}
