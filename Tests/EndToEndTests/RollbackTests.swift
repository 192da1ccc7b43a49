// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// `rollback`: the way back after a run.
    @Suite struct RollbackTests {
        @Test("what a run made goes, what was there or was edited since stays, named by its fields")
        func rollback() async throws {
            try await scene("rollback") { scene in
                try await scene.addTwelve(bytes: 70_000)
                try await scene.beta.add("\(scene.prefix) of beta", Sample.raw(5000, seed: 77))
                let before = try await scene.beta.images(scene.prefix)
                let file = try scene.cloudPipeline()
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                #expect(try await scene.beta.images(scene.prefix).count == 13)

                let edited = try await scene.beta.only("\(scene.prefix) rescue")
                try await scene.beta.change(
                    edited.id, ["os_command_line": "single", "min_ram": 64])
                let shared = try await scene.beta.only("\(scene.prefix) scratch disk")
                try await scene.beta.share(
                    shared.id, with: try await scene.beta.projectID + "-of-another")

                let list = try await scene.tranship("rollback", file, "1")
                #expect(list.status == 4, list.said)
                #expect(list.talk.contains("2 to keep, 10 to remove"), list.said)
                #expect(try await scene.beta.images(scene.prefix).count == 13)

                let removal = try await scene.tranship("rollback", file, "1", "--yes")
                #expect(removal.status == 3, removal.said)
                #expect(
                    removal.output.contains(
                        "someone has changed its min_ram, properties.os_command_line"),
                    removal.said)
                #expect(removal.output.contains("someone has changed its members"), removal.said)
                let left = try await scene.beta.images(scene.prefix)
                #expect(left.count == 3, removal.said)
                for image in before { #expect(left.contains(image), removal.said) }

                // The next run copies the removed images again.
                let again = try await scene.tranship("run", file)
                #expect(again.status == 0, again.said)
                #expect(try await scene.beta.images(scene.prefix).count == 13)
            }
        }

        @Test("a kernel and a ramdisk stay with the image that names them")
        func kernels() async throws {
            try await scene("rollneed") { scene in
                try await scene.addTwelve(bytes: 70_000)
                let file = try scene.cloudPipeline()
                #expect(try await scene.tranship("run", file).status == 0)
                let machine = try #require(
                    try await scene.beta.images(scene.prefix).first {
                        !$0.text("kernel_id").isEmpty
                    })
                try await scene.beta.change(
                    machine.text("id"), ["name": .string("\(scene.prefix) kept")])
                let removal = try await scene.tranship("rollback", file, "1", "--yes")
                #expect(removal.status == 3, removal.said)
                #expect(
                    removal.output.contains(
                        "image \(machine.text("id")), which stays, names it as its kernel"),
                    removal.said)
                let left = Set(try await scene.beta.images(scene.prefix).map { $0.text("id") })
                #expect(
                    left == [
                        machine.text("id"), machine.text("kernel_id"), machine.text("ramdisk_id"),
                    ], removal.said)
            }
        }

        @Test(
            "after a half-done run the listing of the target is what it was before, byte for byte")
        func halfDone() async throws {
            try await scene("halfdone") { scene in
                for number in 0..<4 {
                    try await scene.alpha.add(
                        "\(scene.prefix) \(number)",
                        Sample.raw(700_000 + number, seed: UInt64(number)))
                }
                try await scene.beta.add("\(scene.prefix) of beta", Sample.raw(5000, seed: 77))
                let before = try await scene.beta.images(scene.prefix)
                let file = try scene.cloudPipeline(
                    source: "alpha", "limits: { images: 1, bandwidth: 512KiB/s }")
                let run = try scene.start(["run", file])
                let deadline = ContinuousClock.now + .seconds(60)
                while try await scene.beta.images(scene.prefix).count < 3,
                    ContinuousClock.now < deadline
                {
                    try await Task.sleep(for: .milliseconds(100))
                }
                run.signal(SIGTERM)
                let outcome = await run.outcome()
                #expect(outcome.status == 130, outcome.said)

                let removal = try await scene.tranship("rollback", file, "1", "--yes")
                #expect(removal.status == 0, removal.said)
                #expect(try await scene.beta.images(scene.prefix) == before, removal.said)
            }
        }

        @Test("a kept id is burned only with these words, and at most limits.deletes images go")
        func keptIDs() async throws {
            try await scene("rollkept") { scene in
                for number in 0..<2 {
                    try await scene.alpha.add(
                        "\(scene.prefix) \(number)", Sample.raw(7000 + number, seed: 3))
                }
                let file = try scene.cloudPipeline(
                    targetKeys: "image: { keep_id: prefer }", "limits: { deletes: 1 }")
                #expect(try await scene.tranship("run", file).status == 0)
                let list = try await scene.tranship("rollback", file, "1")
                #expect(list.output.contains("no later copy can have it"), list.said)
                let one = try await scene.tranship("rollback", file, "1", "--yes")
                #expect(one.status == 8, one.said)
                #expect(try await scene.beta.images(scene.prefix).count == 1)
                let rest = try await scene.tranship("rollback", file, "1", "--yes")
                #expect(rest.status == 0, rest.said)
                #expect(try await scene.beta.images(scene.prefix).isEmpty)
            }
        }
    }
}
