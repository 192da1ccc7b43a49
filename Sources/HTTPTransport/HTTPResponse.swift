// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import FoundationEssentials

/// The answer of a service, with any status.
public struct HTTPResponse: Sendable {
    /// The status, 200 to 599. Interim answers (1xx) are not reported.
    public var status: Int
    public var headers: HTTPHeaders
    /// The body; empty if it went into a ring.
    public var body: [UInt8]
    /// The URL that answered, after redirects. Its query may contain a signature, so show it with
    /// ``shownURL(_:)`` only.
    public var effectiveURL: String
    /// The address of the server that answered, if several share one name. Nil if the URL contains
    /// the address, if a proxy is in between, or if the request follows no redirects.
    public internal(set) var answeredBy: String?
    /// True if ``effectiveURL`` comes from a redirect, so that messages must name it.
    var isRedirected = false
    /// True if the answer came from an origin other than the one that the caller asked. Such an
    /// origin gets no login.
    var isElsewhere = false
    /// The netrc file that the request's login comes from; nil if the client uses none.
    var netrc: NetrcFile?
    /// The secrets of the requests, which no message may repeat.
    var echoes = Echoes()

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

extension HTTPResponse {
    private static let messageCharactersMax = 1000
    /// The maximum length of a message from the page of a proxy or a web server: its first words
    /// suffice.
    private static let pageCharactersMax = 120
    /// The maximum size of a body that is searched for a message.
    private static let messageBytesMax = 64 << 10
    private static let requestIDCharactersMax = 100

    /// Converts this answer to an error. The code follows from the status; the message comes from
    /// the JSON or HTML of the service.
    ///
    /// `asked` is method and path, for the operator. 408, 425, 429 and 5xx are transient, except
    /// for the 5xx codes of lasting failures.
    public func refusal(by service: ServiceAnswer.Service, asked: String) -> TranshipError {
        let message = serviceMessage
        let answer = ServiceAnswer(
            status: status, message: message,
            requestID: requestID,
            asked: asked, retryAfterSeconds: retryAfterSeconds, service: service)
        let words = message.isEmpty ? "" : ": \(message)"
        let place = (whoAnswered.map { ", \($0)" } ?? "") + unfollowed
        return TranshipError(
            code, "\(service.rawValue) answered \(status)\(words) (\(asked)\(place))",
            hint: loginHint,
            answer: answer, isTransient: isTransient)
    }

    /// The 5xx codes of lasting failures: not implemented, an unsupported version of HTTP,
    /// negotiation or extension, insufficient storage, and a network that needs a login (RFC 9110,
    /// section 15.6; RFC 2295; RFC 2774; RFC 4918; RFC 6585).
    private static let lastingFailures: Set = [501, 505, 506, 507, 510, 511]

    package var isTransient: Bool {
        [408, 425, 429].contains(status)
            || status >= 500 && !Self.lastingFailures.contains(status)
    }

    /// True for an answer that asks the client to go to another address.
    public var isRedirect: Bool { [301, 302, 303, 307, 308].contains(status) }

    /// The words about a redirect that was not followed; empty for other answers. A caller that
    /// follows redirects never gets one.
    private var unfollowed: String {
        guard isRedirect else { return "" }
        guard let place = redirectPlace else { return "; the redirect names no address" }
        return "; the redirect leads to \(place) and is not followed"
    }

    /// The target of a redirect for messages, without secrets. Nil if the answer does not name one.
    public var redirectPlace: String? {
        headers["Location"].flatMap { $0.isEmpty ? nil : shownURL(echoes.removed(from: $0)) }
    }

    /// The hint for a 401 if the login is from a file.
    private var loginHint: String? {
        guard status == 401, let netrc, let host = Origin(effectiveURL)?.host else { return nil }
        guard !isElsewhere else {
            return "the redirect led to another server, \(host), which gets no login from "
                + "\(netrc.path): use the address that needs no redirect to it"
        }
        return netrc.hint(for: host)
    }

    /// The server of a pool that answered: `redirected to URL, answered by ADDRESS`, without
    /// secrets. Nil if the URL of the request already names it.
    public var whoAnswered: String? {
        let words = [
            isRedirected ? "redirected to \(shownURL(echoes.removed(from: effectiveURL)))" : nil,
            answeredBy.map { "answered by \($0)" },
        ].compactMap(\.self)
        return words.isEmpty ? nil : words.joined(separator: ", ")
    }

