// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import OpenStackImage
import TestSupport
import Testing

extension EndToEndTests {
    /// Machine images whose kernels belong to another project, copied with a token of each project.
    @Suite struct CrossingTests {
        /// The ways in which a kernel of one project is visible to the other project.
        private static let ways = ["accepted", "pending", "community", "unseen"]

        private func projects(_ cloud: LabCloud) async throws -> [String: String] {
            Dictionary(
                try await cloud.service.session.ownProjects().map { ($0.name, $0.id) }
            ) { first, _ in first }
        }

        /// Adds a kernel of team-a, and a machine image of demo that names it.
        @discardableResult
        private func add(
            _ scene: Scene, _ way: String, _ here: [String: String], seed: UInt64
        ) async throws -> (kernel: JSONValue, machine: JSONValue) {
            let owner = try #require(here["team-a"])
            let visibility =
                switch way {
                case "community", "public": way
                case "unseen": "private"
                default: "shared"
                }
            let kernel = try await LabCloud.alphaAdmin.add(
                "\(scene.prefix) kernel \(way)", Sample.raw(5000, seed: seed), disk: "aki",
                container: "aki", ["visibility": .string(visibility), "owner": .string(owner)])
            if visibility == "shared" {
                let member = try #require(here["demo"])
                try await LabCloud.alphaAdmin.share(kernel.id, with: member)
                // Only the owner sees this membership.
                try await LabCloud.alphaAdmin.share(kernel.id, with: try #require(here["other"]))
                if way == "accepted" {
                    _ = try await LabCloud.alphaAdmin.service.setMemberStatus(
                        kernel.id, projectID: member, .accepted)
                }
            }
            let machine = try await scene.alpha.add(
                "\(scene.prefix) machine \(way)", Sample.raw(6000, seed: seed + 100), disk: "ami",
                container: "ami", ["kernel_id": .string(kernel.id)])
            return (kernel, machine)
        }

        private func pipeline(
            _ scene: Scene, _ table: String, clouds: [String] = ["alpha", "beta"],
            images: String = "machine *"
        ) throws -> String {
            try scene.pipeline(
                """
                sources:
                  - cloud: \(clouds[0])
                    images: { name: "\(scene.prefix) \(images)" }
                targets: [{ cloud: \(clouds[1]) }]
                projects: \(table)
                """)
        }

        @Test(
            "a kernel comes along from its own project, however it is shown to the other one",
            arguments: ["{ demo: team-a, team-a: demo }", "{ team-a: demo, demo: team-a }"],
            ["machine *", "*"])
        func comesAlong(table: String, images: String) async throws {
            try await scene("crossing") { scene in
                let here = try await projects(.alphaAdmin)
                let there = try await projects(.betaAdmin)
                for (index, way) in Self.ways.enumerated() {
                    try await add(scene, way, here, seed: UInt64(index))
                }
                let file = try pipeline(scene, table, images: images)
                let plan = try await scene.tranship("plan", file, "--format", "json")
                let shared = plan.lines("plan-item").filter {
                    $0.text("name").hasSuffix("kernel accepted")
                        || $0.text("name").hasSuffix("kernel pending")
                }
                #expect(shared.count == 2, plan.said)
                for item in shared {
                    let codes = item["note_codes"]?.array?.compactMap(\.string) ?? []
                    #expect(codes.contains("not-shared"), plan.said)
                }
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let copies = try await LabCloud.betaAdmin.images(scene.prefix)
                #expect(copies.count == 2 * Self.ways.count, run.said)
                for way in Self.ways {
                    let kernel = try #require(copies.first { $0.name.hasSuffix("kernel \(way)") })
                    let machine = try #require(
                        copies.first { $0.name.hasSuffix("machine \(way)") })
                    #expect(machine.text("kernel_id") == kernel.id, run.said)
                    #expect(kernel.text("owner") == there["demo"])
                    #expect(machine.text("owner") == there["team-a"])
                }
                let check = try await scene.tranship("check", file)
                #expect(check.status == 0, check.said)
                #expect(check.talk.contains("\(copies.count) the same"), check.said)
                let again = try await scene.tranship("plan", file)
                #expect(again.output.contains("\(copies.count) to skip"), again.said)

                // If a machine image stays, its kernel stays.
                let kept = try #require(copies.first { $0.name.hasSuffix("machine unseen") })
                try await LabCloud.betaAdmin.change(kept.id, ["os_distro": "debian"])
                let undo = try await scene.tranship("rollback", file, "1", "--yes")
                #expect(undo.status == 3, undo.said)
                let left = try await LabCloud.betaAdmin.images(scene.prefix).map(\.id)
                #expect(Set(left) == [kept.id, kept.text("kernel_id")], undo.said)
            }
        }

