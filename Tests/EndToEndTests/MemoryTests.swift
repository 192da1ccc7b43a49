// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import MigrationModel
import TestSupport
import Testing

extension EndToEndTests {
    @Suite struct MemoryTests {
        private static let images = 4
        private static let mebibytesAnImage = 3.0
        private static let mebibytesBefore = 40.0

        /// The binary as it is shipped. A debug build's code, and the Swift
        /// libraries that it loads, take some 15 MiB more.
        private static let release = ProcessInfo.processInfo.environment[
            "TRANSHIP_RELEASE_BINARY"
        ].map { URL(fileURLWithPath: $0) }

        @Test("four images of 1 GiB in flight take at most 40 MiB and 3 MiB an image")
        func fourGibibytes() async throws {
            let server = try Self.zeros(bytes: 1 << 30)
            try await scene("memory") { scene in
                let file = try pipeline(server, scene)
                let binary = Self.release ?? RunningCommand.binary
                // What there is before the first byte moves.
                let plan = try scene.start(["plan", file], binary: binary)
                async let before = plan.peakMemoryMebibytes()
                #expect(await plan.outcome().status == 0)

                let run = try scene.start(["run", file], binary: binary)
                async let peak = run.peakMemoryMebibytes()
                let outcome = await run.outcome(withinSeconds: 400)
                #expect(outcome.status == 0, outcome.said)
                let copies = try await scene.beta.images(scene.prefix)
                #expect(copies.count { $0["size"]?.integer == 1 << 30 } == Self.images)

                let (planned, most) = (await before, await peak)
                let words: Comment = "\(planned) MiB for the plan, \(most) MiB for the run"
                print("memory: \(words), \(outcome.seconds) s")
                let inFlight = Double(Self.images) * Self.mebibytesAnImage
                #expect(most - planned <= inFlight, words)
                if Self.release != nil { #expect(most <= Self.mebibytesBefore + inFlight, words) }
            }
        }

        private func pipeline(_ server: RawHTTPServer, _ scene: Scene) throws -> String {
            let sources = (1...Self.images).map {
                """
                  - url: \(server.url)/\($0).img
                    image: { name: "\(scene.prefix) \($0)", disk_format: raw, container_format: bare }
                """
            }
            return try scene.pipeline(
                """
                sources:
                \(sources.joined(separator: "\n"))
                targets: [{ cloud: beta }]
                limits: { images: \(Self.images) }
                """)
        }

        private static func zeros(bytes: Int) throws -> RawHTTPServer {
            try RawHTTPServer { request in
                if request.method == "HEAD" {
                    return .status(200, headers: [("Content-Length", "\(bytes)")])
                }
                return Reply { exchange in
                    let piece = [UInt8](repeating: 0, count: Sample.mebibyte)
                    exchange.sendHead(200, [("Content-Length", "\(bytes)")])
                    for _ in 0..<bytes / piece.count {
                        guard exchange.send(piece) else { return exchange.close() }
                    }
                }
            }
        }
    }
}
