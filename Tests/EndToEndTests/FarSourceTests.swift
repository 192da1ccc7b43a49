// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Digests
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// A source that answers late, like a distant one, and a real target.
    @Suite struct FarSourceTests {
        private static let mebibytes = 72
        private static let sizeBytes = mebibytes << 20
        private static let answerMicroseconds: UInt32 = 60_000
        private static let pattern = noise(1 << 20, seed: 8)

        /// Returns bytes of which no two mebibytes are alike.
        private static func bytes(_ span: Range<Int>) -> [UInt8] {
            var bytes: [UInt8] = []
            for number in span.lowerBound >> 20...(span.upperBound - 1) >> 20 {
                let start = number << 20
                var mebibyte = pattern
                mebibyte[0] = UInt8(truncatingIfNeeded: number)
                bytes +=
                    mebibyte[
                        max(0, span.lowerBound - start)..<min(1 << 20, span.upperBound - start)]
            }
            return bytes
        }

        /// - Parameter breaks: true for a request whose connection breaks in the middle.
        private static func server(
            _ breaks: @escaping @Sendable (ReceivedRequest) -> Bool = { _ in false }
        ) throws -> RawHTTPServer {
            try RawHTTPServer { request in
                Reply { exchange in
                    usleep(answerMicroseconds)
                    let ends = (request[header: "range"] ?? "").dropFirst("bytes=".count)
                        .split(separator: "-").compactMap { Int($0) }
                    let first = ends.first ?? 0
                    let last = ends.count > 1 ? min(ends[1], sizeBytes - 1) : sizeBytes - 1
                    var head = [("ETag", "\"v1\""), ("Content-Length", "\(last - first + 1)")]
                    if !ends.isEmpty {
                        head.append(("Content-Range", "bytes \(first)-\(last)/\(sizeBytes)"))
                    }
                    exchange.sendHead(ends.isEmpty ? 200 : 206, head)
                    guard request.method != "HEAD" else { return }
                    let isBroken = breaks(request)
                    let end = isBroken ? (first + last) / 2 : last + 1
                    for start in stride(from: first, to: end, by: 1 << 20) {
                        guard exchange.send(bytes(start..<min(end, start + 1 << 20))) else {
                            return exchange.close()
                        }
                    }
                    if isBroken { exchange.close() }
                }
            }
        }

        private static func promise() throws -> Checksum {
            // The target reports another algorithm, so it cannot fetch the data itself.
            let digest = try StreamingDigest(.sha256)
            for number in 0..<mebibytes {
                bytes(number << 20..<(number + 1) << 20).withUnsafeBytes { digest.update($0) }
            }
            return try digest.finish()
        }

        @Test("a far image is read over several connections, and its copy is proved as always")
        func parts() async throws {
            let broken = Guarded<Set<String>>([])
            let server = try Self.server { request in
                // Each part that does not begin at the first byte breaks once.
                guard let range = request[header: "range"], !range.hasPrefix("bytes=0-") else {
                    return false
                }
                return broken.withLock { $0.insert(range).inserted && $0.count % 3 == 0 }
            }
            let promise = try Self.promise()
            try await scene("far") { scene in
                let file = try scene.urlPipeline(
                    "\(server.url)/image.img", checksum: promise.description)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let copy = try await scene.beta.only(scene.prefix)
                #expect(copy["size"]?.integer == Int64(Self.sizeBytes))
                let parts = server.requests.compactMap { $0[header: "range"] }
                    .filter { !$0.hasPrefix("bytes=0-") }
                #expect(Set(parts).count > 2, run.said)
                #expect(parts.count > Set(parts).count)
                #expect(
                    server.requests.allSatisfy { !($0[header: "range"]?.hasSuffix("-") ?? false) })
            }
        }

        @Test("a real service that is far away gives parts, and the copy has its digest")
        func cloud() async throws {
            let asked = Guarded<[String]>([])
            let proxy = try await Proxy(to: .beta) { request in
                usleep(Self.answerMicroseconds)
                if let range = request[header: "range"] { asked.withLock { $0.append(range) } }
            }
            try await scene("farcloud") { scene in
                let original = try await scene.beta.add(
                    scene.prefix, Self.bytes(0..<Self.sizeBytes))
                let file = try scene.pipeline(
                    """
                    sources: [{ cloud: proxied, images: { name: "\(scene.prefix)" } }]
                    targets: [{ cloud: alpha }]
                    """)
                let run = try await scene.tranship(
                    "run", file,
                    environment: [
                        "OS_CLIENT_CONFIG_FILE": try proxy.cloudsFile(in: scene.folder)
                    ])
                #expect(run.status == 0, run.said)
                let copy = try await scene.alpha.only(scene.prefix)
                #expect(copy.text("os_hash_value") == original.text("os_hash_value"))
                #expect(Set(asked.withLock { $0 }).count > 3, run.said)
            }
        }

        @Test("a spooled far image is read over several connections as well")
        func spooled() async throws {
            let server = try Self.server()
            let promise = try Self.promise()
            try await scene("farspool") { scene in
                let file = try scene.urlPipeline(
                    "\(server.url)/image.img", checksum: promise.description,
                    "transfer: spool\nspool: { path: \(scene.folder.path)/spool }")
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                #expect(
                    try await scene.beta.only(scene.prefix)["size"]?.integer
                        == Int64(Self.sizeBytes))
                let ranges = server.requests.compactMap { $0[header: "range"] }
                #expect(Set(ranges).count > 3, run.said)
            }
        }
    }
}
