// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// Several stores, stores that fail, and conversions by the service.
    @Suite struct ImportStoresTests {
        private func stores(of image: JSONValue) -> [String] {
            image.text("stores").split(separator: ",").map(String.init).sorted()
        }

        @Test(
            "the data lies in the stores that the pipeline names",
            arguments: [
                ("stores: slow", "upload", ["slow"]),
                ("stores: [fast, slow]", "glance-direct", ["fast", "slow"]),
                ("stores: all", "glance-direct", ["fast", "slow"]),
            ])
        func named(keys: String, method: String, expected: [String]) async throws {
            try await scene("stores") { scene in
                try await scene.addNoise()
                let file = try scene.cloudPipeline(targetKeys: keys)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let copy = try await scene.beta.only(scene.prefix)
                #expect(stores(of: copy) == expected)
                let transfer = try await scene.transfer()
                #expect(transfer.text("method") == method)
                #expect(
                    (transfer["stores"]?.array ?? []).compactMap(\.string).sorted() == expected)
            }
        }

        @Test("a web-download fills all stores as well")
        func webDownload() async throws {
            let data = Scene.largeData(seed: 51)
            let server = try RawHTTPServer { _ in .status(200, body: data) }
            try await scene("webstores") { scene in
                let run = try await scene.tranship(
                    "run",
                    try scene.promisedPipeline(
                        "\(server.url)/image.img", data: data, targetKeys: "stores: all",
                        Scene.slowLink))
                #expect(run.status == 0, run.said)
                #expect(try await scene.transfer().text("method") == "web-download")
                #expect(stores(of: try await scene.beta.only(scene.prefix)) == ["fast", "slow"])
            }
        }

        // MARK: copy-image

        @Test("an administrator's upload is copied into the other stores, and published after it")
        func copyAsAdmin() async throws {
            try await scene("copyadmin") { scene in
                try await scene.addNoise()
                let file = try scene.cloudPipeline(
                    target: "beta-admin", targetKeys: "method: upload\nstores: all")
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let copy = try await LabCloud.betaAdmin.only(scene.prefix)
                #expect(stores(of: copy) == ["fast", "slow"])
                #expect(try await scene.transfer().text("state") == "done")
            }
        }

        @Test(
            "a store that the target does not have is refused by the plan",
            arguments: [
                ("fats", "has no store \"fats\"", "did you mean fast?"),
                ("[fast, nowhere]", "has no store \"nowhere\"", "known stores: fast, slow"),
                (
                    "[here, fast, there]", "has no stores \"here\", \"there\"",
                    "known stores: fast, slow"
                ),
            ])
        func unknownStore(_ stores: String, says: String, hint: String) async throws {
            try await scene("nostore") { scene in
                let file = try scene.cloudPipeline(targetKeys: "stores: \(stores)")
                for command in ["plan", "run"] {
                    let refused = try await scene.tranship(command, file)
                    #expect(refused.status == 2, refused.said)
                    #expect(refused.talk.contains(says), refused.said)
                    #expect(refused.talk.contains("hint: \(hint)"), refused.said)
                }
            }
        }

        @Test("a member may not copy between stores: unpublished, and it says where the data lies")
        func copyAsMember() async throws {
            try await scene("copymember") { scene in
                try await scene.addNoise()
                let file = try scene.cloudPipeline(targetKeys: "method: upload\nstores: all")
                let run = try await scene.tranship("run", file)
                #expect(run.status == 3, run.said)
                #expect(run.talk.contains("it lies in fast, not in slow"), run.said)
                #expect(run.talk.contains("403"), run.said)
                let copy = try await scene.beta.only(scene.prefix)
                #expect(copy.text("status") == "active")
                #expect(copy.text("visibility") == "private")
                let transfer = try await scene.transfer()
                #expect(transfer.text("state") == "unpublished")
                #expect(transfer["stores"]?.array == ["fast"])
            }
        }

        @Test("the lock of an import that has just ended is waited for, not failed at")
        func copyRightAfterImport() async throws {
            try await scene("copylock") { scene in
                try await scene.addNoise()
                let first = try scene.cloudPipeline(
                    target: "beta-admin", targetKeys: "method: glance-direct\nstores: [fast]")
                let run = try await scene.tranship("run", first)
                #expect(run.status == 0, run.said)
                let more = try scene.cloudPipeline(
                    target: "beta-admin", targetKeys: "method: glance-direct\nstores: all")
                let second = try await scene.tranship("run", more)
                #expect(second.status == 0, second.said)
                let copy = try await LabCloud.betaAdmin.only(scene.prefix)
                #expect(stores(of: copy) == ["fast", "slow"])
            }
        }

        // MARK: A store that fails

        @Test("all stores must succeed: one that fails leaves nothing, and is named")
        func allMustSucceed() async throws {
            try await scene("allmust") { scene in
                try await scene.addNoise()
                let file = try scene.cloudPipeline(targetKeys: "stores: all")
                try await Lab.withBroken("slow", of: "beta") {
                    let run = try await scene.tranship("run", file)
                    #expect(run.status == 3, run.said)
                    #expect(run.talk.contains("import of image"), run.said)
                    #expect(run.talk.contains("failed"), run.said)
                    #expect(try await scene.beta.images(scene.prefix).isEmpty, run.said)
                }
                let again = try await scene.tranship("run", file)
                #expect(again.status == 0, again.said)
                #expect(stores(of: try await scene.beta.only(scene.prefix)) == ["fast", "slow"])
            }
        }

        @Test("not all have to succeed: the image is published, and the store that failed is told")
        func oneMayFail() async throws {
            try await scene("onemay") { scene in
                try await scene.addNoise()
                let file = try scene.cloudPipeline(
                    targetKeys: "stores: all\nall_stores_must_succeed: false")
                try await Lab.withBroken("slow", of: "beta") {
                    let run = try await scene.tranship("run", file)
                    #expect(run.status == 0, run.said)
                    let copy = try await scene.beta.only(scene.prefix)
                    #expect(copy.text("status") == "active")
                    #expect(stores(of: copy) == ["fast"])
                    let transfer = try await scene.transfer()
                    #expect(transfer["stores"]?.array == ["fast"])
                    #expect(
                        transfer["remarks"]?.array?.contains { $0.string?.contains("slow") == true }
                            == true, "\(transfer)")
                }
            }
        }

        // MARK: Conversion

        private static let qemu = ["/usr/bin/qemu-img", "/usr/local/bin/qemu-img"].first {
            FileManager.default.isExecutableFile(atPath: $0)
        }

        @Test(
            "what the cloud converts is refused, or accepted and recorded where that is allowed",
            .enabled(if: qemu != nil, "needs qemu-img to make a disk and to convert it"))
        func converted() async throws {
            try await scene("converted") { scene in
                let disk = scene.folder.appendingPathComponent("disk.qcow2").path
                let make = try RunningCommand(
                    ["create", "-q", "-f", "qcow2", disk, "1M"], environment: [:],
                    folder: scene.folder, binary: URL(fileURLWithPath: try #require(Self.qemu)))
                try #require(await make.outcome().status == 0)
                func file(_ keys: String) throws -> String {
                    try scene.pipeline(
                        """
                        sources:
                          - file: ./disk.qcow2
                            image: { name: "\(scene.prefix)" }
                        targets:
                          - cloud: beta
                            method: glance-direct
                            \(keys)
                        """)
                }
                try await Lab.with("import-plugins", "[image_conversion]", of: "beta") {
                    let refused = try await scene.tranship("run", try file(""))
                    #expect(refused.status == 3, refused.said)
                    #expect(refused.talk.contains("the target converted the data"), refused.said)
                    #expect(refused.talk.contains("accept_transformed"), refused.said)
                    #expect(try await scene.beta.images(scene.prefix).isEmpty)

                    // An upload converts nothing, and an administrator may copy the image to
                    // further stores.
                    let auto = try scene.pipeline(
                        """
                        sources: [{ file: ./disk.qcow2, image: { name: "\(scene.prefix)" } }]
                        targets: [{ cloud: beta-admin, stores: all }]
                        """, file: "auto.yaml")
                    let uploaded = try await scene.tranship("run", auto)
                    #expect(uploaded.status == 0, uploaded.said)
                    let whole = try await LabCloud.betaAdmin.only(scene.prefix)
                    #expect(whole.text("disk_format") == "qcow2")
                    #expect(stores(of: whole) == ["fast", "slow"])

                    let accepted = try await scene.tranship(
                        "run", try file("accept_transformed: true"))
                    #expect(accepted.status == 0, accepted.said)
                    let copy = try await scene.beta.only(scene.prefix)
                    #expect(copy.text("disk_format") == "raw")
                    let transfer = try #require(
                        try await scene.journalled().first { $0["target"] == "beta" })
                    #expect(
                        transfer["remarks"]?.array?.contains {
                            $0.string?.hasPrefix("transformed: ") == true
                        } == true, "\(transfer)")
                    // The copy stays done.
                    let again = try await scene.tranship(
                        "run", try file("accept_transformed: true"))
                    #expect(again.status == 0, again.said)
                    #expect(again.talk.contains("nothing to do"), again.said)
                    #expect(try await scene.beta.images(scene.prefix).count == 1)
                }
            }
        }
    }
}
