// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation

/// Images API v1 in memory, as Glance 15 serves it without a Keystone: every caller is the
/// administrator.
///
/// For machines without a Python 2.7. The same suite runs against it and, if there is one, against
/// a real Glance 15, so it cannot be more tolerant than that. It holds bodies of up to a MiB.
public final class LegacyImageServer: Sendable {
    private let server: RawHTTPServer
    public var url: String { server.url }

    public init() throws {
        let store = LegacyImageStore()
        server = try RawHTTPServer { request in
            Reply { exchange in
                guard exchange.readBody() else { return exchange.close() }
                let call = LegacyCall(exchange.received)
                let answer: LegacyAnswer
                do throws(LegacyRefusal) {
                    answer = try store.answer(call)
                } catch {
                    answer = error.answer
                }
                answer.send(over: exchange)
            }
        }
    }

    /// The requests so far.
    public var requests: [ReceivedRequest] { server.requests }
}

/// A request, split into its parts.
struct LegacyCall {
    let method: String
    /// The decoded segments of the path: `["v1", "images", "<id>"]`.
    let path: [String]
    let query: [String: String]
    let request: ReceivedRequest

    init(_ request: ReceivedRequest) {
        self.request = request
        method = request.method
        path = request.path.split(separator: "/").map { $0.removingPercentEncoding ?? String($0) }
        var query: [String: String] = [:]
        if let mark = request.target.firstIndex(of: "?") {
            for item in request.target[request.target.index(after: mark)...].split(separator: "&") {
                let parts = item.split(
                    separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let value = parts.count == 2 ? String(parts[1]) : ""
                query[parts[0].removingPercentEncoding ?? ""] = value.removingPercentEncoding ?? ""
            }
        }
        self.query = query
    }

    subscript(header name: String) -> String? { request[header: name] }

    /// True if the service treats it as a request with data: a length of 0 means no data, and a
    /// chunked body means data even without a chunk.
    var hasData: Bool {
        self[header: "transfer-encoding"] != nil
            || (Int(self[header: "content-length"] ?? "") ?? 0) > 0
    }

    var json: JSONValue {
        (try? JSONDecoder().decode(JSONValue.self, from: Data(request.body))) ?? .null
    }
}

struct LegacyAnswer {
    var status = 200
    var headers: [(String, String)] = []
    var body: [UInt8] = []

    static func json(_ value: JSONValue, status: Int = 200) -> LegacyAnswer {
        let body = (try? JSONEncoder().encode(value)).map { [UInt8]($0) } ?? []
        return LegacyAnswer(
            status: status, headers: [("Content-Type", "application/json")], body: body)
    }

    func send(over exchange: RawExchange) {
        var headers = headers
        headers.append(("X-Openstack-Request-Id", "req-\(UUID().uuidString.lowercased())"))
        if status != 204 { headers.append(("Content-Length", "\(body.count)")) }
        exchange.sendHead(status, headers)
        if exchange.request.method != "HEAD" { exchange.send(body) }
    }
}

/// A refusal in the format of WebOb.
struct LegacyRefusal: Error {
    let status: Int
    let message: String

    init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
    }

    var answer: LegacyAnswer {
        LegacyAnswer(
            status: status, headers: [("Content-Type", "text/plain; charset=UTF-8")],
            body: Array("\(status) Refused\n\n\(message)\n\n   ".utf8))
    }
}
