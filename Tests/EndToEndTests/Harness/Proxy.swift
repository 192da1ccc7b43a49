// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LabSupport
import OpenStackImage
import TestSupport
import Testing

/// A proxy in front of a real Image service of the lab. Passes everything on, and does between them
/// what a test needs. For requests of at most a MiB, and answers of any size that memory holds.
final class Proxy: Sendable {
    private let server: RawHTTPServer

    /// - Parameter before: called with each complete request, before the service sees it.
    /// - Parameter headers: headers that are added to each answer.
    init(
        to cloud: LabCloud, adding headers: [(String, String)] = [],
        before: @escaping @Sendable (ReceivedRequest) -> Void = { _ in }
    ) async throws {
        let service = try await cloud.service.session.authenticate().imageEndpoint
        server = try RawHTTPServer { _ in
            Reply { exchange in
                guard exchange.readBody() else { return exchange.close() }
                before(exchange.received)
                guard let answer = RawSocket.answer(of: service, to: exchange.received) else {
                    return exchange.close()
                }
                let length =
                    answer.status == 204 ? [] : [("Content-Length", "\(answer.body.count)")]
                exchange.sendHead(answer.status, answer.headers + length + headers)
                exchange.send(answer.body)
            }
        }
    }

    /// The requests that have arrived, in order, such as `GET /v2/images`.
    var asked: [String] { server.requests.map { "\($0.method) \($0.path)" } }

    /// Writes the lab's clouds.yaml with one more entry, `proxied`: beta's user, and this proxy as
    /// the Image service.
    func cloudsFile(in folder: URL) throws -> String {
        try Self.cloudsFile(in: folder, adding: [("proxied", "beta", self)])
    }

    /// Writes the lab's clouds.yaml with more entries: each is like another one, with a proxy as
    /// the Image service.
    static func cloudsFile(
        in folder: URL, adding entries: [(name: String, like: String, proxy: Proxy)]
    ) throws -> String {
        var lines = try String(contentsOfFile: Lab.cloudsFile, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
        for (name, like, proxy) in entries {
            let start = try #require(lines.firstIndex(of: "  \(like):"))
            let entry = lines[(start + 1)...].prefix { $0.hasPrefix("    ") }
            // The last line of the file is empty.
            lines =
                lines.dropLast() + ["  \(name):"] + entry
                + ["    image_endpoint_override: \"\(proxy.server.url)\"", ""]
        }
        let file = folder.appendingPathComponent("clouds.yaml")
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        return file.path
    }
}
