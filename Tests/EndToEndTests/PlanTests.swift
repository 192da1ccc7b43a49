// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// The decisions before the first byte.
    @Suite struct PlanTests {
        @Test(
            "a kernel and a ramdisk outside the selection come along, and are named at the target")
        func kernelIsAdded() async throws {
            try await scene("kernel") { scene in
                let kernel = try await scene.alpha.add(
                    "\(scene.prefix) kernel", Sample.raw(8000, seed: 1), disk: "aki",
                    container: "aki")
                let ramdisk = try await scene.alpha.add(
                    "\(scene.prefix) ramdisk", Sample.raw(9000, seed: 2), disk: "ari",
                    container: "ari")
                try await scene.alpha.add(
                    "\(scene.prefix) machine", Sample.raw(7000, seed: 3), disk: "ami",
                    container: "ami",
                    ["kernel_id": .string(kernel.id), "ramdisk_id": .string(ramdisk.id)])
                let file = try scene.pipeline(
                    """
                    sources:
                      - cloud: alpha
                        images: { name: "\(scene.prefix) machine" }
                    targets: [{ cloud: beta }]
                    """)
                let plan = try await scene.tranship("plan", file)
                #expect(plan.output.contains("3 to create"), plan.said)
                #expect(plan.output.contains("added: \(scene.prefix) machine names it"), plan.said)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                Comparison.expectEqual(
                    try await scene.alpha.images(scene.prefix),
                    try await scene.beta.images(scene.prefix), run.said)
            }
        }

        @Test("an image whose kernel is not there is refused, and never dangles")
        func kernelIsMissing() async throws {
            try await scene("nokernel") { scene in
                let missing = UUID().uuidString.lowercased()
                try await scene.alpha.add(
                    scene.prefix, Sample.raw(7000, seed: 3), disk: "ami", container: "ami",
                    ["kernel_id": .string(missing)])
                try await expectRefused(scene, [missing, "kernel"])
            }
        }

        @Test("a kernel and a ramdisk that only a refused image names are not copied along")
        func kernelOfRefused() async throws {
            try await scene("unneeded") { scene in
                func add(_ kind: String) async throws -> JSONValue {
                    .string(
                        try await scene.alpha.add(
                            "\(scene.prefix) \(kind)", Sample.raw(8000, seed: 1), disk: kind,
                            container: kind
                        ).id)
                }
                let (kernel, shared, ramdisk) = (
                    try await add("aki"), try await add("aki"), try await add("ari")
                )
                func machine(_ word: String, _ fields: [String: JSONValue]) async throws {
                    try await scene.alpha.add(
                        "\(scene.prefix) machine \(word)", Sample.raw(7000, seed: 3), disk: "ami",
                        container: "ami", fields)
                }
                let key = JSONValue.string(UUID().uuidString)
                try await machine(
                    "locked",
                    [
                        "kernel_id": kernel, "ramdisk_id": ramdisk, "cinder_encryption_key_id": key,
                    ])
                try await machine(
                    "of two", ["kernel_id": shared, "cinder_encryption_key_id": key])
                try await machine("plain", ["kernel_id": shared])
                let file = try scene.pipeline(
                    """
                    sources:
                      - cloud: alpha
                        images: { name: "\(scene.prefix) machine*" }
                    targets: [{ cloud: beta }]
                    """)
                let plan = try await scene.tranship("plan", file, "-v")
                #expect(plan.output.contains("plan: 2 to create"), plan.said)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 3, run.said)
                #expect(
                    try await scene.beta.images(scene.prefix).map(\.name).sorted()
                        == ["\(scene.prefix) aki", "\(scene.prefix) machine plain"], run.said)
                let check = try await scene.tranship("check", file)
                #expect(check.talk.contains("2 the same, 2 missing\n"), check.said)
            }
        }

        @Test("a plan says that a member may not publish an image, and nothing to an administrator")
        func publicByMember() async throws {
            try await scene("publish") { scene in
                let image = try await scene.alpha.add(scene.prefix, Sample.raw(7000, seed: 3))
                try await LabCloud.alphaAdmin.change(image.id, ["visibility": "public"])
                for (target, isSaid) in [("beta", true), ("beta-admin", false)] {
                    let file = try scene.cloudPipeline(target: target)
                    let plan = try await scene.tranship("plan", file, "--format", "json")
                    let codes = plan.lines("plan-item").first?["note_codes"]?.array ?? []
                    #expect(codes.contains("public-may-be-refused") == isSaid, plan.said)
                }
            }
        }

        @Test("a kernel that comes back under another id is named by what needs it")
        func kernelComesBack() async throws {
            try await scene("newkernel") { scene in
                let kernel = try await scene.alpha.add(
                    "\(scene.prefix) kernel", Sample.raw(8000, seed: 1), disk: "aki",
                    container: "aki")
                try await scene.alpha.add(
                    "\(scene.prefix) machine", Sample.raw(7000, seed: 3), disk: "ami",
                    container: "ami", ["kernel_id": .string(kernel.id)])
                let file = try scene.cloudPipeline()
                #expect(try await scene.tranship("run", file).status == 0)
                try await scene.beta.delete(try await scene.beta.only("\(scene.prefix) kernel"))
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                Comparison.expectEqual(
                    try await scene.alpha.images(scene.prefix),
                    try await scene.beta.images(scene.prefix), run.said)
            }
        }

        @Test("a snapshot of a volume, which has no data, is refused with the reason")
        func volumeSnapshot() async throws {
            try await scene("volume") { scene in
                try await scene.alpha.add(
                    scene.prefix, [],
                    [
                        "block_device_mapping": #"[{"snapshot_id": "1", "boot_index": 0}]"#,
                        "bdm_v2": "True", "root_device_name": "/dev/vda",
                    ])
                try await expectRefused(scene, ["volume"])
            }
        }

        @Test("an encrypted image, whose key would stay behind, is refused with the reason")
        func encrypted() async throws {
            try await scene("encrypted") { scene in
                let image = try await scene.alpha.add(scene.prefix, Sample.raw(7000, seed: 3))
                try await scene.alpha.change(
                    image.id,
                    [
                        "cinder_encryption_key_id": .string(UUID().uuidString),
                        "cinder_encryption_key_deletion_policy": "on_image_deletion",
                    ])
                try await expectRefused(scene, ["encrypted"])
            }
        }

        @Test(
            "a signed image is refused with the reason, and copied where the signature is dropped")
        func signed() async throws {
            try await scene("signed") { scene in
                let image = try await scene.alpha.add(scene.prefix, Sample.raw(7000, seed: 3))
                try await scene.alpha.change(
                    image.id,
                    [
                        "img_signature": "c2lnbmF0dXJl",
                        "img_signature_certificate_uuid": .string(UUID().uuidString),
                    ])
                try await expectRefused(scene, ["signed", "img_signature*"])
                let dropping = try scene.cloudPipeline(
                    targetKeys: #"image: { properties: { drop: ["img_signature*"] } }"#)
                let run = try await scene.tranship("run", dropping)
                #expect(run.status == 0, run.said)
                #expect(try await scene.beta.only(scene.prefix)["img_signature"] == nil)
            }
        }

        @Test("one refused image does not keep the others from being copied")
        func othersGoOn() async throws {
            try await scene("others") { scene in
                try await scene.alpha.add("\(scene.prefix) fine", Sample.raw(7000, seed: 3))
                try await scene.alpha.add(
                    "\(scene.prefix) ami", Sample.raw(7000, seed: 4), disk: "ami",
                    container: "ami", ["kernel_id": .string(UUID().uuidString.lowercased())])
                let run = try await scene.tranship("run", try scene.cloudPipeline())
                #expect(run.status == 3, run.said)
                #expect(run.talk.contains("1 done"), run.said)
                #expect(run.talk.contains("1 refused"), run.said)
                #expect(
                    try await scene.beta.images(scene.prefix).map(\.name)
                        == ["\(scene.prefix) fine"])
            }
        }

        @Test("a saved plan is what runs, and is refused once the world differs")
        func savedPlan() async throws {
            try await scene("saved") { scene in
                try await scene.alpha.add("\(scene.prefix) a", Sample.raw(7000, seed: 3))
                let file = try scene.cloudPipeline()
                let saved = scene.folder.appendingPathComponent("plan.json").path
                let plan = try await scene.tranship("plan", file, "--save", saved)
                #expect(plan.status == 0, plan.said)

                try await scene.alpha.add("\(scene.prefix) b", Sample.raw(7000, seed: 4))
                let refused = try await scene.tranship("run", file, "--plan", saved)
                #expect(refused.status == 4, refused.said)
                #expect(refused.talk.contains("not planned -> create"), refused.said)
                #expect(try await scene.beta.images(scene.prefix).isEmpty)

                #expect(try await scene.tranship("plan", file, "--save", saved).status == 0)
                let run = try await scene.tranship("run", file, "--plan", saved)
                #expect(run.status == 0, run.said)
                #expect(try await scene.beta.images(scene.prefix).count == 2)

                try Data("not a plan".utf8).write(to: URL(fileURLWithPath: saved))
                let broken = try await scene.tranship("run", file, "--plan", saved)
                #expect(broken.status == 2, broken.said)
                #expect(broken.talk.contains("plan.json"), broken.said)
            }
        }

        @Test("a plan that was signed off names each of five differences, also of what is copied")
        func drift() async throws {
            try await scene("drift") { scene in
                let names = ["a", "b", "c", "d"].map { "\(scene.prefix) \($0)" }
                for (index, name) in names.enumerated() {
                    try await scene.alpha.add(name, Sample.raw(7000 + index, seed: UInt64(index)))
                }
                let file = try scene.cloudPipeline()
                #expect(try await scene.tranship("run", file).status == 0)
                let saved = scene.folder.appendingPathComponent("plan.json").path
                #expect(try await scene.tranship("plan", file, "--save", saved).status == 0)
                let text = try String(
                    contentsOfFile: scene.folder.appendingPathComponent("plan.txt").path,
                    encoding: .utf8)
                #expect(text.contains("0 to create, 0 to update, 4 to skip"), "\(text)")

                func id(_ name: String) async throws -> String {
                    try await scene.alpha.only(name).id
                }
                try await scene.alpha.change(
                    try await id(names[0]), ["name": .string("\(scene.prefix) z")])
                try await LabCloud.alphaAdmin.change(
                    try await id(names[1]), ["visibility": "public"])
                try await scene.alpha.delete(try await scene.alpha.only(names[2]))
                try await scene.alpha.add(names[2], Sample.raw(9999, seed: 99))
                try await scene.beta.delete(try await scene.beta.only(names[3]))
                let edited = try scene.cloudPipeline(source: "alpha", "order: listed")
                let before = try await scene.beta.images(scene.prefix)

                let run = try await scene.tranship("run", edited, "--plan", saved)
                #expect(run.status == 4, run.said)
                for words in [
                    "pipeline file: order: none -> listed",
                    "name: \(names[0]) -> \(scene.prefix) z", "visibility: shared -> public",
                    "skip -> not planned", "not planned -> create", "action: skip -> create",
                ] {
                    #expect(run.talk.contains(words), run.said)
                }
                #expect(try await scene.beta.images(scene.prefix) == before)
            }
        }

        @Test(
            "if the target has another image of that name, on_conflict decides",
            arguments: [
                ("keep-both", 0, 2), ("skip", 0, 1), ("fail", 3, 1), ("rename", 0, 1),
            ])
        func conflict(word: String, status: Int, namesakes: Int) async throws {
            try await scene("conflict") { scene in
                try await scene.beta.add(scene.prefix, Sample.raw(5000, seed: 99))
                try await scene.alpha.add(scene.prefix, Sample.raw(7000, seed: 3))
                let file = try scene.cloudPipeline(targetKeys: "on_conflict: \(word)")
                let run = try await scene.tranship("run", file)
                #expect(run.status == Int32(status), run.said)
                let there = try await scene.beta.images(scene.prefix)
                #expect(there.count { $0.name == scene.prefix } == namesakes, run.said)
                #expect(there.count == (["keep-both", "rename"].contains(word) ? 2 : 1), run.said)
                let again = try await scene.tranship("run", file)
                #expect(again.status == Int32(status), again.said)
                #expect(try await scene.beta.images(scene.prefix).count == there.count)
            }
        }

        /// Expects that plan and run report the refusal and copy nothing.
        private func expectRefused(_ scene: Scene, _ words: [String]) async throws {
            let file = try scene.cloudPipeline()
            let plan = try await scene.tranship("plan", file)
            #expect(plan.status == 0, plan.said)
            #expect(plan.output.contains("1 refused"), plan.said)
            #expect(plan.output.contains("hint:"), plan.said)
            for word in words { #expect(plan.output.contains(word), plan.said) }
            let run = try await scene.tranship("run", file)
            #expect(run.status == 3, run.said)
            for word in words { #expect(run.talk.contains(word), run.said) }
            #expect(try await scene.beta.images(scene.prefix).isEmpty)
        }
    }
}
