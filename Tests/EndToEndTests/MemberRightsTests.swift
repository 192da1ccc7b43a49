// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import LabSupport
import OpenStackImage
import TestSupport
import Testing

extension EndToEndTests {
    /// The plan's notes about requests that clouds may refuse to a member, compared with the result
    /// of a run under the policies of real services.
    @Suite struct MemberRightsTests {
        /// Returns the codes of the notes on the plan's only image.
        private func notes(_ scene: Scene, _ file: String) async throws -> [String] {
            let plan = try await scene.tranship("plan", file, "--format", "json")
            let items = plan.lines("plan-item")
            try #require(items.count == 1, "\(plan.said)")
            return (items[0]["note_codes"]?.array ?? []).compactMap(\.string)
        }

        private func pipeline(
            _ scene: Scene, from source: String = "alpha", to target: String = "beta",
            _ rules: String = ""
        ) throws -> String {
            try scene.pipeline(
                """
                sources:
                  - cloud: \(source)
                    images: { name: "\(scene.prefix)", status: [active, deactivated], owner: any }
                targets:
                  - cloud: \(target)
                    image: { \(rules) }
                """)
        }

        /// Returns the state and the failure's code of the run's only transfer.
        private func ended(_ scene: Scene) async throws -> [String?] {
            let transfers = try await scene.journalled()
            try #require(transfers.count == 1)
            return [transfers[0].text("state"), transfers[0]["error"]?["code"]?.string]
        }

        @Test("a public copy that the target refuses stays private, as the plan says")
        func publicCopy() async throws {
            try await scene("rightpublic") { scene in
                try await scene.alpha.add(scene.prefix, Sample.raw(7000, seed: 3))
                let file = try pipeline(scene, "visibility: public")
                #expect(try await notes(scene, file).contains("public-may-be-refused"))
                let run = try await scene.tranship("run", file)
                #expect(run.status == 3, run.said)
                #expect(try await ended(scene) == ["unpublished", "unpublished"], run.said)
                let copy = try await scene.beta.only(scene.prefix)
                #expect(copy.text("visibility") == "private")
                // A later run continues with the copy, and has the same note.
                #expect(try await notes(scene, file).contains("public-may-be-refused"))
            }
        }

        @Test("a community copy may be refused, and by the default policy is not")
        func communityCopy() async throws {
            try await scene("rightcommunity") { scene in
                try await scene.alpha.add(scene.prefix, Sample.raw(7000, seed: 3))
                let file = try pipeline(scene, "visibility: community")
                #expect(try await notes(scene, file).contains("community-may-be-refused"))
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let copy = try await scene.beta.only(scene.prefix)
                #expect(copy.text("visibility") == "community")
                #expect(try await !notes(scene, file).contains("community-may-be-refused"))
            }
        }

        @Test("a member reads no deactivated image, and the target keeps nothing of it")
        func deactivatedSource() async throws {
            try await scene("rightread") { scene in
                let image = try await scene.alpha.add(scene.prefix, Sample.raw(7000, seed: 3))
                try await LabCloud.alphaAdmin.service.deactivate(image.id)
                let file = try pipeline(scene)
                #expect(try await notes(scene, file).contains("deactivated-may-be-unreadable"))
                let run = try await scene.tranship("run", file)
                #expect(run.status == 3, run.said)
                #expect(try await ended(scene) == ["failed", "source-unavailable"], run.said)
                #expect(try await scene.beta.images(scene.prefix).isEmpty)
            }
        }

        @Test("a member may deactivate a copy of its own by the default policy")
        func deactivatedCopy() async throws {
            try await scene("rightdeactivate") { scene in
                let image = try await scene.alpha.add(
                    scene.prefix, Sample.raw(7000, seed: 3), ["visibility": "community"])
                try await LabCloud.alphaAdmin.service.deactivate(image.id)
                let file = try pipeline(scene, from: "alpha-admin")
                let said = try await notes(scene, file)
                #expect(said.contains("deactivation-may-be-refused"))
                #expect(!said.contains("deactivated-may-be-unreadable"))
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let copy = try await scene.beta.only(scene.prefix)
                #expect(copy.text("status") == "deactivated")
                #expect(copy.text("visibility") == "community")
            }
        }

        @Test("a member creates no image of another project")
        func otherOwner() async throws {
            try await scene("rightowner") { scene in
                try await scene.alpha.add(scene.prefix, Sample.raw(7000, seed: 3))
                let source = try await scene.alpha.projectID
                let owner = try await LabCloud.betaOther.projectID
                let file = try pipeline(scene, "owner: { \"\(source)\": \"\(owner)\" }")
                #expect(try await notes(scene, file).contains("owner-may-be-refused"))
                let run = try await scene.tranship("run", file)
                #expect(run.status == 3, run.said)
                #expect(try await ended(scene).first == "failed", run.said)
                #expect(try await LabCloud.betaAdmin.images(scene.prefix).isEmpty)
            }
        }

        @Test("an image of another project is shared with those of its members that a member sees")
        func otherMembers() async throws {
            try await scene("rightmembers") { scene in
                let image = try await LabCloud.alphaOther.add(
                    scene.prefix, Sample.raw(7000, seed: 3), ["visibility": "shared"])
                let own = try await scene.alpha.projectID
                let third = try await LabCloud.alphaAdmin.projectID
                try await LabCloud.alphaOther.share(image.id, with: own)
                try await LabCloud.alphaOther.share(image.id, with: third)
                try await scene.alpha.service.setMemberStatus(image.id, projectID: own, .accepted)
                let file = try pipeline(scene, "members: keep")
                #expect(try await notes(scene, file).contains("members-may-be-hidden"))
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let copy = try await scene.beta.only(scene.prefix)
                #expect(try await scene.beta.members(copy.id) == [own])
            }
        }
    }
}
