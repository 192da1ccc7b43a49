// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import OpenStackImage
import TestSupport
import Testing

extension EndToEndTests {
    /// A cloud with only Images API v1 as the source of a pipeline.
    @Suite struct LegacySourceTests {
        @Test("a legacy cloud's images arrive as they are, once", arguments: LegacyCloud.all)
        func copy(_ cloud: LegacyCloud) async throws {
            try await legacyScene("copy", cloud) { scene in
                let environment = try scene.cloudsFile(with: cloud)
                let kernel = try await cloud.add(
                    "\(scene.prefix) kernel", Sample.raw(9000, seed: 1),
                    .init(diskFormat: "aki", containerFormat: "aki"))
                let originals = [
                    kernel,
                    try await cloud.add(
                        "\(scene.prefix) größe 画像", Sample.raw(300_000, seed: 2),
                        .init(
                            minDiskGiB: 3, minRAMMiB: 64,
                            properties: ["os_distro": "ubuntu", "note": "100% größer"])),
                    try await cloud.add(
                        "\(scene.prefix) qcow2", Sample.qcow2(200_000, seed: 3),
                        .init(diskFormat: "qcow2", isProtected: true)),
                    try await cloud.add(
                        "\(scene.prefix) public", Sample.raw(1000, seed: 4), .init(isPublic: true)),
                    try await cloud.add("\(scene.prefix) empty", nil, .init(sizeBytes: 0)),
                    try await cloud.add(
                        "\(scene.prefix) machine", Sample.raw(8000, seed: 5),
                        .init(
                            diskFormat: "ami", containerFormat: "ami",
                            properties: ["kernel_id": kernel.id])),
                    try await cloud.add("\(scene.prefix) shared", Sample.raw(500, seed: 6)),
                ]
                let member = UUID().uuidString.lowercased()
                try await cloud.service().addMember(originals[6].id, projectID: member)
                // None of these should be copied.
                _ = try await cloud.add("\(scene.prefix) reserved", nil)
                let deleted = try await cloud.add("\(scene.prefix) deleted", [1])
                try await cloud.service().delete(deleted.id)
                _ = try await cloud.add(
                    "\(scene.prefix) snapshot", [1], .init(properties: ["image_type": "snapshot"]))

                let file = try scene.cloudPipeline(
                    source: "old", target: "beta-admin", targetKeys: "image: { members: keep }")
                let run = try await scene.tranship("run", file, environment: environment)
                #expect(run.status == 0, run.said)
                let copies = try await LabCloud.betaAdmin.images(scene.prefix)
                #expect(copies.map(\.name).sorted() == originals.compactMap(\.name).sorted())
                try expect(copies, matching: originals)
                func copied(_ name: String) throws -> JSONValue {
                    try #require(copies.first { $0.name == "\(scene.prefix) \(name)" })
                }
                #expect(try copied("machine").text("kernel_id") == copied("kernel").id)
                #expect(try copied("public").text("visibility") == "public")
                #expect(try copied("qcow2").text("visibility") == "private")
                let shared = try copied("shared")
                #expect(shared.text("visibility") == "shared")
                #expect(try await LabCloud.betaAdmin.members(shared.id) == [member])

                let again = try await scene.tranship("run", file, environment: environment)
                #expect(again.status == 0, again.said)
                #expect(again.talk.contains("nothing to do: all 7 images are there"), again.said)
                #expect(try await LabCloud.betaAdmin.images(scene.prefix) == copies)
            }
        }

