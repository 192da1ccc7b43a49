// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// `prefer_stores` of a cloud source.
    @Suite struct PreferredStoresTests {
        private func pipeline(_ scene: Scene, _ keys: String, file: String) throws -> String {
            try scene.pipeline(
                """
                sources:
                  - cloud: beta
                    images: { name: "\(scene.prefix)" }
                    \(keys)
                targets: [{ cloud: alpha }]
                """, file: file)
        }

        @Test("data is read from the preferred store, and from another one if that has no copy")
        func reads() async throws {
            let data = Sample.raw(300_000, seed: 91)
            try await scene("prefer") { scene in
                try Data(data).write(to: scene.folder.appendingPathComponent("both.raw"))
                let fill = try scene.pipeline(
                    """
                    sources:
                      - file: ./both.raw
                        image: { name: "\(scene.prefix)", disk_format: raw, container_format: bare }
                    targets: [{ cloud: beta, stores: all }]
                    """, file: "fill.yaml")
                let filled = try await scene.tranship(
                    "run", fill, "--journal", scene.folder.path + "/fill.sqlite")
                #expect(filled.status == 0, filled.said)
                let original = try await scene.beta.only(scene.prefix)
                // A reader of the copy in the other store notices the change.
                let fast = "\(Lab.folder)/beta/data/fast/\(original.id)"
                let handle = try #require(FileHandle(forUpdatingAtPath: fast))
                try handle.seek(toOffset: 150_000)
                let byte = try #require(try handle.read(upToCount: 1)?.first)
                try handle.seek(toOffset: 150_000)
                try handle.write(contentsOf: [byte ^ 1])
                try handle.close()

                let wrong = try await scene.tranship(
                    "run", try pipeline(scene, "prefer_stores: fast", file: "fast.yaml"),
                    "--journal", scene.folder.path + "/fast.sqlite")
                #expect(wrong.status == 6, wrong.said)
                // The store `web` has no image.
                let right = try await scene.tranship(
                    "run", try pipeline(scene, "prefer_stores: [web, slow]", file: "slow.yaml"))
                #expect(right.status == 0, right.said)
                let copy = try await scene.alpha.only(scene.prefix)
                #expect(try await scene.alpha.data(copy.id) == data)
            }
        }

        @Test("the plan refuses a store that the cloud does not have")
        func unknown() async throws {
            try await scene("prefernone") { scene in
                let file = try pipeline(
                    scene, "prefer_stores: [attic, slow, tape]", file: "none.yaml")
                let plan = try await scene.tranship("plan", file)
                #expect(plan.status == 2, plan.said)
                #expect(
                    plan.talk.contains(
                        "cloud \"beta\" has no stores \"attic\", \"tape\", only fast, slow, web"),
                    plan.said)
            }
        }
    }
}
