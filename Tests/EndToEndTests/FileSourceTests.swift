// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    @Suite struct FileSourceTests {
        @Test("a glob takes each file once, by its stem; an empty one has to be meant")
        func glob() async throws {
            try await scene("glob") { scene in
                for (number, size) in [100_000, 0, 3_000_000].enumerated() {
                    try scene.file(
                        "\(scene.prefix)-\(number).raw", bytes: size, seed: UInt64(number))
                }
                try scene.file("other.img", bytes: 10)
                let file = try scene.pipeline(
                    """
                    sources:
                      - file: ./*.raw
                        inspect: false
                        image: { name: "{stem}", disk_format: raw, container_format: bare }
                    targets: [{ cloud: beta }]
                    """)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let copies = try await scene.beta.images(scene.prefix)
                #expect(
                    copies.map(\.name).sorted() == (0..<3).map { "\(scene.prefix)-\($0)" },
                    run.said)
                for copy in copies {
                    let bytes = try Data(
                        contentsOf: scene.folder.appendingPathComponent("\(copy.name).raw"))
                    #expect(copy["size"]?.integer == Int64(bytes.count))
                    let hash = try digest(.sha512, of: [UInt8](bytes))
                    #expect(copy.text("os_hash_value") == hash.value)
                }
                let again = try await scene.tranship("run", file)
                #expect(again.talk.contains("nothing to do: all 3"), again.said)
            }
        }

        @Test("a checksum file in the same folder is the promise")
        func checksumFile() async throws {
            try await scene("sums") { scene in
                let image = try scene.file("a.raw", bytes: 50_000)
                let sum = try digest(.sha256, of: [UInt8](Data(contentsOf: image)))
                let sums = scene.folder.appendingPathComponent("SHA256SUMS")
                let file = try scene.pipeline(
                    """
                    sources:
                      - file: ./a.raw
                        checksum_file: ./SHA256SUMS
                        image: { name: "\(scene.prefix)", disk_format: raw, container_format: bare }
                    targets: [{ cloud: beta }]
                    """)
                try Data("\(String(repeating: "0", count: 64)) *a.raw\n".utf8).write(to: sums)
                let wrong = try await scene.tranship("run", file)
                #expect(wrong.status == 6, wrong.said)
                #expect(try await scene.beta.images(scene.prefix).isEmpty)
                try Data("\(sum.value)  a.raw\n".utf8).write(to: sums)
                let right = try await scene.tranship("run", file)
                #expect(right.status == 0, right.said)
            }
        }

        @Test("a file that is missing is refused with its path, and the others are copied")
        func missing() async throws {
            try await scene("missing") { scene in
                try scene.file("there.raw", bytes: 4000)
                let file = try scene.pipeline(
                    """
                    sources:
                      - file: ./not-there.raw
                        image: { name: "\(scene.prefix) 1", disk_format: raw, container_format: bare }
                      - file: ./there.raw
                        image: { name: "\(scene.prefix) 2", disk_format: raw, container_format: bare }
                    targets: [{ cloud: beta }]
                    """)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 3, run.said)
                #expect(run.talk.contains("not-there.raw"), run.said)
                #expect(
                    try await scene.beta.images(scene.prefix).map(\.name)
                        == ["\(scene.prefix) 2"])
            }
        }

        @Test(
            "a file that may not be read is refused in the plan",
            .enabled(if: geteuid() != 0, "root may read everything"))
        func unreadable() async throws {
            try await scene("unreadable") { scene in
                let file = try scene.filePipeline(bytes: 100)
                chmod(scene.folder.appendingPathComponent("source.img").path, 0)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 3, run.said)
                #expect(run.talk.contains("Permission denied"), run.said)
            }
        }

        @Test("a folder where a file should be is refused")
        func folder() async throws {
            try await scene("folder") { scene in
                let file = try scene.filePipeline(bytes: 100)
                let path = scene.folder.appendingPathComponent("source.img")
                try FileManager.default.removeItem(at: path)
                try FileManager.default.createDirectory(
                    at: path, withIntermediateDirectories: false)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 3, run.said)
                #expect(run.talk.contains("source.img is a directory"), run.said)
            }
        }

        @Test("a file that grows while it is read is not copied, and is when it has come to rest")
        func changes() async throws {
            try await scene("grows") { scene in
                let file = try scene.filePipeline(
                    bytes: 12 * Sample.mebibyte, "limits: { bandwidth: 2MiB/s, attempts: 2 }")
                let command = try scene.start(["run", file])
                var isSaving = false
                while !isSaving {
                    isSaving = try await scene.beta.images(scene.prefix).contains {
                        $0.text("status") == "saving"
                    }
                }
                let writer = try FileHandle(
                    forWritingTo: scene.folder.appendingPathComponent("source.img"))
                try writer.seekToEnd()
                try writer.write(contentsOf: Data(noise(1000, seed: 8)))
                try writer.close()
                let outcome = await command.outcome()
                #expect(outcome.status == 3, outcome.said)
                #expect(outcome.talk.contains("changed while it was read"), outcome.said)
                #expect(outcome.talk.contains("source.img"), outcome.said)
                #expect(try await scene.beta.images(scene.prefix).isEmpty)

                let again = try await scene.tranship("run", file)
                #expect(again.status == 0, again.said)
                let copy = try await scene.beta.only(scene.prefix)
                #expect(copy["size"]?.integer == Int64(12 * Sample.mebibyte + 1000))
            }
        }
    }
}