        @Test("a public kernel of another project comes along with an administrator's tokens")
        func publicKernel() async throws {
            try await scene("crosspub") { scene in
                try await add(scene, "public", try await projects(.alphaAdmin), seed: 7)
                let file = try pipeline(
                    scene, "{ demo: team-a, team-a: demo }", clouds: ["alpha-admin", "beta-admin"])
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let copies = try await LabCloud.betaAdmin.images(scene.prefix)
                let kernel = try #require(copies.first { $0.name.hasSuffix("kernel public") })
                #expect(kernel.text("visibility") == "public")
                #expect(copies.contains { $0.text("kernel_id") == kernel.id }, run.said)
            }
        }

        @Test("a kernel that cannot be read holds its image back, and no other")
        func failedKernel() async throws {
            try await scene("crossfail") { scene in
                let here = try await projects(.alphaAdmin)
                let broken = try await add(scene, "community", here, seed: 3)
                try await add(scene, "unseen", here, seed: 4)
                // Only administrators can read the data of a deactivated image.
                try await LabCloud.alphaAdmin.service.deactivate(broken.kernel.id)
                let file = try pipeline(scene, "{ demo: team-a, team-a: demo }")
                let run = try await scene.tranship("run", file)
                #expect(run.status == 3, run.said)
                let failed = try await scene.journalled().filter { $0.text("state") == "failed" }
                let codes = failed.map { $0["error"]?["code"]?.string }
                #expect(codes.count == 2 && codes.contains("dependency-failed"), run.said)
                let copies = try await LabCloud.betaAdmin.images(scene.prefix)
                #expect(copies.count == 2, run.said)
                #expect(copies.contains { $0.name.hasSuffix("machine unseen") }, run.said)
                try await LabCloud.alphaAdmin.service.reactivate(broken.kernel.id)
                let again = try await scene.tranship("run", file)
                #expect(again.status == 0, again.said)
                #expect(try await LabCloud.betaAdmin.images(scene.prefix).count == 4)
            }
        }

        @Test(
            "a kernel of a project that is not in the table is refused with its project and a way out",
            arguments: ["{ demo: team-a, team-a: demo }", "{ team-a: demo, demo: team-a }"])
        func unmapped(table: String) async throws {
            try await scene("crossout") { scene in
                let kernel = try await LabCloud.alphaOther.add(
                    "\(scene.prefix) kernel", Sample.raw(5000, seed: 1), disk: "aki",
                    container: "aki", ["visibility": "community"])
                try await scene.alpha.add(
                    "\(scene.prefix) machine", Sample.raw(6000, seed: 2), disk: "ami",
                    container: "ami", ["kernel_id": .string(kernel.id)])
                let file = try pipeline(scene, table, images: "*")
                let run = try await scene.tranship("run", file)
                #expect(run.status == 3, run.said)
                let other = try await LabCloud.alphaOther.projectID
                #expect(
                    run.talk.contains("is of project \(other), which is not in `projects`"),
                    run.said)
                #expect(run.talk.contains("add that project, or \"*\" for the rest"), run.said)
                #expect(try await LabCloud.betaAdmin.images(scene.prefix).isEmpty)
            }
        }
    }
}
