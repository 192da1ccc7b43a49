// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import TestSupport

/// A web server with one good file and broken ones, and a Glance without Keystone whose images
/// break: faults that real services cannot be made to show.
struct FaultyWeb {
    /// A MiB of text.
    static let bytes = Array(String(repeating: "tranship ", count: 1 << 17).utf8.prefix(1 << 20))
    /// 64 KiB without a known format.
    static let noise: [UInt8] = {
        var state: UInt32 = 1
        return (0..<(64 << 10)).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(truncatingIfNeeded: state >> 24)
        }
    }()
    /// A reply that comes after a second.
    private static let slow = Reply { exchange in
        usleep(1_000_000)
        Reply.status(200, body: noise).run(exchange)
    }
    static let shortID = "11111111-1111-4111-8111-111111111111"
    static let wrongID = "22222222-2222-4222-8222-222222222222"
    static let unprovedID = "33333333-3333-4333-8333-333333333333"

    private let server: RawHTTPServer

    var url: String { server.url }

    init() throws {
        let half = Array(Self.bytes.prefix(1 << 19))
        let md5 = try digest(.md5, of: Self.bytes).value
        let other = try digest(.md5, of: half).value
        let list = "\(try digest(.sha256, of: Self.noise).value)  noise.raw\n"
        server = try RawHTTPServer(scripts: [
            "/v2/images": [Self.page],
            "/disk.raw": [.status(200, body: Self.bytes)],
            "/noise.raw": [.status(200, body: Self.noise)],
            "/slow.raw": [Self.slow],
            "/SHA256SUMS": [.status(200, body: Array(list.utf8))],
            "/short.raw": [.lying(declaredBytes: Self.bytes.count, body: half)],
            "/v2/images/\(Self.shortID)": [Self.record(Self.shortID, md5)],
            "/v2/images/\(Self.shortID)/file": [
                .lying(declaredBytes: Self.bytes.count, body: half)
            ],
            "/v2/images/\(Self.wrongID)": [Self.record(Self.wrongID, other)],
            "/v2/images/\(Self.wrongID)/file": [.status(200, body: Self.bytes)],
            "/v2/images/\(Self.unprovedID)": [Self.record(Self.unprovedID, nil)],
            "/v2/images/\(Self.unprovedID)/file": [.status(200, body: Self.bytes)],
        ])
    }

    /// A list of images that never ends: each page links the next one.
    private static let page = Reply { exchange in
        guard exchange.readBody() else { return exchange.close() }
        let number = exchange.request.target.split(separator: "=").last.flatMap { Int($0) } ?? 0
        let images = (0..<100).map { index -> JSONValue in
            [
                "id": .string("\(number)-\(index)"), "status": "active",
                "name": .string("image \(index) of page \(number)"),
            ]
        }
        let page: JSONValue = [
            "images": .array(images), "next": .string("/v2/images?marker=\(number + 1)"),
        ]
        let body = (try? JSONEncoder().encode(page)).map { [UInt8]($0) } ?? []
        Reply.status(200, headers: [("Content-Type", "application/json")], body: body).run(exchange)
    }

    private static func record(_ id: String, _ md5: String?) -> Reply {
        let record: JSONValue = [
            "id": .string(id), "status": "active", "name": "broken", "size": 1_048_576,
            "checksum": md5.map(JSONValue.string) ?? .null,
        ]
        let body = (try? JSONEncoder().encode(record)).map { [UInt8]($0) } ?? []
        return .status(200, headers: [("Content-Type", "application/json")], body: body)
    }
}
