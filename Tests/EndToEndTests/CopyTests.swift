// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import Testing

extension EndToEndTests {
    @Suite struct CopyTests {
        @Test("twelve images arrive as they are, once, and the one that is deleted comes back")
        func twelve() async throws {
            try await scene("twelve") { scene in
                let originals = try await scene.addTwelve(bytes: 3 * Sample.mebibyte)
                #expect(originals.count == 12)
                let file = try scene.cloudPipeline(targetKeys: "image: { members: drop }")

                let plan = try await scene.tranship("plan", file)
                #expect(plan.status == 0, plan.said)
                #expect(plan.output.contains("12 to create"), plan.said)
                #expect(try await scene.beta.images(scene.prefix).isEmpty)

                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let copies = try await scene.beta.images(scene.prefix)
                Comparison.expectEqual(originals, copies, run.said)
                try await expectSameBytes(originals, copies, scene)
                try await expectJournal(agrees: copies, scene)

                let again = try await scene.tranship("run", file)
                #expect(again.status == 0, again.said)
                #expect(again.talk.contains("nothing to do: all 12 images are there"), again.said)
                #expect(try await scene.beta.images(scene.prefix) == copies)

                let victim = try #require(copies.first { $0.name.hasSuffix("golden") })
                try await scene.beta.delete(victim)
                let third = try await scene.tranship("run", file, "--format", "json")
                #expect(third.status == 0, third.said)
                let ended = third.lines("ended").map { $0.text("name") }
                #expect(ended == [victim.name], third.said)
                let now = try await scene.beta.images(scene.prefix)
                Comparison.expectEqual(originals, now, third.said)
                let untouched = copies.filter { $0 != victim }
                #expect(now.filter { untouched.contains($0) } == untouched)
            }
        }

        @Test("a public image is public again where the target's user may publish")
        func publicImage() async throws {
            try await scene("public") { scene in
                let original = try await scene.alpha.add(
                    scene.prefix, Sample.raw(70_000, seed: 1))
                try await LabCloud.alphaAdmin.change(original.id, ["visibility": "public"])
                let run = try await scene.tranship(
                    "run", try scene.cloudPipeline(target: "beta-admin"))
                #expect(run.status == 0, run.said)
                Comparison.expectEqual(
                    try await scene.alpha.images(scene.prefix),
                    try await LabCloud.betaOther.images(scene.prefix), run.said)
            }
        }

        @Test("members are kept where both sides share a Keystone, and come back to the right one")
        func members() async throws {
            try await scene("members") { scene in
                let original = try await scene.alpha.add(
                    scene.prefix, Sample.raw(80_000, seed: 2), ["visibility": "shared"])
                let other = try await LabCloud.alphaOther.projectID
                try await scene.alpha.share(original.id, with: other)
                let file = try scene.cloudPipeline(
                    target: "alpha",
                    targetKeys: """
                        project: team-a
                        image: { name: "{name} copy" }
                        """)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let copy = try await LabCloud.alphaAdmin.only("\(scene.prefix) copy")
                #expect(copy.text("visibility") == "shared")
                #expect(copy.text("os_hash_value") == original.text("os_hash_value"))
                #expect(copy.text("owner") != original.text("owner"))
                #expect(try await LabCloud.alphaAdmin.members(copy.id) == [other])
            }
        }

        @Test("a name that no image has is a warning and exit code 3, unless the file allows it")
        func nothingSelected() async throws {
            try await scene("none") { scene in
                let original = try await scene.alpha.add(
                    "\(scene.prefix)-one", Sample.raw(70_000, seed: 1))
                let names = "[\(scene.prefix)-one, \(scene.prefix)-onne, \"\(scene.prefix)-x*\"]"
                let text = """
                    sources:
                      - cloud: alpha
                        images: { name: \(names) }
                    targets:
                      - cloud: beta
                    """
                let run = try await scene.tranship("run", try scene.pipeline(text))
                #expect(run.status == 3, run.said)
                #expect(
                    run.talk.contains(
                        "no image \"\(scene.prefix)-onne\" that meets the conditions; did you mean "
                            + "\"\(original.name)\"? (`allow_empty: true` accepts that)"), run.said)
                #expect(run.talk.contains("no image \"\(scene.prefix)-x*\""), run.said)
                #expect(try await scene.beta.images(scene.prefix).count == 1)

                let allowing = try scene.pipeline(text + "\nallow_empty: true")
                let again = try await scene.tranship("run", allowing)
                #expect(again.status == 0, again.said)
                #expect(!again.talk.contains("warning"), again.said)
            }
        }

        @Test("an entry that selects no image says so")
        func emptySelection() async throws {
            try await scene("empty") { scene in
                let text = """
                    sources:
                      - cloud: alpha
                        images: { tags: [\(scene.prefix)] }
                    targets:
                      - cloud: beta
                    """
                let run = try await scene.tranship("run", try scene.pipeline(text))
                #expect(run.status == 3, run.said)
                #expect(
                    run.talk.contains("cloud alpha has no image that meets the conditions"),
                    run.said)
            }
        }

        @Test("a source and a target that are one are named as such")
        func oneCloud() async throws {
            try await scene("one") { scene in
                try await scene.alpha.add(scene.prefix, Sample.raw(70_000, seed: 1))
                let plan = try await scene.tranship(
                    "plan", try scene.cloudPipeline(target: "alpha"))
                #expect(plan.status == 0, plan.said)
                #expect(plan.talk.contains("source and target are one: alpha and alpha"), plan.said)
            }
        }

        /// Compares data that the openstack client downloads, two images at a time.
        private func expectSameBytes(
            _ originals: [JSONValue], _ copies: [JSONValue], _ scene: Scene
        ) async throws {
            var left = copies[...]
            while let first = left.popFirst() {
                async let one = OpenStackClient.sha512(
                    first.id, cloud: "beta", folder: scene.folder)
                if let second = left.popFirst() {
                    let other = try await OpenStackClient.sha512(
                        second.id, cloud: "beta", folder: scene.folder)
                    #expect(originals.contains { $0.text("os_hash_value") == other })
                    #expect(other == second.text("os_hash_value"))
                }
                #expect(try await one == first.text("os_hash_value"))
            }
        }
    }
}

/// Expects that the journal has a done transfer for each image at the target, and no other
/// transfer.
func expectJournal(
    agrees copies: [JSONValue], _ scene: Scene, at location: SourceLocation = #_sourceLocation
) async throws {
    let transfers = try await scene.journalled()
    let notDone = transfers.filter { $0.text("state") != "done" }
    #expect(notDone.isEmpty, sourceLocation: location)
    #expect(
        transfers.map { $0.text("image_id") }.sorted() == copies.map(\.id).sorted(),
        sourceLocation: location)
}
