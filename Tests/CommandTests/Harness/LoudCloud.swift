// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation
import GlanceModel
import GlanceServer
import TestSupport

/// The ways in which a service fails loudly: it shows the request that it refuses, with all secrets
/// in it.
enum LoudFailure: String, CaseIterable, Sendable {
    case text, json, html, unauthorized, redirect, requestID, notJSON, cut, reset, spelled

    /// A reply that repeats the request in the way of this failure.
    var reply: Reply {
        Reply { exchange in
            guard exchange.readBody() else { return exchange.close() }
            let request = exchange.received
            let fields = request.headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
            let seen = "\(request.method) \(request.target)\n\(fields)\n\n\(request.text)"
            let oneLine = seen.split(whereSeparator: \.isNewline).joined(separator: " ")
            switch self {
            case .text: send(403, seen, exchange)
            case .json: send(400, Self.json(seen), exchange)
            case .html: send(404, "<html><body><h1>404</h1>\(seen)</body></html>", exchange)
            case .unauthorized: send(401, Self.json(seen), exchange)
            case .redirect:
                let query = request.target.split(separator: "?").dropFirst().joined()
                let token = request[header: "x-auth-token"] ?? ""
                let path = Self.inPercents(Self.values(in: request).joined(separator: " "))
                send(
                    302, seen, exchange,
                    [("Location", "ftp://elsewhere/\(path)?\(query)&t=\(token)")])
            case .requestID: send(409, "", exchange, [("x-openstack-request-id", oneLine)])
            case .notJSON: send(200, seen, exchange)
            case .cut:
                exchange.sendHead(403, [("Content-Length", "\(seen.utf8.count + 100)")])
                exchange.send(Array(seen.utf8))
                exchange.close()
            case .reset: exchange.reset()
            case .spelled:
                let values = Self.values(in: request)
                let all =
                    values + values.map(Self.inPercents)
                    + values.map(Self.inEscapes)
                    + values.map { Data($0.utf8).base64EncodedString() }
                send(403, Self.json(all.joined(separator: " ")), exchange)
            }
        }
    }

    private func send(
        _ status: Int, _ text: String, _ exchange: RawExchange, _ headers: [(String, String)] = []
    ) {
        exchange.sendHead(status, [("Content-Length", "\(text.utf8.count)")] + headers)
        if exchange.request.method != "HEAD" { exchange.send(Array(text.utf8)) }
    }

    /// Returns the values in the request: those of its fields, the login in them, and its body.
    private static func values(in request: ReceivedRequest) -> [String] {
        let fields = request.headers.filter {
            !["accept", "host", "user-agent"].contains($0.name.lowercased())
        }
        let logins = fields.filter { $0.value.hasPrefix("Basic ") }.compactMap {
            Data(base64Encoded: String($0.value.dropFirst("Basic ".count)))
                .map { String(decoding: $0, as: UTF8.self) }
        }
        return logins + fields.map(\.value) + [request.text, request.target]
    }

    private static func inPercents(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    /// Returns the text with every character escaped, as JSON allows: `\u0062\u0069`.
    static func inEscapes(_ text: String) -> String {
        text.utf16.map { "\\u" + String(0x10000 + Int($0), radix: 16).dropFirst() }.joined()
    }

    private static func json(_ text: String) -> String {
        String(
            decoding: JSONValue.object(["error": ["message": .string(text)]]).text, as: UTF8.self)
    }
}

/// The place that fails. A later request only fails if the command reaches it.
enum LoudPlace: String, CaseIterable, Sendable {
    case nowhere, keystone, lists, records, changes, data, mirror, sums
}

/// Two clouds and a mirror. One place in them fails.
final class LoudCloud: Sendable {
    static let bytes = Array(String(repeating: "tranship ", count: 2000).utf8)
    static let imageID = "5ce00000-0000-4000-8000-000000000001"

    let source: GlanceServer
    let target: GlanceServer
    let mirror: RawHTTPServer

    init(_ failure: LoudFailure, at place: LoudPlace) throws {
        func server(_ project: String) throws -> GlanceServer {
            var settings = GlanceModel.Settings()
            settings.needsToken = true
            settings.caller = .init(project: project, isAdmin: true)
            let server = try GlanceServer(settings)
            server.answer(with: failure.reply) { Self.fails($0, at: place) }
            return server
        }
        source = try server("one")
        target = try server("two")
        source.put(Self.imageID, data: Self.bytes, ["name": "src", "visibility": "private"])
        mirror = try RawHTTPServer { request in
            let isList = request.path == "/SUMS"
            if place == (isList ? .sums : .mirror) { return failure.reply }
            return isList ? .status(200, text: "") : .status(200, body: Self.bytes)
        }
    }

    private static func fails(_ request: ReceivedRequest, at place: LoudPlace) -> Bool {
        let parts = request.path.split(separator: "/")
        return switch place {
        case .nowhere, .mirror, .sums: false
        case .keystone: request.path.hasSuffix("/tokens")
        case .lists: parts == ["v2", "images"] && request.method == "GET"
        case .records: parts.count == 3 && parts.first == "v2" && request.method == "GET"
        case .changes: request.method != "GET" && !request.path.hasSuffix("/tokens")
        case .data: parts.last == "file"
        }
    }
}
