// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// An HTTP request and the limits for its answer.
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

    /// The URL: absolute, `http` or `https`, already percent-encoded.
    public var url: String

    public var headers: HTTPHeaders

    /// The body. Uploads ignore it and send the contents of a ring.
    public var body: [UInt8]?

    /// The time limit for a whole small exchange. It does not apply to bodies in rings;
    /// ``TransportConfiguration/stallSeconds`` does.
    public var timeoutSeconds: Int

    /// True if ``timeoutSeconds`` limits only the time in which nothing moves. The whole exchange
    /// may then take ten times as long.
    public var isPatientWhileBytesMove = false

    /// The maximum length of an answer. For the body of a download, which goes into a ring, see
    /// ``bodyBytesMax``.
    public var responseBytesMax: Int

    /// The length of the body of a download, if the caller knows it: a longer body is cut off
    /// there, and the download fails. A shorter body that only the end of the connection ends was
    /// cut: the download fails with a transient error. Nil for no limit.
    public var bodyBytesMax: Int64?
    /// True if a length that the answer declares overrides ``bodyBytesMax``, and a body without a
    /// declared length may be shorter, because the caller has better proof of the data than its
    /// length.
    public var declaredLengthCounts = false
    /// True if a body that is labelled as compressed is taken as it is. Some servers label files
    /// that are stored with gzip so.
    package var takesCompressed = false
    /// The name of another header field of the answer that states the length of the body; nil for
    /// none.
    package var bodySizeField: String?

    /// True if the service may get the request twice without harm. Only then does the request use a
    /// kept connection: if the service has closed that connection in the meantime, curl sends the
    /// request once more over a new one (RFC 9110, section 9.2.2; RFC 9112, section 9.3.1). False
    /// for POST and PATCH unless the caller knows better.
    public var isRepeatable: Bool

    /// True to follow redirects: at most 10, to http and https only, never from https to http, and
    /// never to a link-local address of another host. Another host, port or scheme gets neither the
    /// credentials nor a password from the netrc file. 303 becomes GET; 301 and 302 too, unless the
    /// method is HEAD (RFC 9110, section 15.4). Uploads never follow a redirect, since their body
    /// is spent.
    public var followsRedirects: Bool

    /// The parts of the body or the query that no message may repeat, even if the server shows them
    /// in a refusal. The values of header fields count as secrets already.
    public var secrets: [Secret<String>] = []

    /// The secrets of this request and of the requests that were redirected to it.
    var echoes = Echoes()
    /// True after a redirect.
    var isRedirected = false
    /// True after a redirect to an origin other than the one that the caller asked.
    var isElsewhere = false

    public init(
        _ method: Method, _ url: String, headers: HTTPHeaders = [:], body: [UInt8]? = nil,
        timeoutSeconds: Int = 60, responseBytesMax: Int = 16 << 20, followsRedirects: Bool = false
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        isRepeatable = ![.post, .patch].contains(method)
        self.timeoutSeconds = timeoutSeconds
        self.responseBytesMax = responseBytesMax
        self.followsRedirects = followsRedirects
    }
}

extension HTTPRequest {
    /// Method and URL for messages: without user, password, query (it may be a signature) and
    /// fragment.
    var shown: String { "\(method.rawValue) \(shownPlace(url, isForeign: isRedirected))" }

    /// A URL for messages.
    ///
    /// - Parameter isForeign: true if a server named it, and may have put our secrets into it.
    func shownPlace(_ url: String, isForeign: Bool = true) -> String {
        shownURL(isForeign ? echoes.removed(from: url) : url)
    }
}

/// Encodes text for a path segment or a query value: every byte of its UTF-8 that is not unreserved
/// (RFC 3986, section 2.3) becomes `%XX`, the slash too.
public func percentEncode(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var encoded: [UInt8] = []
    for byte in text.utf8 {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
            encoded.append(byte)
        default:
            encoded += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
    return String(decoding: encoded, as: UTF8.self)
}

/// Undoes ``percentEncode(_:)``. A percent sign without two hexadecimal digits stays, and bytes
/// that are not UTF-8 become U+FFFD.
package func percentDecoded(_ text: some StringProtocol) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        let digits = byte == UInt8(ascii: "%") ? rest.prefix(2).compactMap(hexDigit) : []
        if digits.count == 2 {
            bytes.append(digits[0] << 4 | digits[1])
            rest = rest.dropFirst(2)
        } else {
            bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

private func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
}