    /// The compression of a body that may be a stored file: `gz`, `xz`, `bz2` or `zst`. Nil for a
    /// body without an encoding, with another one, or with several.
    package var storedCompression: String? {
        let encodings = headers.encodings
        return encodings.count == 1 ? encodings.first.flatMap { Self.compressions[$0] } : nil
    }

    private static let compressions = [
        "gzip": "gz", "x-gzip": "gz", "xz": "xz", "x-xz": "xz", "bzip2": "bz2", "x-bzip2": "bz2",
        "zstd": "zst",
    ]

    /// Returns the error for a body that is encoded, although the request asked for it as it is
    /// stored; nil if it is not encoded.
    package func encodingRefusal(asked: String) -> TranshipError? {
        guard let encoding = headers.encodings.first.map({ echoes.removed(from: $0) }) else {
            return nil
        }
        return TranshipError(
            .invalidAnswer,
            "\(asked): the body is encoded (Content-Encoding: \(encoding)), but this request asked "
                + "for it as it is stored",
            hint:
                "use another address of the file, or download it with a tool that unpacks it; the "
                + "operator of the server or proxy can send such files unchanged")
    }

    private var requestID: String? {
        (headers["x-openstack-request-id"] ?? headers["x-compute-request-id"]).map {
            String(echoes.removed(from: $0).prefix(Self.requestIDCharactersMax))
        }
    }

    private var code: TranshipError.Code {
        switch status {
        case 400: .badRequest
        case 401: .unauthorized
        case 403: .forbidden
        case 404: .notFound
        case 408: .timedOut
        case 409: .conflict
        case 410: .gone
        case 413, 507: .quotaExceeded
        case 415: .formatRejected
        case 416: .rangeNotSatisfiable
        case 429: .rateLimited
        case 503 where retryAfterSeconds != nil: .rateLimited
        case 500...: .serviceFailed
        case 400...: .badRequest
        case 300..<400: .badRedirect
        default: .invalidAnswer
        }
    }

    /// The time that the service asks the client to wait, in seconds (`Retry-After`: a number or a
    /// date; RFC 9110, section 10.2.3). Nil without the field, or if it is neither.
    ///
    /// A date is compared with the answer's own date, since the clocks may differ. A date in the
    /// past and a number below 0 count as 0, and a number too large for any wait as 2^53.
    package var retryAfterSeconds: Int? {
        guard let text = headers["Retry-After"] else { return nil }
        if let moment = UTCTime.unixSecondsOfHTTPDate(text) {
            let now =
                headers["Date"].flatMap(UTCTime.unixSecondsOfHTTPDate)
                ?? Timestamp.now() / 1000
            return Int(clamping: max(0, moment.clampedDifference(now)))
        }
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        guard digits.startIndex == text.startIndex else { return 0 }
        return Int(clamping: OutsideNumber.parse(digits) ?? OutsideNumber.most)
    }

    /// The message of the service in one line. Secrets are removed before the text is cut.
    private var serviceMessage: String {
        let text = String(decoding: body.prefix(Self.messageBytesMax), as: UTF8.self)
        let isCut = body.count > Self.messageBytesMax
        var most = Self.messageCharactersMax
        var message: String
        if !isCut, body.withUnsafeBytes({ JSONBounds.excess(of: $0) }) == nil,
            let json = try? JSONDecoder().decode(JSONValue.self, from: Data(body))
        {
            message = Self.message(in: json) ?? text
        } else {
            message = Self.withoutHeading(text, status)
            if Self.isPage(message) { most = Self.pageCharactersMax }
            message = Self.withoutTags(message)
        }
        let known = Self.withoutSchema(Self.folded(echoes.removed(from: message, isCut: isCut)))
        return most == Self.pageCharactersMax
            ? known.cut(to: most) : String(known.prefix(most))
    }

