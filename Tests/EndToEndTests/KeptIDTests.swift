// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import Testing

extension EndToEndTests {
    @Suite struct KeptIDTests {
        @Test("copies keep their ids, are filled again after a kill, and are not made twice")
        func keeps() async throws {
            try await scene("keepid") { scene in
                let originals = [
                    try await scene.alpha.add("\(scene.prefix) a", Sample.raw(3 << 20, seed: 1)),
                    try await scene.alpha.add("\(scene.prefix) b", Sample.raw(0, seed: 2)),
                ]
                let slow = try scene.cloudPipeline(
                    targetKeys: "image: { keep_id: true }",
                    "order: large-first\nlimits: { images: 2, bandwidth: 1MiB/s }")
                let command = try scene.start(["run", slow])
                while try await scene.beta.images("\(scene.prefix) a").isEmpty {
                    try await Task.sleep(for: .milliseconds(50))
                }
                command.signal(SIGKILL)
                #expect(await command.outcome().status == 128 + SIGKILL)
                let file = try scene.cloudPipeline(targetKeys: "image: { keep_id: true }")
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let copies = try await scene.beta.images(scene.prefix)
                Comparison.expectEqual(originals, copies, run.said)
                #expect(Set(copies.map(\.id)) == Set(originals.map(\.id)))
                for original in originals {
                    #expect(
                        try await scene.beta.data(original.id)
                            == (try await scene.alpha.data(original.id)))
                }
                // Neither this journal nor a new one copies it again.
                for journal in [scene.journal, scene.journal + "-2"] {
                    let again = try await scene.tranship("run", file, "--journal", journal)
                    #expect(again.status == 0, again.said)
                }
                #expect(try await scene.beta.images(scene.prefix).count == 2)
            }
        }

        @Test("an id that was deleted at the target is blocked, or another is taken and told")
        func burned() async throws {
            try await scene("burnedid") { scene in
                let original = try await scene.alpha.add(scene.prefix, Sample.raw(9000, seed: 3))
                let other = try await scene.beta.add(
                    "\(scene.prefix) other", Sample.raw(10, seed: 4),
                    ["id": .string(original.id)])
                let keep = try scene.cloudPipeline(targetKeys: "image: { keep_id: true }")
                let taken = try await scene.tranship("run", keep)
                #expect(taken.status == 3, taken.said)
                #expect(taken.everything.contains("is the id of another image"), taken.said)
                #expect(try await scene.beta.images(scene.prefix).map(\.id) == [other.id])

                try await scene.beta.delete(other)
                let blocked = try await scene.tranship("run", keep)
                #expect(blocked.status == 3, blocked.said)
                #expect(
                    blocked.everything.contains("id \(original.id) cannot be had at the target"),
                    blocked.said)
                #expect(try await scene.beta.images(scene.prefix).isEmpty)

                let prefer = try scene.cloudPipeline(targetKeys: "image: { keep_id: prefer }")
                let run = try await scene.tranship("run", prefer)
                #expect(run.status == 0, run.said)
                #expect(
                    run.everything.contains("id \(original.id) could not be kept"), run.said)
                Comparison.expectEqual(
                    [original], try await scene.beta.images(scene.prefix), run.said)
            }
        }

        @Test("a file has no id to keep, and one service gives an id out once")
        func refused() async throws {
            try await scene("noid") { scene in
                let path = scene.folder.appendingPathComponent("disk.raw")
                try Data(Sample.raw(5000, seed: 5)).write(to: path)
                let file = try scene.pipeline(
                    """
                    sources:
                      - file: \(path.path)
                        image: { name: "\(scene.prefix)", disk_format: raw, container_format: bare }
                    targets: [{ cloud: beta, image: { keep_id: true } }]
                    """)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 3, run.said)
                #expect(
                    run.everything.contains("only images of clouds have an id to keep"), run.said)

                try await scene.alpha.add("\(scene.prefix) a", Sample.raw(10, seed: 6))
                let same = try scene.cloudPipeline(
                    target: "alpha-other", targetKeys: "image: { keep_id: true }")
                let plan = try await scene.tranship("plan", same)
                #expect(
                    plan.everything.contains("source and target are one Image service"), plan.said)
            }
        }
    }
}
