// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import Testing

extension EndToEndTests {
    /// The same pipeline at the same time on two machines that do not know of each other: two
    /// journals, one target.
    @Suite struct TwoHostsTests {
        private func original(_ scene: Scene, _ images: Int) async throws -> [JSONValue] {
            for number in 0..<images {
                try await scene.alpha.add(
                    "\(scene.prefix) \(number)",
                    Sample.raw(2 * Sample.mebibyte + number, seed: UInt64(number)),
                    ["visibility": "private"])
            }
            return try await scene.alpha.images(scene.prefix)
        }

        private func journal(_ scene: Scene, _ name: String) -> String {
            scene.folder.appendingPathComponent("\(name).sqlite").path
        }

        private func host(
            _ scene: Scene, _ name: String, _ file: String, _ options: String...
        ) throws -> RunningCommand {
            try scene.start(["run", file, "--journal", journal(scene, name)] + options)
        }

        private func waitsForBody(_ scene: Scene, of name: String) async throws {
            try await waits("a body from host \(name)") {
                let status = try await scene.tranship(
                    "status", "--format", "json", "--journal", journal(scene, name))
                return status.output.contains(#""state":"sending""#)
            }
        }

        @Test(
            "two hosts at once make one copy of each image, and both say that it is there",
            arguments: ["upload", "glance-direct"])
        func atOnce(method: String) async throws {
            try await scene("two-hosts") { scene in
                let (file, count) = try await pipeline(scene, method)
                let first = try host(scene, "one", file)
                try await waitsForBody(scene, of: "one")
                let second = try host(scene, "two", file, "--format", "json")
                let outcomes = [await first.outcome(), await second.outcome()]
                for outcome in outcomes { #expect(outcome.status == 0, outcome.said) }
                // The two runs met: the second one found bodies of the first.
                #expect(
                    outcomes[1].lines("waiting").contains {
                        $0["note_code"]?.string == "other-process-sends"
                    }, outcomes[1].said)
                try await expectOneEach(scene, count, method)
                for name in ["one", "two"] {
                    let again = try await host(scene, name, file).outcome()
                    #expect(again.talk.contains("nothing to do: all \(count) images are there"))
                }
            }
        }

        @Test("what one host leaves half sent when it dies, the other one finishes")
        func oneDies() async throws {
            try await scene("two-hosts-dies") { scene in
                let (file, count) = try await pipeline(scene, "upload")
                let first = try host(scene, "one", file)
                let second = try host(scene, "two", file)
                try await waitsForBody(scene, of: "one")
                first.signal(SIGKILL)
                _ = await first.outcome()
                let outcome = await second.outcome()
                #expect(outcome.status == 0, outcome.said)
                try await expectOneEach(scene, count, "upload")
                let again = try await host(scene, "one", file).outcome()
                #expect(again.status == 0, again.said)
                try await expectOneEach(scene, count, "upload")
            }
        }

        /// Makes a pipeline that is slow enough for both runs to meet in the middle of bodies.
        private func pipeline(
            _ scene: Scene, _ method: String
        ) async throws -> (file: String, images: Int) {
            let images = 6
            _ = try await original(scene, images)
            return (
                try scene.cloudPipeline(
                    targetKeys: "method: \(method)\nimage: { members: drop }",
                    "limits: { images: 3, bandwidth: 3MiB/s }"), images
            )
        }

        private func expectOneEach(
            _ scene: Scene, _ count: Int, _ method: String
        ) async throws {
            let copies = try await scene.beta.images(scene.prefix)
            Comparison.expectEqual(
                try await scene.alpha.images(scene.prefix), copies, "\(method): \(copies)")
            #expect(copies.count == count)
        }
    }
}