        @Test("doctor, init and copy know what a legacy cloud is", arguments: LegacyCloud.all)
        func examined(_ cloud: LegacyCloud) async throws {
            try await legacyScene("doctor", cloud) { scene in
                let environment = try scene.cloudsFile(with: cloud)
                _ = try await cloud.add("\(scene.prefix) one", Sample.raw(3000, seed: 1))
                let reserved = try await cloud.add("\(scene.prefix) reserved", nil)
                func tranship(_ words: String...) async throws -> Outcome {
                    try await RunningCommand(
                        words, environment: scene.environment.merging(environment) { $1 },
                        folder: scene.folder
                    ).outcome()
                }
                let doctor = try await tranship("doctor", "old", "beta")
                #expect(doctor.status == 0, doctor.said)
                #expect(doctor.output.contains("copy      yes"), doctor.said)
                #expect(doctor.output.contains("next      tranship copy old beta --dry-run"))
                let alone = try await tranship("doctor", "old")
                #expect(alone.status == 0, alone.said)
                #expect(alone.output.contains("by Images API v1\n"), alone.said)
                #expect(alone.output.contains("target    NO: it speaks Images API v1 only"))
                let draft = try await tranship(
                    "init", "old", "beta", "-o", scene.folder.path + "/d.yaml")
                #expect(draft.status == 0, draft.said)
                #expect(!draft.talk.contains("warning:"), draft.said)
                let name = try #require(reserved.name)
                let copy = try await tranship("copy", "old", "beta", name)
                #expect(copy.status == 3, copy.said)
                #expect(copy.talk.contains("its status is queued"), copy.said)
                #expect(copy.talk.contains("hint: wait until it is active"), copy.said)
            }
        }

        private func expect(_ copies: [JSONValue], matching originals: [LegacyImage]) throws {
            for original in originals {
                let copy = try #require(copies.first { $0.name == original.name })
                #expect(copy.text("status") == "active")
                #expect(copy["size"]?.integer == original.sizeBytes)
                #expect(copy.text("disk_format") == original.diskFormat)
                #expect(copy.text("container_format") == original.containerFormat)
                #expect(copy["protected"]?.bool == original.isProtected)
                #expect(copy["min_disk"]?.integer == Int64(original.minDiskGiB))
                #expect(copy["min_ram"]?.integer == Int64(original.minRAMMiB))
                if let checksum = original.checksum {
                    #expect(copy.text("checksum") == checksum)
                }
                for (key, value) in original.properties where key != "kernel_id" {
                    #expect(copy.text(key) == value)
                }
            }
        }

        @Test("every condition of the format works on a legacy cloud", arguments: LegacyCloud.all)
        func selectors(_ cloud: LegacyCloud) async throws {
            try await legacyScene("select", cloud) { scene in
                let environment = try scene.cloudsFile(with: cloud)
                func add(_ name: String, _ bytes: Int, _ fields: LegacyImageFields) async throws
                    -> LegacyImage
                {
                    try await cloud.add(
                        "\(scene.prefix)-\(name)", Sample.raw(bytes, seed: UInt64(bytes)), fields)
                }
                let a = try await add(
                    "a", 1000,
                    .init(ownerID: "p1", isPublic: true, properties: ["os_distro": "ubuntu"]))
                let b = try await add("b", 2000, .init(ownerID: "p2"))
                let c = try await add(
                    "c", 3000, .init(ownerID: "p2", properties: ["image_type": "snapshot"]))
                _ = try await cloud.add("\(scene.prefix)-d", nil)
                try await cloud.service().addMember(b.id, projectID: "p3")

                func chosen(_ conditions: String, _ rest: String = "") async throws -> String {
                    let file = try scene.pipeline(
                        """
                        sources:
                          - cloud: old
                            images: { name: "\(scene.prefix)*", \(conditions) }
                            \(rest)
                        targets: [{ cloud: beta }]
                        """)
                    let plan = try await scene.tranship(
                        "plan", file, "--format", "json", environment: environment)
                    #expect(plan.status == 0, plan.said)
                    return plan.lines("plan-item").map { String($0.text("name").suffix(1)) }
                        .sorted()
                        .joined()
                }
                #expect(try await chosen("") == "ab")
                #expect(try await chosen("id: [\(a.id)]") == "a")
                #expect(try await chosen("owner: p2") == "b")
                #expect(try await chosen("owner: any") == "ab")
                #expect(try await chosen("visibility: public") == "a")
                #expect(try await chosen("visibility: shared") == "b")
                #expect(try await chosen("visibility: private, snapshots: include") == "c")
                #expect(try await chosen("status: queued") == "d")
                #expect(try await chosen("status: [active, queued]") == "abd")
                #expect(try await chosen("properties: { os_distro: ubuntu }") == "a")
                #expect(try await chosen("size: { min: 1500, max: 2500 }") == "b")
                #expect(try await chosen("snapshots: include") == "abc")
                #expect(try await chosen("snapshots: only") == "c")
                #expect(try await chosen("tags: [prod]") == "")
                #expect(try await chosen("hidden: any") == "ab")
                #expect(try await chosen("hidden: true") == "")
                #expect(try await chosen("updated_after: 2000-01-01T00:00:00Z") == "ab")
                #expect(try await chosen("updated_after: 2100-01-01T00:00:00Z") == "")
                #expect(try await chosen("", "exclude: { name: \"*-a\" }") == "b")
                #expect(
                    try await chosen("id: [\(c.id)]") == "", "a snapshot is left out when named too"
                )
            }
        }

