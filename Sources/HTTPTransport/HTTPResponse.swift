// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import FoundationEssentials

/// The answer of a service, with any status.
public struct HTTPResponse: Sendable {
    /// 200 to 599. Interim answers (1xx) are not reported.
    public var status: Int
    public var headers: HTTPHeaders
    /// Empty if the body went into a ring.
    public var body: [UInt8]
    /// The URL that answered, after redirects. Its query may contain a signature, so show it with
    /// ``shownURL(_:)`` only.
    public var effectiveURL: String
    /// The address of the server that answered, of several behind one name; nil if the URL says it,
    /// if a proxy is between, and if the request follows no redirects.
    public internal(set) var answeredBy: String?
    /// True if ``effectiveURL`` comes from a redirect, so that messages must name it.
    var isRedirected = false
    /// True if another origin answered than the caller asked: it got no login.
    var isElsewhere = false
    /// Where the login of the request comes from, if it has one from such a file.
    var netrc: NetrcFile?
    /// What the requests contained that no message may repeat.
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
    /// Of the page of a proxy or a web server: its first words suffice.
    private static let pageCharactersMax = 120
    /// More of a body is not looked at for a message.
    private static let messageBytesMax = 64 << 10
    private static let requestIDCharactersMax = 100

    /// This answer as an error: the code follows from the status, and the message is taken out of
    /// the JSON or HTML of the service.
    ///
    /// `asked` is method and path, for the operator. 408, 425, 429 and 5xx are transient, but for
    /// those of 5xx that say what the server never does.
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

    /// Not implemented, a version of HTTP, a negotiation or an extension that is not supported, no
    /// storage left, and a network that needs a login (RFC 9110, section 15.6; RFC 2295; RFC 2774;
    /// RFC 4918; RFC 6585).
    private static let lastingFailures: Set = [501, 505, 506, 507, 510, 511]

    package var isTransient: Bool {
        [408, 425, 429].contains(status)
            || status >= 500 && !Self.lastingFailures.contains(status)
    }

    /// True for an answer that asks the client to go to another address.
    public var isRedirect: Bool { [301, 302, 303, 307, 308].contains(status) }

    /// Where a redirect leads. Every caller that follows redirects has followed it already.
    private var unfollowed: String {
        guard isRedirect else { return "" }
        guard let place = redirectPlace else { return "; the redirect names no address" }
        return "; the redirect leads to \(place) and is not followed"
    }

    /// Where the answer wants the client to go, for messages: without secrets. Nil if it does not say.
    public var redirectPlace: String? {
        headers["Location"].flatMap { $0.isEmpty ? nil : shownURL(echoes.removed(from: $0)) }
    }

    /// What to do about a 401 if the login is from a file.
    private var loginHint: String? {
        guard status == 401, let netrc, let host = Origin(effectiveURL)?.host else { return nil }
        guard !isElsewhere else {
            return "the redirect led to another server, \(host), which gets no login from "
                + "\(netrc.path): use the address that needs no redirect to it"
        }
        return netrc.hint(for: host)
    }

    /// Which server of a pool answered: `redirected to URL, answered by ADDRESS`, without secrets.
    /// Nil if the URL of the request says it.
    public var whoAnswered: String? {
        let words = [
            isRedirected ? "redirected to \(shownURL(echoes.removed(from: effectiveURL)))" : nil,
            answeredBy.map { "answered by \($0)" },
        ].compactMap(\.self)
        return words.isEmpty ? nil : words.joined(separator: ", ")
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

    /// How long the service asks to wait, in seconds (`Retry-After`: a number or a date; RFC 9110,
    /// section 10.2.3). Nil for a field that is neither, as without the field.
    ///
    /// A date is compared with that of the answer, as the clocks may differ. A moment that has
    /// passed and a number below 0 are 0, and a number too large for any wait is 2^53.
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

    /// The message of the service in one line. Secrets go before the text is cut.
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

    /// Glance adds the part of its schema that a record does not match, and the value again. Of
    /// that, the key alone stays.
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

    /// Keystone puts `message` under `error`, Glance puts it on top, and other services put it
    /// under the name of the fault ("badRequest").
    private static func message(in json: JSONValue) -> String? {
        for key in ["message", "detail", "title", "error"] {
            if let text = json[key]?.string, !text.isEmpty { return text }
        }
        if let nested = json["error"].flatMap(message(in:)) { return nested }
        guard let object = json.object, object.count == 1 else { return nil }
        return object.values.first?.object == nil ? nil : object.values.first.flatMap(message(in:))
    }

    /// Old services (WebOb) write plain text: `409 Conflict`, an empty line, the message. The
    /// heading repeats the status, so it is removed if there is more.
    private static func withoutHeading(_ text: String, _ status: Int) -> String {
        guard text.hasPrefix("\(status) "), let end = text.firstRange(of: "\n\n") else {
            return text
        }
        let rest = String(text[end.upperBound...])
        return folded(rest).isEmpty ? text : rest
    }

    /// The text of a page. Its heading usually repeats the status, so the heading and the title
    /// count only if there is nothing else.
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

    /// Removes all parts between two marks, and the marks. One pass: the text is a stranger's.
    ///
    /// - Parameter isTag: a mark is the beginning of a tag, and what follows is not part of its name.
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
