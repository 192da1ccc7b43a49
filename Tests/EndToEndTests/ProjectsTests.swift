// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import OpenStackImage
import TestSupport
import Testing

extension EndToEndTests {
    /// `projects`: the images of several projects, each copied to its own project.
    @Suite struct ProjectsTests {
        private static let table = "projects: { demo: team-a, other@Default: team-b }"

        private func projects(_ cloud: LabCloud) async throws -> [String: String] {
            Dictionary(
                try await cloud.service.session.ownProjects().map { ($0.name, $0.id) }
            ) { first, _ in first }
        }

        /// Adds images of one name to two projects. One of them is shared with the other project
        /// and with a foreign one.
        private func addImages(_ scene: Scene) async throws {
            let other = try await LabCloud.alphaOther.projectID
            let shared = try await scene.alpha.add(
                "\(scene.prefix) image", Sample.raw(7000, seed: 1), ["visibility": "shared"])
            try await scene.alpha.share(shared.id, with: other)
            try await scene.alpha.share(shared.id, with: "0123456789abcdef0123456789abcdef")
            try await scene.alpha.add(
                "\(scene.prefix) community", Sample.raw(8000, seed: 2),
                ["visibility": "community", "os_hidden": true])
            try await LabCloud.alphaOther.add(
                "\(scene.prefix) image", Sample.raw(9000, seed: 3), ["visibility": "private"])
        }

        /// Returns name, hash, visibility, owner and members of each image, by the service's own
        /// records.
        private func seen(_ scene: Scene, _ cloud: LabCloud) async throws -> [String] {
            var lines: [String] = []
            for image in try await cloud.images(scene.prefix) {
                var members: [String] = []
                if image.text("visibility") == "shared" {
                    members = try await cloud.members(image.id)
                }
                lines.append(
                    [
                        image.name, image.text("os_hash_value").prefix(12).description,
                        image.text("visibility"), image.text("owner"),
                        "\(image["os_hidden"]?.bool ?? false)", members.joined(separator: "+"),
                    ].joined(separator: " "))
            }
            return lines.sorted()
        }

        @Test("both ways bring each image into its own project, with its members by the same table")
        func bothWays() async throws {
            try await scene("projects") { scene in
                try await addImages(scene)
                let there = try await projects(.betaAdmin)
                var results: [[String]] = []
                for (name, keys) in [
                    ("tokens", ["", ""]),
                    ("admin", [", owner: any", "image: { owner: projects }"]),
                ] {
                    let file = try scene.pipeline(
                        """
                        sources:
                          - cloud: alpha-admin
                            images: { name: "\(scene.prefix)*", hidden: any\(keys[0]) }
                        targets:
                          - cloud: beta-admin
                            \(keys[1])
                        \(Self.table)
                        """, file: "\(name).yaml")
                    let journal = scene.folder.appendingPathComponent("\(name).sqlite").path
                    let run = try await scene.tranship("run", file, "--journal", journal)
                    #expect(run.status == 0, run.said)
                    let check = try await scene.tranship("check", file, "--journal", journal)
                    #expect(check.status == 0, check.said)
                    #expect(check.talk.contains("3 the same"), check.said)
                    results.append(try await seen(scene, .betaAdmin))
                    for image in try await LabCloud.betaAdmin.images(scene.prefix) {
                        try await LabCloud.betaAdmin.delete(image)
                    }
                }
                #expect(results[0] == results[1])
                let (a, b) = (there["team-a"] ?? "?", there["team-b"] ?? "?")
                #expect(results[0].count == 3, "\(results[0])")
                #expect(
                    results[0].count { $0.contains(" shared \(a) false \(b)") } == 1,
                    "\(results[0])")
                #expect(results[0].count { $0.contains(" community \(a) true ") } == 1)
                #expect(results[0].count { $0.contains(" private \(b) false ") } == 1)
            }
        }