        /// The service has not checked the data at a location against its checksum.
        @Test(
            "data that is not what the old cloud promises never becomes an image",
            arguments: LegacyCloud.all)
        func mismatch(_ cloud: LegacyCloud) async throws {
            try await legacyScene("lie", cloud) { scene in
                let environment = try scene.cloudsFile(with: cloud)
                let bytes = Sample.raw(100_000, seed: 9)
                let web = try RawHTTPServer { _ in .status(200, body: bytes) }
                _ = try await cloud.service().create(
                    .init(
                        name: scene.prefix, diskFormat: "raw", containerFormat: "bare",
                        checksum: try Checksum(.md5, String(repeating: "0", count: 32))),
                    from: .location("\(web.url)/image"))
                let run = try await scene.tranship(
                    "run", try scene.cloudPipeline(source: "old"), environment: environment)
                #expect(run.status == 6, run.said)
                let copies = try await scene.beta.images(scene.prefix)
                #expect(copies.allSatisfy { $0.text("status") != "active" }, run.said)
            }
        }

        @Test("a deleted image is a source that is gone", arguments: LegacyCloud.all)
        func goneMeanwhile(_ cloud: LegacyCloud) async throws {
            try await legacyScene("gone", cloud) { scene in
                let environment = try scene.cloudsFile(with: cloud)
                let image = try await cloud.add(scene.prefix, Sample.raw(1000, seed: 1))
                try await cloud.service().delete(image.id)
                let file = try scene.pipeline(
                    """
                    sources:
                      - cloud: old
                        images: { id: \(image.id) }
                    targets: [{ cloud: beta }]
                    """)
                let plan = try await scene.tranship("plan", file, environment: environment)
                #expect(plan.output.contains("there is no image \(image.id) at old"), plan.said)
            }
        }

        @Test("an entry that asks for v1 gets v1, an entry that asks for v2 gets v2")
        func stated() async throws {
            try await legacyScene("stated", .inProcess) { scene in
                _ = try await LegacyCloud.inProcess.add(scene.prefix, Sample.raw(1000, seed: 1))
                let file = try scene.cloudPipeline(source: "old")
                let one = try scene.cloudsFile(with: .inProcess, ["image_api_version: 1"])
                let plan = try await scene.tranship("plan", file, environment: one)
                #expect(plan.output.contains("1 to create"), plan.said)
                let two = try scene.cloudsFile(with: .inProcess, ["image_api_version: 2"])
                let failed = try await scene.tranship("plan", file, environment: two)
                #expect(failed.status == 7, failed.said)
                #expect(
                    failed.talk.contains("does not offer this version of the Image API"),
                    failed.said)
            }
        }

        @Test("a legacy cloud as a target is refused, and told why", arguments: LegacyCloud.all)
        func target(_ cloud: LegacyCloud) async throws {
            try await legacyScene("target", cloud) { scene in
                let environment = try scene.cloudsFile(with: cloud)
                let file = try scene.cloudPipeline(source: "alpha", target: "old")
                let plan = try await scene.tranship("plan", file, environment: environment)
                #expect(plan.status != 0)
                #expect(plan.talk.contains("Images API v1 only, and a target needs v2"), plan.said)
            }
        }
    }
}
