// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import OpenStackImage
import TestSupport
import Testing

extension EndToEndTests {
    /// The table `image: { owner }`, with projects by their names in two Keystones.
    @Suite struct OwnerTableTests {
        private func file(_ scene: Scene, _ table: String) throws -> String {
            try scene.pipeline(
                """
                sources:
                  - cloud: alpha-admin
                    images: { name: "\(scene.prefix)*", owner: any }
                targets:
                  - cloud: beta-admin
                    image:
                      owner: \(table)
                """)
        }

        private func projects(_ cloud: LabCloud) async throws -> [String: String] {
            Dictionary(
                try await cloud.service.session.ownProjects().map { ($0.name, $0.id) }
            ) { first, _ in first }
        }

        private func addImages(_ scene: Scene) async throws {
            try await scene.alpha.add("\(scene.prefix) demo", Sample.raw(7000, seed: 1))
            try await LabCloud.alphaOther.add(
                "\(scene.prefix) other", Sample.raw(8000, seed: 2), ["visibility": "private"])
        }

        @Test("names, ids and names with a domain lead to the same projects")
        func names() async throws {
            try await scene("owners") { scene in
                try await addImages(scene)
                let (here, there) = (
                    try await projects(.alphaAdmin), try await projects(.betaAdmin)
                )
                let a = try #require(there["team-a"])
                let b = try #require(there["team-b"])
                let demo = try #require(here["demo"])
                for table in [
                    "{ demo: team-a, other: team-b }", "{ \(demo): \(a), other@Default: team-b }",
                    #"{ demo: team-a@Default, "*": team-b }"#,
                ] {
                    let file = try file(scene, table)
                    let run = try await scene.tranship("run", file)
                    #expect(run.status == 0, run.said)
                    let copies = try await LabCloud.betaAdmin.images(scene.prefix)
                    let owners = copies.map {
                        "\($0.name.split(separator: " ").last ?? "") \($0.text("owner"))"
                    }
                    #expect(owners.sorted() == ["demo \(a)", "other \(b)"], run.said)
                    let check = try await scene.tranship("check", file)
                    #expect(check.status == 0, check.said)
                }
                // The other spellings found the copies of the first one.
                #expect(try await LabCloud.betaAdmin.images(scene.prefix).count == 2)
            }
        }

        @Test(
            "a word that names a project of neither cloud is refused with its line, before any image is made"
        )
        func unknown() async throws {
            try await scene("noowner") { scene in
                try await addImages(scene)
                for (table, name) in [
                    ("{ demo: no-such-team }", "no-such-team"), ("{ no-such: team-a }", "no-such"),
                    ("{ demo: team-a@Nowhere }", "team-a@Nowhere"),
                ] {
                    let run = try await scene.tranship("run", try file(scene, table))
                    #expect(run.status == 2, run.said)
                    #expect(run.talk.contains("pipeline.yaml:"), run.said)
                    #expect(
                        run.talk.contains("\"\(name)\", which is not the id of a project"), run.said
                    )
                }
                #expect(try await LabCloud.betaAdmin.images(scene.prefix).isEmpty)
            }
        }
    }
}