        @Test(
            "images of a project that the table does not have are refused, until a star takes them")
        func unmapped() async throws {
            try await scene("unmapped") { scene in
                try await scene.alpha.add("\(scene.prefix) demo", Sample.raw(7000, seed: 1))
                try await LabCloud.alphaOther.add(
                    "\(scene.prefix) other", Sample.raw(8000, seed: 2), ["visibility": "private"])
                func pipeline(_ table: String) throws -> String {
                    try scene.pipeline(
                        """
                        sources:
                          - cloud: alpha-admin
                            images: { name: "\(scene.prefix)*" }
                        targets: [{ cloud: beta-admin }]
                        projects: \(table)
                        """)
                }
                let plan = try await scene.tranship("plan", try pipeline("{ demo: team-a }"))
                #expect(plan.output.contains("1 to create"), plan.said)
                #expect(plan.output.contains("1 refused"), plan.said)
                let other = try await LabCloud.alphaOther.projectID
                #expect(
                    plan.output.contains("its project other (\(other)) is not in `projects`"),
                    plan.said)
                let run = try await scene.tranship(
                    "run", try pipeline(#"{ demo: team-a, "*": team-b }"#))
                #expect(run.status == 0, run.said)
                let owners = try await LabCloud.betaAdmin.images(scene.prefix)
                    .map { $0.text("owner") }
                let there = try await projects(.betaAdmin)
                #expect(Set(owners) == Set([there["team-a"], there["team-b"]].compactMap(\.self)))
            }
        }

        @Test("an id or a name is missing only if no project has it", arguments: ["id", "name"])
        func selected(by key: String) async throws {
            try await scene("chosen") { scene in
                let image = try await scene.alpha.add(scene.prefix, Sample.raw(7000, seed: 1))
                let there = key == "id" ? image.id : scene.prefix
                let missing = "0f2c8c0e-5d0b-4a1f-9a7e-6d3c2b1a0987"
                for (values, status) in [([there], 0), ([there, missing], 3)] {
                    let file = try scene.pipeline(
                        """
                        sources: [{ cloud: alpha, images: { \(key): \(values) } }]
                        targets: [{ cloud: beta }]
                        projects: { team-a: demo, demo: team-a }
                        """)
                    let plan = try await scene.tranship("plan", file)
                    #expect(!plan.output.contains("refused"), plan.said)
                    let run = try await scene.tranship("run", file)
                    #expect(run.status == status, run.said)
                    #expect(run.talk.contains(missing) == (status == 3), run.said)
                    let check = try await scene.tranship("check", file)
                    #expect(check.status == status, check.said)
                }
                let copy = try await LabCloud.betaAdmin.only(scene.prefix)
                #expect(copy.text("owner") == (try await projects(.betaAdmin))["team-a"])
            }
        }

        @Test("a user who does not see the images of other projects is warned")
        func unseen() async throws {
            try await scene("unseen") { scene in
                try await scene.alpha.add("\(scene.prefix) demo", Sample.raw(7000, seed: 1))
                try await LabCloud.alphaOther.add(
                    "\(scene.prefix) other", Sample.raw(8000, seed: 2), ["visibility": "private"])
                let here = try await projects(.alphaAdmin)
                let (demo, other) = (try #require(here["demo"]), try #require(here["other"]))
                for (cloud, status) in [("alpha", 3), ("alpha-admin", 0)] {
                    let file = try scene.pipeline(
                        """
                        sources:
                          - cloud: \(cloud)
                            images: { owner: any, name: "\(scene.prefix)*" }
                        targets: [{ cloud: beta-admin }]
                        projects: { \(demo): team-a, \(other): team-b }
                        """)
                    let run = try await scene.tranship("run", file)
                    #expect(run.status == status, run.said)
                    #expect(
                        run.talk.contains("lists no private image of another project")
                            == (status == 3), run.said)
                    let check = try await scene.tranship("check", file)
                    #expect(check.status == status, check.said)
                }
                #expect(try await LabCloud.betaAdmin.images(scene.prefix).count == 2)
            }
        }

        @Test("with a token of each project, a plain member accepts what its projects had accepted")
        func acceptedByTokens() async throws {
            try await scene("accepting") { scene in
                let shared = try await scene.alpha.add(
                    scene.prefix, Sample.raw(7000, seed: 1), ["visibility": "shared"])
                let here = try await projects(.alphaAdmin)
                let there = try await projects(.betaAdmin)
                for (name, status) in [("team-a", Member.Status.accepted), ("other", .pending)] {
                    let member = try #require(here[name])
                    try await scene.alpha.share(shared.id, with: member)
                    guard status == .accepted else { continue }
                    _ = try await LabCloud.alphaAdmin.service.setMemberStatus(
                        shared.id, projectID: member, status)
                }
                let file = try scene.pipeline(
                    """
                    sources: [{ cloud: alpha, images: { name: "\(scene.prefix)" } }]
                    targets: [{ cloud: beta }]
                    projects: { demo: team-a, team-a: demo }
                    """)
                let plan = try await scene.tranship("plan", file, "--format", "json")
                let codes = plan.lines("plan-item").first?["note_codes"]?.array ?? []
                #expect(codes.contains("members-are-accepted"), plan.said)
                #expect(!codes.contains("members-have-to-accept"), plan.said)
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let copy = try await LabCloud.betaAdmin.only(scene.prefix)
                #expect(copy.text("owner") == there["team-a"], run.said)
                let member = try await LabCloud.betaAdmin.service.member(
                    of: copy.id, projectID: try #require(there["demo"]))
                #expect(member.status == .accepted, run.said)
            }
        }

        @Test(
            "a kernel in another project is named by its copy there, with one token as with many",
            arguments: ["", "image: { owner: projects }"])
        func references(way: String) async throws {
            try await scene("refs") { scene in
                let kernel = try await LabCloud.alphaOther.add(
                    "\(scene.prefix) kernel", Sample.raw(8000, seed: 1), disk: "aki",
                    container: "aki", ["visibility": "community"])
                try await scene.alpha.add(
                    "\(scene.prefix) machine", Sample.raw(7000, seed: 3), disk: "ami",
                    container: "ami", ["kernel_id": .string(kernel.id)])
                func pipeline(_ keys: String) throws -> String {
                    try scene.pipeline(
                        """
                        sources:
                          - cloud: alpha-admin
                            images: { name: "\(scene.prefix)*" }
                        targets:
                          - cloud: beta-admin
                            \(keys)
                        \(Self.table)
                        """)
                }
                let run = try await scene.tranship(
                    "run", try pipeline(way))
                #expect(run.status == 0, run.said)
                let copies = try await LabCloud.betaAdmin.images(scene.prefix)
                let copy = copies.first { $0.name.hasSuffix("kernel") }
                let machine = copies.first { $0.name.hasSuffix("machine") }
                #expect(machine?["kernel_id"]?.string == copy?.id, run.said)
                #expect(machine?["owner"] != copy?["owner"], run.said)
            }
        }
    }
}
