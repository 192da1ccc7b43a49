// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    @Suite struct SeriesTests {
        /// Publishes a new version under the one name, and runs.
        private func night(
            _ scene: Scene, _ version: UInt64, _ rules: String, status: Int32 = 0
        ) async throws -> Outcome {
            let image = try scene.file("image.raw", bytes: 90_000, seed: version)
            let sum = try digest(.sha256, of: [UInt8](Data(contentsOf: image)))
            let file = try scene.pipeline(
                """
                sources:
                  - file: ./image.raw
                    checksum: \(sum)
                    series: \(scene.prefix)
                    image: { name: "\(scene.prefix)", disk_format: raw, container_format: bare }
                targets:
                  - cloud: beta
                    method: upload
                    on_conflict: keep-both
                \(rules.split(separator: "\n").map { "    \($0)\n" }.joined())
                limits: { deletes: 1 }
                """)
            let run = try await scene.tranship("run", file)
            #expect(run.status == status, run.said)
            return run
        }

        /// Returns the hidden flag of each image of the series, by id.
        private func hidden(_ scene: Scene) async throws -> [String: Bool] {
            try await scene.beta.images(scene.prefix).reduce(into: [:]) {
                $0[$1.id] = $1["os_hidden"]?.bool
            }
        }

        @Test("an earlier version is hidden, an older one deleted, and nothing else touched")
        func retire() async throws {
            let rules = "keep: 1\nprevious: hide\nexpired: { action: delete, after: 0s }"
            try await scene("series") { scene in
                let foreign = try await scene.beta.add(scene.prefix, [1, 2, 3]).id
                var ids: [String] = []
                for version in 1...3 {
                    let run = try await night(scene, UInt64(version), rules)
                    let copies = try await scene.beta.images(scene.prefix).map(\.id)
                    ids += copies.filter { $0 != foreign && !ids.contains($0) }
                    #expect(ids.count == version, run.said)
                    if version == 3 {
                        #expect(
                            run.talk.contains("earlier versions: 1 hidden, 1 deleted"), run.said)
                    }
                }
                #expect(
                    try await hidden(scene) == [ids[2]: false, ids[1]: true, foreign: false])
                let again = try await night(scene, 3, rules)
                #expect(again.talk.contains("nothing to do"), again.said)

                // A protected image is not deleted.
                _ = try await scene.beta.change(ids[1], ["protected": true])
                let fourth = try await night(scene, 4, rules)
                #expect(fourth.talk.contains("1 hidden, 1 left as they are"), fourth.said)
                let now = try await hidden(scene)
                #expect(now[ids[2]] == true && now[ids[1]] == true && now.count == 4)
            }
        }

        @Test("a version that comes back is shown again before the other is hidden")
        func comesBack() async throws {
            try await scene("series") { scene in
                for version in [1, 2] as [UInt64] {
                    _ = try await night(scene, version, "previous: rename")
                }
                let named = try await scene.beta.images(scene.prefix)
                let current = try #require(named.first { $0.name == scene.prefix })
                let earlier = try #require(named.first { $0.name != scene.prefix })
                #expect(earlier.name.hasPrefix("\(scene.prefix) ("))
                let back = try await night(scene, 1, "previous: rename")
                #expect(back.talk.contains("1 restored, 1 renamed"), back.said)
                #expect(try await scene.beta.image(earlier.id).name == scene.prefix)
                let other = try await scene.beta.image(current.id)
                #expect(other.name.hasPrefix("\(scene.prefix) ("))
            }
        }

        @Test("a series is listed, rolled back and pruned by hand")
        func byHand() async throws {
            let rules = "keep: 1\nprevious: rename\nexpired: { action: delete, after: 0s }"
            try await scene("series") { scene in
                for version in 1...2 as ClosedRange<UInt64> {
                    _ = try await night(scene, version, rules)
                }
                let file = scene.folder.appendingPathComponent("pipeline.yaml").path
                let name = scene.prefix
                let list = try await scene.tranship("series", "list", file)
                #expect(list.status == 0 && list.output.contains(name), list.said)
                let dry = try await scene.tranship("series", "rollback", file, name)
                #expect(dry.status == 4 && dry.output.contains("restore"), dry.said)
                let before = try await scene.beta.images(name).map { "\($0.id) \($0.name)" }
                let back = try await scene.tranship("series", "rollback", file, name, "--yes")
                #expect(back.status == 0, back.said)
                let after = try await scene.beta.images(name).map { "\($0.id) \($0.name)" }
                #expect(Set(before).isDisjoint(with: after) && after.count == 2)
                let history = try await scene.tranship("series", "history", file, name)
                #expect(history.output.contains("rolled back from"), history.said)
                let held = try await night(scene, 2, rules)
                #expect(held.talk.contains("nothing to do"), held.said)
                _ = try await night(scene, 3, rules)
                let prune = try await scene.tranship("prune", file)
                #expect(prune.output.contains("it is the current version"), prune.said)
            }
        }

        @Test("nothing is retired while the new version has failed")
        func failed() async throws {
            try await scene("series") { scene in
                _ = try await night(scene, 1, "previous: hide")
                let before = try await scene.beta.only(scene.prefix)
                let sum = String(repeating: "0", count: 64)
                let broken = try scene.pipeline(
                    """
                    sources:
                      - file: ./image.raw
                        checksum: sha256:\(sum)
                        series: \(scene.prefix)
                        image: { name: "\(scene.prefix)", disk_format: raw, container_format: bare }
                    targets: [{ cloud: beta, method: upload, previous: hide }]
                    """)
                try scene.file("image.raw", bytes: 90_000, seed: 2)
                let run = try await scene.tranship("run", broken)
                #expect(run.status == 6, run.said)
                #expect(run.talk.contains("1 left as they are"), run.said)
                #expect(try await hidden(scene) == [before.id: false])
            }
        }
    }
}
