// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// Publishers that sign their lists of checksums.
    @Suite(.enabled(if: SigningKey.isPossible, "needs gpg and gpgv"))
    struct SignatureTests {
        @Test("an image of a signed list is copied, and the signer is in plan and journal")
        func signed() async throws {
            let key = try SigningKey()
            let data = noise(300_000, seed: 71)
            let list = [UInt8]("\(try digest(.sha256, of: data).value)  disk.raw\n".utf8)
            let signature = try key.signature(of: list, isArmoured: false)
            let clear = try key.clearSigned(list)
            let server = try RawHTTPServer { request in
                switch request.path {
                case "/SHA256SUMS": .status(200, body: list)
                case "/SHA256SUMS.gpg": .status(200, body: signature)
                case "/CHECKSUM": .status(200, body: clear)
                case "/disk.raw": .status(200, body: data)
                default: .status(404, text: "not here")
                }
            }
            try await scene("signed") { scene in
                try Data(try key.publicKey(isArmoured: true)).write(
                    to: scene.folder.appendingPathComponent("mirror.asc"))
                for name in ["SHA256SUMS", "CHECKSUM"] {
                    let file = try pipeline(scene, server.url, name)
                    let plan = try await scene.tranship("plan", file, "--format", "json")
                    #expect(
                        plan.output.contains("\"signed_by\":\"\(key.fingerprint)\""), plan.said)
                    let run = try await scene.tranship("run", file)
                    #expect(run.status == 0, run.said)
                    let journalled = try #require(try await scene.journalled().first)
                    #expect(journalled["signed_by"] == .string(key.fingerprint))
                }
                #expect(try await scene.beta.images(scene.prefix).count == 1)
            }
        }

        @Test("a list that another key signed leaves nothing at the target")
        func refused() async throws {
            let (key, other) = (try SigningKey(), try SigningKey())
            let data = noise(300_000, seed: 72)
            let list = [UInt8]("\(try digest(.sha256, of: data).value)  disk.raw\n".utf8)
            let clear = try other.clearSigned(list)
            let server = try RawHTTPServer { request in
                request.path == "/CHECKSUM"
                    ? .status(200, body: clear) : .status(200, body: data)
            }
            try await scene("unsigned") { scene in
                try Data(try key.publicKey()).write(
                    to: scene.folder.appendingPathComponent("mirror.asc"))
                let run = try await scene.tranship(
                    "run", try pipeline(scene, server.url, "CHECKSUM"), "--format", "json")
                #expect(run.status == 3, run.said)
                #expect(run.output.contains("\"code\":\"signature-refused\""), run.said)
                #expect(run.output.contains(other.fingerprint), run.said)
                #expect(try await scene.beta.images(scene.prefix).isEmpty)
            }
        }

        private func pipeline(
            _ scene: Scene, _ url: String, _ list: String
        ) throws -> String {
            try scene.pipeline(
                """
                sources:
                  - url: \(url)/disk.raw
                    checksum_file: \(url)/\(list)
                    signed_by: mirror.asc
                    image: { name: "\(scene.prefix)" }
                targets: [{ cloud: beta }]
                """)
        }
    }
}
