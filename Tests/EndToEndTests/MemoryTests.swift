// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    @Suite struct MemoryTests {
        private static let images = 4
        private static let mebibytesAnImage = 3.0
        /// The memory before any transfer. Half of it is the program's code, which the kernel maps
        /// and may drop. It is about 3 MiB more if the program's file was just written and is
        /// completely in the page cache.
        private static let mebibytesBefore = 56.0

        /// True for the binary as it is shipped. A debug build's code, and the Swift libraries that
        /// it loads, take about 15 MiB more.
        private static let isRelease =
            ProcessInfo.processInfo.environment["TRANSHIP_RELEASE_BINARY"] != nil

        @Test("four images of 1 GiB in flight take at most 56 MiB and 3 MiB an image")
        func fourGibibytes() async throws {
            let server = try Self.zeros(bytes: 1 << 30)
            try await scene("memory") { scene in
                let file = try pipeline(server, scene)
                // The memory before the first byte moves.
                let plan = try scene.start(["plan", file])
                async let before = plan.peakMemoryMebibytes()
                #expect(await plan.outcome().status == 0)

                let run = try scene.start(["run", file])
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
                if Self.isRelease { #expect(most <= Self.mebibytesBefore + inFlight, words) }
            }
        }

        /// Memory that each finished image leaves behind would matter with thousands of images.
        @Test("600 images one after the other take at most 12 MiB more than 60")
        func images() async throws {
            func peak(_ images: Int) async throws -> Double {
                let scene = try Scene("memoryimages")
                defer { try? FileManager.default.removeItem(at: scene.folder) }
                for image in 0..<images {
                    try Data(noise(65_536, seed: UInt64(image))).write(
                        to: scene.folder.appendingPathComponent("disk-\(image).raw"))
                }
                let file = try scene.pipeline(
                    """
                    sources: [{ file: "./disk-*.raw", image: { disk_format: raw } }]
                    targets: [{ archive: ./archive }]
                    """)
                let run = try scene.start(["run", file])
                async let peak = run.peakMemoryMebibytes()
                let outcome = await run.outcome(withinSeconds: 400)
                #expect(outcome.status == 0, outcome.said)
                return await peak
            }
            let (few, many) = (try await peak(60), try await peak(600))
            print("memory: \(few) MiB for 60 images, \(many) MiB for 600")
            #expect(many - few <= 12, "\(few) MiB, then \(many) MiB")
        }

        /// Runs the same command on a small and on a large image of the same bytes, each time with
        /// a proof. The difference in memory is the size of the buffers.
        @Test("a download of 512 MiB takes at most 4 MiB more than one of 128 MiB")
        func download() async throws {
            let (small, large) = (128 * Sample.mebibyte, 512 * Sample.mebibyte)
            let digests = (try Self.sha512(zeros: small), try Self.sha512(zeros: large))
            let server = try Self.images([("small", small, digests.0), ("large", large, digests.1)])
            let scene = try Scene("memorydownload")
            defer { try? FileManager.default.removeItem(at: scene.folder) }
            func peak(_ id: String, _ bytes: Int, to file: String) async throws -> Double {
                let command = try RunningCommand(
                    ["image", "download", id, file],
                    environment: [
                        "HOME": scene.folder.path, "OS_AUTH_TYPE": "none",
                        "OS_IMAGE_ENDPOINT_OVERRIDE": server.url,
                    ],
                    folder: scene.folder, shell: "exec 1>/dev/null")
                async let peak = command.peakMemoryMebibytes()
                let outcome = await command.outcome()
                #expect(outcome.status == 0, outcome.said)
                if file != "-" {
                    let path = scene.folder.appendingPathComponent(file)
                    let size = try path.resourceValues(forKeys: [.fileSizeKey]).fileSize
                    #expect(size == bytes)
                    try FileManager.default.removeItem(at: path)
                }
                return await peak
            }
            for file in ["-", "disk.raw"] {
                // The measurement from outside easily misses the peak of a short process.
                var before = 0.0
                for _ in 0..<3 { before = max(before, try await peak("small", small, to: file)) }
                let most = try await peak("large", large, to: file)
                print("memory: \(before) MiB for 128 MiB, \(most) MiB for 512 MiB into \(file)")
                #expect(most - before <= 4, "\(before) MiB, then \(most) MiB into \(file)")
            }
        }

        /// Starts an Image service without Keystone, with images of zeros.
        private static func images(
            _ images: [(id: String, bytes: Int, sha512: String)]
        ) throws -> RawHTTPServer {
            try RawHTTPServer { request in
                guard let image = images.first(where: { request.path.contains("/\($0.id)") }) else {
                    return .status(404)
                }
                guard request.path.hasSuffix("/file") else {
                    return .status(
                        200,
                        text: """
                            {"id":"\(image.id)","status":"active","size":\(image.bytes),\
                            "os_hash_algo":"sha512","os_hash_value":"\(image.sha512)"}
                            """)
                }
                return zeros(image.bytes)
            }
        }

        private static func sha512(zeros bytes: Int) throws -> String {
            let piece = [UInt8](repeating: 0, count: Sample.mebibyte)
            let digest = try StreamingDigest(.sha512)
            for _ in 0..<bytes / piece.count { piece.withUnsafeBytes { digest.update($0) } }
            return try digest.finish().value
        }

        private static func zeros(_ bytes: Int) -> Reply {
            Reply { exchange in
                let piece = [UInt8](repeating: 0, count: Sample.mebibyte)
                exchange.sendHead(200, [("Content-Length", "\(bytes)")])
                for _ in 0..<bytes / piece.count {
                    guard exchange.send(piece) else { return exchange.close() }
                }
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
                return zeros(bytes)
            }
        }
    }
}
