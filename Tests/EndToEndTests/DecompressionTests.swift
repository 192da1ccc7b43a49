// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import LabSupport
import MigrationModel
import TestSupport
import Testing

extension EndToEndTests {
    /// Compressed data of publishers, which is sent decompressed and proved in both forms.
    @Suite struct DecompressionTests {
        private func source(
            _ scene: Scene, _ url: String, checksum: Checksum, _ rest: String = ""
        ) throws -> String {
            try scene.pipeline(
                """
                sources:
                  - url: \(url)
                    checksum: \(checksum)
                    decompress: auto
                    image: { name: "\(scene.prefix)" }
                targets: [{ cloud: beta }]
                \(rest)
                """)
        }

        @Test(
            "a compressed image arrives decompressed, streamed or spooled",
            arguments: Compression.allCases, ["stream", "spool"])
        func copies(compression: Compression, transfer: String) async throws {
            let disk = Sample.qcow2(1_500_000, seed: 61)
            let data = try compressed(disk, compression)
            let server = try RawHTTPServer { _ in .status(200, body: data) }
            try await scene("unpack-\(compression.rawValue)") { scene in
                let sum = try digest(.sha256, of: data)
                let file = try source(
                    scene, "\(server.url)/disk.img.\(compression.rawValue)", checksum: sum,
                    "transfer: \(transfer)")
                let plan = try await scene.tranship("plan", "-v", file)
                #expect(
                    (plan.output + plan.talk).contains("decompressed (\(compression.rawValue))"),
                    plan.said)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let copy = try await scene.beta.only(scene.prefix)
                #expect(copy.text("os_hash_value") == (try digest(.sha512, of: disk).value))
                #expect(copy.text("disk_format") == "qcow2")
                // The journal has all three: the published data, the sent data, and the data at the
                // target.
                let journalled = try #require(try await scene.journalled().first)
                #expect(journalled["published"]?["promise"] == .string("\(sum)"))
                #expect(journalled["published"]?["computed"] == .string("\(sum)"))
                #expect(journalled["published"]?["size"] == .integer(Int64(data.count)))
                let sent = JSONValue.array([.string("\(try digest(.sha512, of: disk))")])
                #expect(journalled["computed"] == sent)
                #expect(journalled["size"] == .integer(Int64(disk.count)))
                #expect(scene.spooled.isEmpty)
                let again = try await scene.tranship("run", file)
                #expect(again.talk.contains("nothing to do"), again.said)
            }
        }

        @Test(
            "a compressed disk is converted in the spool, once for two targets",
            .enabled(if: QEMUImage.isPossible, "needs qemu-img"))
        func converted() async throws {
            let disk = noise(1 << 20, seed: 64) + [UInt8](repeating: 0, count: 7 << 20)
            let data = try compressed(try QEMUImage.make("qcow2", of: disk), .xz)
            let server = try RawHTTPServer { _ in .status(200, body: data) }
            try await scene("convert") { scene in
                let sum = try digest(.sha256, of: data)
                let file = try scene.pipeline(
                    """
                    sources:
                      - url: \(server.url)/disk.qcow2.xz
                        checksum: \(sum)
                        decompress: auto
                        convert: raw
                        proof_properties: true
                        image: { name: "\(scene.prefix)" }
                    targets: [{ cloud: beta }, { cloud: alpha }]
                    """)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                #expect(server.requests.count { !$0.isLook } == 1)
                for cloud in [scene.alpha, scene.beta] {
                    let copy = try await cloud.only(scene.prefix)
                    #expect(copy.text("disk_format") == "raw")
                    #expect(copy.text("os_hash_value") == (try digest(.sha512, of: disk).value))
                    #expect(copy.text("tranship_published_checksum") == "\(sum)")
                }
                for transfer in try await scene.journalled() {
                    #expect(transfer["published"]?["computed"] == .string("\(sum)"))
                    #expect(transfer["published"]?["converted_to"] == "raw")
                }
                #expect(scene.spooled.isEmpty)
            }
        }

        @Test(
            "compressed data that is damaged, short or endless leaves nothing",
            arguments: ["stream", "spool"])
        func refused(transfer: String) async throws {
            let disk = noise(1_200_000, seed: 62)
            let data = try compressed(disk, .gz)
            let short = Array(data.dropLast(100_000))
            let server = try RawHTTPServer { request in
                .status(200, body: request.path.contains("short") ? short : data)
            }
            try await scene("unpack-bad") { scene in
                for (path, body, rest, code) in [
                    ("short.raw.gz", short, "", "decompression-failed"),
                    ("wrong.raw.gz", short, "", "checksum-mismatch"),
                    (
                        "large.raw.gz", data, "limits: { decompressed_size: 1MiB }",
                        "decompression-failed"
                    ),
                ] {
                    let file = try source(
                        scene, "\(server.url)/\(path)", checksum: try digest(.sha256, of: body),
                        "transfer: \(transfer)\n\(rest)")
                    let run = try await scene.tranship("run", file, "--format", "json")
                    #expect(run.status != 0, run.said)
                    #expect(run.output.contains("\"code\":\"\(code)\""), run.said)
                    #expect(try await scene.beta.images(scene.prefix).isEmpty, run.said)
                }
                #expect(scene.spooled.isEmpty)
            }
        }

        @Test("a run that is killed in the midst of it ends with the right image")
        func killed() async throws {
            let disk = noise(9_000_000, seed: 63)
            let data = try compressed(disk, .xz)
            try await scene("unpack-kill") { scene in
                for transfer in ["stream", "spool"] {
                    // Half of the data does not fit into the buffers between both sides.
                    let gate = try GatedServer(data) { _ in true }
                    let file = try source(
                        scene, "\(gate.server.url)/\(transfer).raw.xz",
                        checksum: try digest(.sha256, of: data), "transfer: \(transfer)")
                    let command = try scene.start(["run", file])
                    try await waits(withinSeconds: 60, "half of the data") { gate.halves == 1 }
                    command.signal(9)
                    _ = await command.outcome()
                    gate.open()
                    #expect(
                        try await scene.beta.images(scene.prefix)
                            .allSatisfy { $0.text("status") != "active" })
                    let run = try await scene.tranship("run", file)
                    #expect(run.status == 0, run.said)
                    let copy = try await scene.beta.only(scene.prefix)
                    #expect(copy.text("os_hash_value") == (try digest(.sha512, of: disk).value))
                    try await scene.beta.delete(copy)
                }
            }
        }
    }
}
