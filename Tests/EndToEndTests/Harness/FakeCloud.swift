// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import Synchronization
import TestSupport

/// A Keystone and a Glance on one port, just good enough for one upload, that
/// break where real ones cannot be made to.
final class FakeCloud: Sendable {
    /// What happens to the body of an image.
    private let onUpload: Reply
    private let images = Mutex<[String: JSONValue]>([:])
    private let box = Mutex<RawHTTPServer?>(nil)

    /// The image records that stand in it.
    var records: [JSONValue] { images.withLock { Array($0.values) } }

    var url: String { box.withLock { $0 }?.url ?? "" }

    var requests: [ReceivedRequest] { box.withLock { $0 }?.requests ?? [] }

    init(onUpload: Reply) throws {
        self.onUpload = onUpload
        let server = try RawHTTPServer { [weak self] request in
            self?.reply(to: request) ?? .status(503)
        }
        box.withLock { $0 = server }
    }

    /// clouds.yaml of the lab, and this cloud in it as `fake`.
    func cloudsFile(in folder: URL) throws -> String {
        let entry = """
              fake:
                auth: { auth_url: "\(url)/v3", username: u, password: p, project_name: p,
                  user_domain_name: Default, project_domain_name: Default }
                region_name: RegionOne
            """
        let text = try String(contentsOfFile: Lab.cloudsFile, encoding: .utf8) + entry + "\n"
        let file = folder.appendingPathComponent("clouds.yaml")
        try Data(text.utf8).write(to: file)
        return file.path
    }

    private func reply(to request: ReceivedRequest) -> Reply {
        let id = String(request.path.split(separator: "/").last ?? "")
        switch (request.method, request.path) {
        case ("POST", "/v3/auth/tokens"): return Self.token(imageURL: url)
        case ("GET", "/v2/images"): return Self.json(200, ["images": []])
        case ("POST", "/v2/images"):
            return Reply { [self] exchange in
                exchange.readBody()
                let body = exchange.received.body
                var record = (try? JSONDecoder().decode(JSONValue.self, from: Data(body)))?.object
                record?["status"] = "queued"
                guard let record, case .string(let id)? = record["id"] else {
                    return Reply.status(400).run(exchange)
                }
                images.withLock { $0[id] = .object(record) }
                Self.json(201, .object(record)).run(exchange)
            }
        case ("PUT", _) where request.path.hasSuffix("/file"): return onUpload
        case ("GET", _):
            return images.withLock { $0[id] }.map { Self.json(200, $0) } ?? .status(404)
        case ("DELETE", _):
            let was = images.withLock { $0.removeValue(forKey: id) }
            return .status(was == nil ? 404 : 204)
        default: return .status(501)
        }
    }

    /// A Keystone's answer, with an Image service in its catalogue.
    static func token(imageURL: String) -> Reply {
        json(
            201,
            [
                "token": [
                    "expires_at": "2099-01-01T00:00:00.000000Z",
                    "issued_at": "2026-01-01T00:00:00.000000Z",
                    "methods": ["password"],
                    "user": ["id": "u", "name": "u", "domain": ["id": "d", "name": "Default"]],
                    "project": ["id": "p", "name": "p", "domain": ["id": "d", "name": "Default"]],
                    "roles": [["id": "r", "name": "member"]],
                    "catalog": [
                        [
                            "type": "image", "name": "glance", "id": "i",
                            "endpoints": [
                                [
                                    "id": "e", "interface": "public", "region": "RegionOne",
                                    "region_id": "RegionOne", "url": .string(imageURL),
                                ]
                            ],
                        ]
                    ],
                ]
            ], headers: [("X-Subject-Token", "fake-token")])
    }

    private static func json(
        _ status: Int, _ value: JSONValue, headers: [(String, String)] = []
    ) -> Reply {
        let body = (try? JSONEncoder().encode(value)).map { [UInt8]($0) } ?? []
        return .status(
            status, headers: headers + [("Content-Type", "application/json")], body: body)
    }
}
