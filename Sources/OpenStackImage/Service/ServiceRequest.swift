// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import HTTPTransport

/// A request to the Image service, without the address of the service and without a token. The
/// `…Requests` types of the resources build it.
public struct ServiceRequest: Sendable, Hashable {
    /// The method: GET, PUT, …
    public var method: HTTPRequest.Method
    /// The path below the root of the service, version first, percent-encoded: `/v2/images`.
    public var path: String
    /// The query, not yet encoded.
    public var query: [QueryItem]
    /// A query from a link of the service, sent unchanged.
    var rawQuery: String?
    /// The header fields, without the token, which the session adds.
    public var headers: HTTPHeaders
    /// The body; nil to send none.
    public var body: [UInt8]?
    /// See ``HTTPRequest/isRepeatable``.
    public var isRepeatable: Bool
    /// See ``HTTPRequest/bodyBytesMax``.
    public var bodyBytesMax: Int64?
    /// See ``HTTPRequest/bodySizeField``.
    var bodySizeField: String?
    /// See ``HTTPRequest/secrets``.
    var secrets: [Secret<String>] = []

    /// One `name=value` of a query.
    public struct QueryItem: Sendable, Hashable {
        /// The name, not encoded.
        public var name: String
        /// The value, not encoded.
        public var value: String

        /// Creates an item from a name and a value that are not encoded.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// - Parameter path: the path below the root of the service, percent-encoded: `/v2/images`.
    public init(
        _ method: HTTPRequest.Method, _ path: String, query: [QueryItem] = [],
        headers: HTTPHeaders = [:], body: [UInt8]? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        isRepeatable = ![.post, .patch].contains(method)
    }

    /// Creates a request with a JSON body. The Image service checks the media type.
    public init(
        _ method: HTTPRequest.Method, _ path: String, query: [QueryItem] = [], json: JSONValue,
        mediaType: String = "application/json"
    ) {
        self.init(
            method, path, query: query, headers: ["Content-Type": mediaType], body: json.body)
    }

    /// Creates a request for the next page of a list.
    init(_ method: HTTPRequest.Method, _ path: String, rawQuery: String) {
        self.init(method, path)
        self.rawQuery = rawQuery
    }

    /// The method and the path for messages, without the values of the query.
    public var asked: String { "\(method.rawValue) \(path)" }

    /// Returns the URL for a service with this root.
    func url(root: String) -> String {
        let query = rawQuery ?? encodedQuery
        return query.isEmpty ? root + path : "\(root)\(path)?\(query)"
    }

    /// The ``query`` in the form in which it is sent.
    var encodedQuery: String {
        query.map { "\(percentEncode($0.name))=\(percentEncode($0.value))" }
            .joined(separator: "&")
    }
}

extension [ServiceRequest.QueryItem] {
    /// Creates the items in this order; leaves out nil.
    init(_ pairs: KeyValuePairs<String, String?>) {
        self = pairs.compactMap { name, value in value.map { .init(name, $0) } }
    }
}
