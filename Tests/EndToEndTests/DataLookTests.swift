// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// A look at the data. The service accepts anything as `raw`, but data in another format never
    /// gets to it.
    @Suite struct DataLookTests {
        private func write(_ files: [String: [UInt8]], in scene: Scene) throws {
            for (name, bytes) in files {
                try Data(bytes).write(to: scene.folder.appendingPathComponent(name))
            }
        }

        @Test(
            "what is not an image is refused in the plan, by each method",
            arguments: ["upload", "auto", "web-download"])
        func noImage(method: String) async throws {
            let whole = Sample.qcow2(200_000, seed: 41)
            let server = try RawHTTPServer { request in
                switch request.path {
                case "/download", "/page.raw":
                    .status(200, headers: [("Content-Type", "text/html")], body: DiskHeads.html)
                case "/whole.img": .status(200, body: whole)
                case "/disk.raw.xz": .status(200, body: DiskHeads.xz)
                case "/win.raw": .status(200, body: whole)
                default: .status(200, body: DiskHeads.qcow2(backing: "base.qcow2"))
                }
            }
            try await scene("noimage") { scene in
                func source(_ path: String, _ bytes: [UInt8], _ keys: String = "") throws -> String
                {
                    """
                      - url: \(server.url)\(path)
                        checksum: \(try digest(.sha512, of: bytes))
                        image: { name: "\(scene.prefix) \(path.dropFirst())"\(keys) }
                    """
                }
                let file = try scene.pipeline(
                    """
                    sources:
                    \(try source("/whole.img", whole))
                    \(try source("/page.raw", DiskHeads.html))
                    \(try source("/disk.raw.xz", DiskHeads.xz, ", disk_format: raw"))
                    \(try source("/win.raw", whole))
                    \(try source("/a.qcow2", DiskHeads.qcow2(backing: "base.qcow2")))
                    targets: [{ cloud: beta, method: \(method) }]
                    """)
                let plan = try await scene.tranship("plan", file)
                for words in [
                    "is a web page (text/html, 47 bytes)", "is compressed (xz), not a raw image",
                    "is a qcow2 image, and its disk_format is raw",
                    "needs its backing file \"base.qcow2\"",
                ] {
                    #expect((plan.output + plan.talk).contains(words), plan.said)
                }
                let run = try await scene.tranship("run", file)
                #expect(run.status == 3, run.said)
                let copies = try await scene.beta.images(scene.prefix)
                #expect(copies.map(\.name) == ["\(scene.prefix) whole.img"], run.said)
                #expect(copies.first?.text("disk_format") == "qcow2", run.said)
            }
        }

        @Test("a web page in the place of a planned image leaves nothing, spooled or not")
        func pageInTheRun() async throws {
            let data = noise(300_000, seed: 42)
            // As long as the image: a run may notice another size first.
            let page = DiskHeads.html + [UInt8](repeating: 0x20, count: 300_000 - 47)
            let server = try RawHTTPServer { request in
                .status(200, body: request.isLook ? data : page)
            }
            try await scene("pageinrun") { scene in
                for transfer in ["stream", "spool"] {
                    let file = try scene.urlPipeline(
                        "\(server.url)/disk.raw", "transfer: \(transfer)")
                    let run = try await scene.tranship("run", file)
                    #expect(run.status == 3, run.said)
                    #expect(run.talk.contains("is a web page"), run.said)
                    #expect(run.everything.contains("format-rejected"), run.said)
                    #expect(try await scene.beta.images(scene.prefix).isEmpty, run.said)
                }
            }
        }

        @Test("a file that a script hands out has the name of the file")
        func script() async throws {
            let server = try RawHTTPServer { _ in .status(200, body: noise(5000)) }
            try await scene("script") { scene in
                let file = try scene.pipeline(
                    """
                    sources:
                      - url: "\(server.url)/download?file=\(scene.prefix).raw"
                    targets: [{ cloud: beta }]
                    """)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                #expect(try await scene.beta.only(scene.prefix).text("disk_format") == "raw")
            }
        }

        @Test("gzip on the way is refused in the plan, whatever is promised")
        func encoded() async throws {
            let server = try RawHTTPServer { _ in
                .status(200, headers: [("Content-Encoding", "gzip")], body: DiskHeads.gzip)
            }
            try await scene("encoded") { scene in
                let sum = try digest(.sha512, of: DiskHeads.gzip)
                for checksum in [nil, sum.description] {
                    let file = try scene.urlPipeline("\(server.url)/disk.raw", checksum: checksum)
                    let plan = try await scene.tranship("plan", file)
                    #expect((plan.output + plan.talk).contains("Content-Encoding: gzip"), plan.said)
                    let run = try await scene.tranship("run", file)
                    #expect(run.status == 3, run.said)
                    #expect(try await scene.beta.images(scene.prefix).isEmpty, run.said)
                }
            }
        }

        @Test("of a folder, each file goes as what it is, and a piece of an image does not")
        func folder() async throws {
            try await scene("folder") { scene in
                try FileManager.default.createDirectory(
                    at: scene.folder.appendingPathComponent("dir"),
                    withIntermediateDirectories: true)
                try write(
                    [
                        "dir/a.raw": noise(9000), "dir/base.img": Sample.qcow2(90_000, seed: 1),
                        "dir/overlay.qcow2": DiskHeads.qcow2(backing: "base.qcow2"),
                        "dir/ext.qcow2": DiskHeads.qcow2(dataFile: "ext.raw"),
                        "dir/win.vmdk": DiskHeads.vmdkDescriptor(
                            "monolithicFlat", file: "win-flat.vmdk"),
                        "dir/win-flat.vmdk": [UInt8](repeating: 0, count: 1 << 20),
                        "dir/appliance.img": DiskHeads.tar("appliance.ovf"),
                        "dir/nice.raw": DiskHeads.gzip,
                    ], in: scene)
                let file = try scene.pipeline(
                    """
                    sources:
                      - file: ./dir/*
                        image: { name: "\(scene.prefix) {stem}" }
                    targets: [{ cloud: beta }]
                    """)
                let run = try await scene.tranship("run", file, "-v")
                #expect(run.status == 3, run.said)
                for words in [
                    "needs its backing file \"base.qcow2\"", "needs its data file \"ext.raw\"",
                    "needs the file with its data \"win-flat.vmdk\"",
                    "does not begin as a vmdk image", "is an OVA archive", "is compressed (gzip)",
                    "qemu-img convert",
                ] {
                    #expect((run.output + run.talk).contains(words), run.said)
                }
                let copies = try await scene.beta.images(scene.prefix)
                #expect(
                    copies.map(\.name).sorted() == ["a", "base"].map { "\(scene.prefix) \($0)" })
            }
        }

        @Test("what a cloud holds under another format is copied as it is, and the result says so")
        func cloud() async throws {
            try await scene("asheld") { scene in
                let data = Sample.qcow2(200_000, seed: 43)
                try await scene.alpha.add(scene.prefix, data, ["visibility": "private"])
                let run = try await scene.tranship("run", try scene.cloudPipeline())
                #expect(run.status == 0, run.said)
                #expect(try await scene.beta.data(scene.beta.only(scene.prefix).id) == data)
                let status = try await scene.tranship("status", "-v")
                #expect(
                    (status.output + status.talk).contains("copied as it is at the source"),
                    status.said)
            }
        }
    }
}
