// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import TestSupport
import Testing

@testable import OpenStackImage

/// Faults that a real Glance cannot be made to show.
@Suite("Downloads that are not what they should be", .timeLimit(.minutes(5)))
struct ProvedDownloadTests {
    private let bytes = noise(300_000)

    /// Starts a Glance with one image, `i`.
    private func cloud(
        _ fields: String, data: @escaping @Sendable () -> Reply
    ) throws -> FaultyCloud {
        try FaultyCloud { request, _ in
            request.path.hasSuffix("/file")
                ? data() : .status(200, text: #"{"id":"i","status":"active"\#(fields)}"#)
        }
    }

    private func hash(_ bytes: [UInt8]) throws -> String {
        #","os_hash_algo":"sha512","os_hash_value":"\#(try digest(.sha512, of: bytes).value)""#
    }

    @Test("wrong bytes are refused before the last of them is handed over")
    func wrong() async throws {
        var wrong = bytes
        wrong[150_000] ^= 1
        let body = wrong
        let cloud = try cloud(hash(bytes)) { .status(200, body: body) }
        let received = Received()
        let error = await #expect(throws: TranshipError.self) {
            try await cloud.service.download("i", DownloadOptions(bufferBytes: 1000)) {
                received.add($0)
            }
        }
        #expect(error?.code == .checksumMismatch)
        #expect(error?.message.contains("the service reports sha512:") == true)
        #expect(received.bytes.count < bytes.count)
        #expect(received.bytes == Array(body[..<received.bytes.count]))
    }

    @Test("data that is longer than the record says is cut there", arguments: [true, false])
    func tooLong(isChunked: Bool) async throws {
        let body = bytes + bytes
        let cloud = try cloud(hash(bytes) + #","size":300000"#) {
            isChunked ? .chunked(body) : .status(200, body: body)
        }
        let received = Received()
        let error = await #expect(throws: TranshipError.self) {
            try await cloud.service.download("i") { received.add($0) }
        }
        #expect(error?.code == .sourceTruncated)
        #expect(error?.message.contains("longer than the 300000 bytes") == true)
        #expect(received.bytes.count < bytes.count)
    }

    @Test("a file that did not prove right does not appear, and what was there stays")
    func wrongFile() async throws {
        let cloud = try cloud(hash(bytes)) { .status(200, text: "something else") }
        let folder = try TemporaryFolder()
        let path = try folder.write([7], to: "disk")
        let error = await #expect(throws: TranshipError.self) {
            try await cloud.service.download("i", toFile: path)
        }
        #expect(error?.code == .checksumMismatch)
        #expect(folder.bytes(of: "disk") == [7])
        #expect(folder.names == ["disk"])
    }

    @Test("a body that breaks off is truncated, however it breaks off")
    func truncated() async throws {
        let bytes = bytes
        let half = Array(bytes[..<150_000])
        let replies: [Reply] = [
            .lying(declaredBytes: bytes.count, body: half),
            .resetting(declaredBytes: bytes.count, body: half),
            // The answer is correct by HTTP, but not by the record.
            .status(200, body: half),
        ]
        for (reply, code) in zip(
            replies, [.sourceTruncated, .connectionLost, .sourceTruncated] as [TranshipError.Code])
        {
            let cloud = try cloud(hash(bytes) + #","size":300000"#) { reply }
            let folder = try TemporaryFolder()
            let error = await #expect(throws: TranshipError.self) {
                try await cloud.service.download("i", toFile: folder.file("disk"))
            }
            #expect(error?.code == code)
            #expect(error?.isTransient == true)
            #expect(folder.names.isEmpty)
        }
    }

    @Test("without any checksum nothing is handed over, unless that was said to be fine")
    func noChecksum() async throws {
        let bytes = bytes
        let cloud = try cloud(#","checksum":null"#) { .status(200, body: bytes) }
        let received = Received()
        let error = await #expect(throws: TranshipError.self) {
            try await cloud.service.download("i") { received.add($0) }
        }
        #expect(error?.code == .unverifiable)
        #expect(received.bytes.isEmpty)
        for proof in [DownloadOptions.Proof.wherePossible, .none] {
            let (all, data) = try await Received.all(
                cloud.service, "i", DownloadOptions(proof: proof))
            #expect(all == bytes)
            #expect(data.proof == nil)
        }
    }

    @Test("md5 counts where the better hash is missing or unknown")
    func md5() async throws {
        let bytes = bytes
        let md5 = try digest(.md5, of: bytes)
        for fields in [
            #","checksum":"\#(md5.value)""#,
            #","checksum":"\#(md5.value)","os_hash_algo":"blake2b","os_hash_value":"00""#,
        ] {
            let cloud = try cloud(fields) { .status(200, body: bytes) }
            #expect(try await Received.all(cloud.service, "i").data.proof == md5)
        }
        let header = try cloud("") {
            .status(200, headers: [("Content-MD5", md5.value)], body: bytes)
        }
        #expect(try await Received.all(header.service, "i").data.proof == md5)
        let wrong = try cloud("") {
            .status(200, headers: [("Content-MD5", md5.value)], text: "other")
        }
        let error = await #expect(throws: TranshipError.self) {
            try await Received.all(wrong.service, "i")
        }
        #expect(error?.code == .checksumMismatch)
    }

    @Test("a sequence of wrong bytes ends in an error, not in its last piece")
    func sequence() async throws {
        let bytes = bytes
        let cloud = try cloud(hash([1])) { .status(200, body: bytes) }
        var count = 0
        let error = await #expect(throws: TranshipError.self) {
            for try await piece in cloud.service.data(of: "i", DownloadOptions(bufferBytes: 4096)) {
                count += piece.count
            }
        }
        #expect(error?.code == .checksumMismatch)
        #expect(count < bytes.count)
    }

    /// The receiver takes only one piece until the server has stopped sending. The bytes that it
    /// sent until then are all that is held anywhere.
    @Test("a slow receiver holds the service back: a few MiB are on their way, not the image")
    func backPressure() async throws {
        let sent = Guarded<Int64>(0)
        let piece = noise(1 << 20)
        let size = Int64(256 << 20)
        let cloud = try cloud("") {
            Reply { exchange in
                exchange.readBody()
                exchange.sendHead(200, [("Content-Length", "\(size)")])
                for _ in 0..<256 {
                    guard exchange.send(piece) else { return exchange.close() }
                    sent.withLock { $0 += Int64(piece.count) }
                }
            }
        }
        let held = Guarded<Int64>(0)
        let data = try await cloud.service.download("i", DownloadOptions(proof: .none)) { _ in
            guard held.withLock({ $0 }) == 0 else { return }
            var before: Int64 = -1
            while before != sent.withLock({ $0 }) {
                before = sent.withLock { $0 }
                usleep(300_000)
            }
            held.withLock { $0 = before }
        }
        #expect(data.sizeBytes == size)
        // Most of it is in the kernel's socket buffers at both ends.
        #expect(held.withLock { $0 } < 16 << 20)
    }
}
