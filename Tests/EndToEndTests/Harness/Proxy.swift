// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LabSupport
import OpenStackImage
import TestSupport
import Testing

/// Sits in front of a real Image service of the lab, passes everything on, and
/// does in between what a test is about. For requests of at most a MiB, and any answer that memory holds.
final class Proxy: Sendable {
    private let server: RawHTTPServer

    /// - Parameter before: called with each request, when all of it has come
    ///   and before the service sees it.
    /// - Parameter headers: added to each answer.
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

    /// The lab's clouds.yaml with one more entry, `proxied`: beta's user, and
    /// this proxy as the Image service.
    func cloudsFile(in folder: URL) throws -> String {
        let lines = try String(contentsOfFile: Lab.cloudsFile, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex(of: "  beta:"))
        let entry = lines[(start + 1)...].prefix { $0.hasPrefix("    ") }
        let text =
            lines + ["  proxied:"] + entry
            + ["    image_endpoint_override: \"\(server.url)\"", ""]
        let file = folder.appendingPathComponent("clouds.yaml")
        try Data(text.joined(separator: "\n").utf8).write(to: file)
        return file.path
    }
}
