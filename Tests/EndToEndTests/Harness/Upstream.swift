// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import TestSupport

/// The servers of all publishers, on one port: `https://HOST/PATH` is at `URL/HOST/PATH`. A folder
/// lists its entries as Apache does.
final class Upstream: Sendable {
    let server: RawHTTPServer
    private let site: Site

    private final class Site: Sendable {
        let files = Guarded<[String: [UInt8]]>([:])

        func reply(_ path: String) -> Reply {
            files.withLock { files in
                if let data = files[path] { return .status(200, body: data) }
                guard path.hasSuffix("/") else { return .status(404, text: "Not Found") }
                let entries = Set(
                    files.keys.filter { $0.hasPrefix(path) }.map { file in
                        let rest = file.dropFirst(path.count)
                        return rest.firstIndex(of: "/").map { rest[...$0] } ?? rest
                    })
                guard !entries.isEmpty else { return .status(404, text: "Not Found") }
                let lines = entries.sorted().map {
                    "<a href=\"\($0)\">\($0)</a>  2026-11-28 02:00\n"
                }
                return .status(
                    200, headers: [("Content-Type", "text/html")],
                    text: "<html><title>Index of \(path)</title><pre>"
                        + "<a href=\"../\">Parent Directory</a>\n\(lines.joined())</pre></html>")
            }
        }
    }

    init() throws {
        let site = Site()
        self.site = site
        server = try RawHTTPServer { request in site.reply(request.path) }
    }

    /// - Parameter address: the address without its scheme: `cloud.debian.org/images/…`.
    func publish(_ address: String, _ data: [UInt8]) {
        site.files.withLock { $0["/\(address)"] = data }
    }

    /// Returns a pipeline file with its addresses on this machine.
    func redirected(_ pipeline: String) -> String {
        pipeline.replacing("https://", with: "\(server.url)/")
    }
}
