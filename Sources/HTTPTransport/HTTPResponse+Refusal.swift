// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import FoundationEssentials

extension HTTPResponse {
    private static let messageCharactersMax = 1000

    /// This answer as an error: a code by its status, and the service's own
    /// words, taken out of its JSON or HTML.
    ///
    /// `asked` is method and path as the operator should read them. Transient
    /// are 408, 425, 429, 500, 502, 503 and 504.
    public func refusal(by service: String, asked: String) -> TranshipError {
        let message = serviceMessage
        let answer = ServiceAnswer(
            status: status, message: message,
            requestID: headers["x-openstack-request-id"] ?? headers["x-compute-request-id"],
            asked: asked, retryAfterSeconds: retryAfterSeconds)
        let words = message.isEmpty ? "" : ": \(message)"
        return TranshipError(
            code, "\(service) answered \(status)\(words) (\(asked))", answer: answer,
            isTransient: [408, 425, 429, 500, 502, 503, 504].contains(status))
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
        case 413: .quotaExceeded
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

    /// `Retry-After` in seconds. Its other form, a date, is not read: nobody
    /// in OpenStack sends one.
    private var retryAfterSeconds: Int? {
        headers["retry-after"].flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
    }

    /// What the service said, in one line.
    private var serviceMessage: String {
        let text = String(decoding: body.prefix(64 << 10), as: UTF8.self)
        let message =
            if let json = try? JSONDecoder().decode(JSONValue.self, from: Data(body)) {
                Self.message(in: json) ?? text
            } else {
                Self.withoutTags(Self.withoutHeading(text, status))
            }
        return String(Self.folded(message).prefix(Self.messageCharactersMax))
    }

    /// Keystone nests `message` under `error`, Glance's JSON has it on top, and
    /// other services nest it under a name of the fault ("badRequest").
    private static func message(in json: JSONValue) -> String? {
        for key in ["message", "detail", "title", "error"] {
            if let text = json[key]?.string, !text.isEmpty { return text }
        }
        if let nested = json["error"].flatMap(message(in:)) { return nested }
        guard let object = json.object, object.count == 1 else { return nil }
        return object.values.first?.object == nil ? nil : object.values.first.flatMap(message(in:))
    }

    /// Old services (WebOb) write plain text as `409 Conflict`, an empty line and
    /// the message. The heading only repeats the status, so it goes if there is
    /// more.
    private static func withoutHeading(_ text: String, _ status: Int) -> String {
        guard text.hasPrefix("\(status) "), let end = text.firstRange(of: "\n\n") else {
            return text
        }
        let rest = String(text[end.upperBound...])
        return folded(rest).isEmpty ? text : rest
    }

    /// Glance answers in HTML: `<h1>409 Conflict</h1>message<br /><br />`. The
    /// heading only repeats the status, so it goes if there is more.
    private static func withoutTags(_ html: String) -> String {
        guard html.contains("<") else { return unescaped(html) }
        var body = html[...]
        for element in ["head", "h1", "style", "script"] { body = body.removing(element) }
        let text = stripped(body)
        return unescaped(folded(text).isEmpty ? stripped(html[...].removing("style")) : text)
    }

    private static func stripped(_ html: Substring) -> String {
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

extension Substring {
    /// Without the first element of that name and all that is in it.
    fileprivate func removing(_ element: String) -> Substring {
        guard let start = firstRange(of: "<\(element)"),
            let end = self[start.upperBound...].firstRange(of: "</\(element)>")
        else { return self }
        return self[..<start.lowerBound] + self[end.upperBound...]
    }
}