    /// Shortens a schema error. Glance repeats the part of its schema that a record does not match,
    /// and the value; only the key stays.
    private static func withoutSchema(_ message: String) -> String {
        guard let schema = message.firstRange(of: " Failed validating '") else { return message }
        let key = message[schema.upperBound...].firstMatch(of: /On instance\['([^']+)'\]/)?.1
        return message[..<schema.lowerBound] + (key.map { " (\($0))" } ?? "")
    }

    /// True for the page of a proxy or a web server. Glance answers in HTML as well:
    /// `<h1>409 Conflict</h1>message<br /><br />`.
    private static func isPage(_ text: String) -> Bool {
        text.contains("<") && !text.contains("<br /><br />")
    }

    /// Finds the message in a JSON answer. Keystone puts `message` under `error`, Glance at the top
    /// level, and other services under the name of the fault ("badRequest").
    private static func message(in json: JSONValue) -> String? {
        for key in ["message", "detail", "title", "error"] {
            if let text = json[key]?.string, !text.isEmpty { return text }
        }
        if let nested = json["error"].flatMap(message(in:)) { return nested }
        guard let object = json.object, object.count == 1 else { return nil }
        return object.values.first?.object == nil ? nil : object.values.first.flatMap(message(in:))
    }

    /// Removes the heading of a plain text. Old services (WebOb) write `409 Conflict`, an empty
    /// line, and the message. The heading repeats the status, so it goes if there is more text.
    private static func withoutHeading(_ text: String, _ status: Int) -> String {
        guard text.hasPrefix("\(status) "), let end = text.firstRange(of: "\n\n") else {
            return text
        }
        let rest = String(text[end.upperBound...])
        return folded(rest).isEmpty ? text : rest
    }

    /// Returns the text of a page. Its heading usually repeats the status, so the heading and the
    /// title count only if there is no other text.
    private static func withoutTags(_ html: String) -> String {
        guard html.contains("<") else { return unescaped(html) }
        let page = html.without(from: "<!--", to: "-->")
            .withoutElement("style").withoutElement("script")
        let candidates = [
            page.withoutElement("head").withoutElement("h1"), page.withoutElement("head"), page,
        ]
        return candidates.lazy.map { unescaped(stripped($0)) }.first { !folded($0).isEmpty } ?? ""
    }

    private static func stripped(_ html: String) -> String {
        var text = ""
        var isInTag = false
        for character in html {
            switch character {
            case "<": isInTag = true
            case ">" where isInTag:
                isInTag = false
                text += " "
            default: if !isInTag { text.append(character) }
            }
        }
        return text
    }

    private static func unescaped(_ text: String) -> String {
        let entities = [
            ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"),
            ("&nbsp;", " "), ("&amp;", "&"),
        ]
        return entities.reduce(text) { $0.replacing($1.0, with: $1.1) }
    }

    private static func folded(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}

extension String {
    /// Removes all elements of this name and their contents.
    fileprivate func withoutElement(_ element: String) -> String {
        without(from: "<\(element)", to: "</\(element)", isTag: true)
    }

    /// Removes all parts between two marks, and the marks. Takes a single pass, because the text
    /// comes from a stranger.
    ///
    /// - Parameter isTag: true if each mark begins a tag; then a longer tag name does not match.
    fileprivate func without(from start: String, to end: String, isTag: Bool = false) -> String {
        let bytes = Array(utf8)
        let lower = bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        func place(of mark: String, from position: Int) -> Range<Int>? {
            var rest = lower[position...]
            while let found = rest.firstRange(of: Array(mark.utf8)) {
                let next = found.upperBound < lower.count ? lower[found.upperBound] : 0x3E
                if !isTag || next == 0x3E || next <= 0x20 { return found }
                rest = lower[found.upperBound...]
            }
            return nil
        }
        var result: [UInt8] = []
        var position = 0
        while let opening = place(of: start, from: position),
            let closing = place(of: end, from: opening.upperBound)
        {
            result.append(contentsOf: bytes[position..<opening.lowerBound])
            result.append(0x20)
            let tagEnd = isTag ? lower[closing.upperBound...].firstIndex(of: 0x3E) : nil
            position = tagEnd.map { $0 + 1 } ?? closing.upperBound
        }
        result.append(contentsOf: bytes[position...])
        return String(decoding: result, as: UTF8.self)
    }
}
