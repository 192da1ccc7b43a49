// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import MigrationModel
import TestSupport
import Testing

extension EndToEndTests {
    @Suite struct MemoryTests {
        @Test("four images of 1 GiB in flight take at most 40 MiB and 3 MiB an image")
        func fourGibibytes() async throws {
            let gibibyte = 1 << 30
            let server = try RawHTTPServer { request in
                if request.method == "HEAD" {
                    return .status(200, headers: [("Content-Length", "\(gibibyte)")])
                }
                return Reply { exchange in
                    let piece = [UInt8](repeating: 0, count: Sample.mebibyte)
                    exchange.sendHead(200, [("Content-Length", "\(gibibyte)")])
                    for _ in 0..<gibibyte / piece.count where !exchange.send(piece) { break }
                }
            }
            try await scene("memory") { scene in
                let sources = (1...4).map {
                    """
                      - url: \(server.url)/\($0).img
                        image: { name: "\(scene.prefix) \($0)", disk_format: raw, container_format: bare }
                    """
                }
                let file = try scene.pipeline(
                    """
                    sources:
                    \(sources.joined(separator: "\n"))
                    targets: [{ cloud: beta }]
                    limits: { images: 4 }
                    """)
                let command = try scene.start(["run", file])
                async let peak = command.peakMemoryBytes()
                let outcome = await command.outcome(withinSeconds: 400)
                #expect(outcome.status == 0, outcome.said)
                let mebibytes = Double(await peak) / Double(Sample.mebibyte)
                print("memory: peak \(mebibytes) MiB, \(outcome.seconds) s")
                #expect(mebibytes <= 40 + 4 * 3, "\(mebibytes) MiB")
                let copies = try await scene.beta.images(scene.prefix)
                #expect(copies.count { $0["size"]?.integer == Int64(gibibyte) } == 4)
            }
        }
    }
}
