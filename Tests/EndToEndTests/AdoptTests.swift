// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import Testing

extension EndToEndTests {
    /// A journal that is lost, or older than the target.
    @Suite struct AdoptTests {
        /// Puts three images into alpha, and returns the pipeline that copies them.
        private func threeImages(_ scene: Scene, _ rest: String = "") async throws -> String {
            for number in 0..<3 {
                try await scene.alpha.add(
                    "\(scene.prefix) \(number)", Sample.raw(200_000 + number, seed: UInt64(number)),
                    ["visibility": "private"])
            }
            return try scene.cloudPipeline(targetKeys: "image: { members: drop }", rest)
        }

        private func forget(_ scene: Scene) {
            for suffix in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: scene.journal + suffix)
            }
        }

        @Test("a lost journal is rebuilt from the target, and no data moves again")
        func lost() async throws {
            try await scene("adopt") { scene in
                let file = try await threeImages(scene)
                let run = try await scene.tranship("run", file)
                try #require(run.status == 0, run.said)
                let before = try await scene.beta.images(scene.prefix)
                forget(scene)

                let adopt = try await scene.tranship("adopt", file)
                #expect(adopt.status == 0, adopt.said)
                #expect(adopt.output.split(separator: "\n").count { $0.hasPrefix("done ") } == 3)
                #expect(adopt.output.contains("proved by sha512:"), adopt.said)
                #expect(
                    adopt.talk.contains(
                        "adopted 3 complete and 0 unfinished copies; 0 known already, "),
                    adopt.said)
                #expect(try await scene.beta.images(scene.prefix) == before)
                let rows = try await scene.journalled()
                #expect(rows.map { $0.text("state") } == ["skipped", "skipped", "skipped"])

                let again = try await scene.tranship("adopt", file, "--format", "json")
                #expect(
                    again.lines("adoption").filter { $0.name.hasPrefix(scene.prefix) }
                        .allSatisfy { $0.text("verdict") == "known" })
                #expect(again.lines("adoption-summary").first?["known"] == 3, again.said)

                let last = try await scene.tranship("run", file)
                #expect(last.talk.contains("nothing to do: all 3 images are there"), last.said)
                #expect(try await scene.beta.images(scene.prefix) == before)
            }
        }

        @Test("a run with an empty journal against a half-migrated target makes no duplicate")
        func halfMigrated() async throws {
            try await scene("half") { scene in
                let file = try await threeImages(scene)
                let run = try await scene.tranship("run", file)
                try #require(run.status == 0, run.said)
                // One copy is gone, so the target has only a part of them.
                try await scene.beta.delete(try await scene.beta.images(scene.prefix)[0])
                forget(scene)
                let again = try await scene.tranship("run", file)
                #expect(again.status == 0, again.said)
                Comparison.expectEqual(
                    try await scene.alpha.images(scene.prefix),
                    try await scene.beta.images(scene.prefix), again.said)
            }
        }

        @Test("a journal older than the target catches up; an image whose source is gone is told")
        func stale() async throws {
            try await scene("stale") { scene in
                let file = try await threeImages(scene)
                // Saves the journal as it was before the first image was compared.
                let killed = try await scene.tranship(
                    "run", file, environment: ["TRANSHIP_KILL_AT_COMMIT": "before:13"])
                try #require(killed.status == 128 + SIGKILL, killed.said)
                for suffix in ["", "-wal"] {
                    try FileManager.default.copyItem(
                        atPath: scene.journal + suffix, toPath: scene.journal + ".old" + suffix)
                }
                let run = try await scene.tranship("run", file)
                try #require(run.status == 0, run.said)
                try await scene.alpha.delete(try await scene.alpha.only("\(scene.prefix) 2"))
                forget(scene)
                for suffix in ["", "-wal"] {
                    try FileManager.default.moveItem(
                        atPath: scene.journal + ".old" + suffix, toPath: scene.journal + suffix)
                }

                let adopt = try await scene.tranship("adopt", file, "--format", "json")
                #expect(adopt.status == 0, adopt.said)
                // The target may also have copies of other pipelines.
                let found = adopt.lines("adoption").filter { $0.name.hasPrefix(scene.prefix) }
                #expect(found.count == 3, adopt.said)
                for adoption in found where adoption.name != "\(scene.prefix) 2" {
                    #expect(adoption.text("verdict") == "done", "\(adoption)")
                }
                let gone = try #require(found.first { $0.name == "\(scene.prefix) 2" })
                #expect(["left", "known"].contains(gone.text("verdict")), "\(gone)")
                #expect(gone.text("reason").contains("gone"), "\(gone)")
                let last = try await scene.tranship("run", file)
                #expect(last.talk.contains("nothing to do: all 2 images are there"), last.said)
                #expect(try await scene.beta.images(scene.prefix).count == 3)
            }
        }

        @Test("clean lists what is left over, and with --yes removes that and nothing else")
        func clean() async throws {
            try await scene("clean") { scene in
                // One image at a time: then a kill leaves no other request under way.
                let file = try await threeImages(scene, "limits: { images: 1 }")
                // Kills runs until the target has a record without its body.
                var begun: [JSONValue] = []
                for number in 8...20 {
                    let killed = try await scene.tranship(
                        "run", file, environment: ["TRANSHIP_KILL_AT_COMMIT": "before:\(number)"])
                    try #require(killed.status == 128 + SIGKILL, killed.said)
                    begun = try await scene.beta.images(scene.prefix)
                    if begun.contains(where: { $0.text("status") == "queued" }) { break }
                }
                try #require(begun.contains { $0.text("status") == "queued" })
                // An image of another owner, with a marker that proves nothing.
                let foreign = try await scene.beta.add(
                    "\(scene.prefix) foreign", nil,
                    ["tranship_origin": "d9428888-122b-11e1-b85c-61cd3cbb3210/of-someone-else"])

                let needed = try await scene.tranship("clean", file)
                #expect(needed.status == 0, needed.said)
                #expect(!needed.output.contains("remove "), needed.said)

                // Without their sources, no run continues these transfers.
                for image in try await scene.alpha.images(scene.prefix) {
                    try await scene.alpha.delete(image)
                }
                let interrupted = try await scene.tranship("clean", file)
                #expect(
                    interrupted.output.contains("the interrupted run needs it"), interrupted.said)
                let ended = try await scene.tranship("run", file)
                #expect(ended.status == 3, ended.said)

                let listed = try await scene.tranship("clean", file)
                #expect(listed.status == 4, listed.said)
                #expect(listed.talk.contains("nothing was changed"), listed.said)
                let there = try await scene.beta.images(scene.prefix)
                #expect(there.count == begun.count + 1)
                // An image whose data arrived completely in the meantime is not a leftover.
                let empty = there.filter {
                    $0.text("status") == "queued" && $0.id != foreign.id
                }.map(\.id)
                try #require(!empty.isEmpty, listed.said)

                let removed = try await scene.tranship("clean", file, "--yes", "--format", "json")
                #expect(removed.status == 0, removed.said)
                let lines = removed.lines("leftover")
                #expect(
                    Set(lines.filter { $0.text("fate") == "removed" }.map { $0.text("image_id") })
                        == Set(empty), removed.said)
                #expect(lines.first { $0.text("image_id") == foreign.id }?.text("fate") == "keep")
                let left = try await scene.beta.images(scene.prefix).map(\.id)
                #expect(left == there.map(\.id).filter { !empty.contains($0) })

                let nothing = try await scene.tranship("clean", file)
                #expect(nothing.status == 0, nothing.said)
            }
        }
    }
}
