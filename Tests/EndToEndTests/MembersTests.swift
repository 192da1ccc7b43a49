// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import OpenStackImage
import Testing

extension EndToEndTests {
    /// The members of copies, and their answers.
    @Suite struct MembersTests {
        /// Makes a pipeline from a project to another one of the same Keystone.
        private func file(_ scene: Scene, target: String) throws -> String {
            try scene.cloudPipeline(
                target: target,
                targetKeys: """
                    on_conflict: update
                    method: upload
                    image: { name: "{name} copy" }
                    """)
        }

        private func answer(
            _ image: JSONValue, _ member: String, _ status: Member.Status
        ) async throws {
            _ = try await LabCloud.alphaAdmin.service.setMemberStatus(
                image.id, projectID: member, status)
        }

        private func status(_ image: JSONValue, _ member: String) async throws -> Member.Status {
            try await LabCloud.alphaAdmin.service.member(of: image.id, projectID: member).status
        }

        @Test("an answer that a run may give is compared; who has to accept is named otherwise")
        func answers() async throws {
            try await scene("answers") { scene in
                let original = try await scene.alpha.add(
                    scene.prefix, Sample.raw(7000, seed: 1), ["visibility": "shared"])
                let member = try await LabCloud.alphaOther.projectID
                try await scene.alpha.share(original.id, with: member)
                try await answer(original, member, .accepted)
                let file = try file(scene, target: "alpha-admin")
                let run = try await scene.tranship("run", file)
                #expect(run.status == 0, run.said)
                let copy = try await LabCloud.alphaAdmin.only("\(scene.prefix) copy")
                #expect(try await status(copy, member) == .accepted)
                let same = try await scene.tranship("check", file)
                #expect(same.status == 0, same.said)

                for answered in [Member.Status.pending, .rejected] {
                    try await answer(copy, member, answered)
                    let check = try await scene.tranship("check", file)
                    #expect(check.status == 4, check.said)
                    #expect(
                        check.output.contains(
                            "members.other (\(member)): accepted -> \(answered)"),
                        check.said)
                }

                // A plain user cannot answer for others.
                try await LabCloud.alphaAdmin.delete(copy)
                try await plain(scene, member)
            }
        }

        private func plain(_ scene: Scene, _ member: String) async throws {
            let file = try scene.cloudPipeline(
                target: "alpha",
                targetKeys: """
                    project: team-a
                    method: upload
                    image: { name: "{name} copy" }
                    """)
            #expect(try await scene.tranship("run", file).status == 0)
            let check = try await scene.tranship("check", file)
            #expect(check.status == 0, check.said)
            #expect(
                check.output.contains(
                    "1 member has to accept the copy before it is in its list: \(member)"),
                check.said)
            let copy = try await LabCloud.alphaAdmin.only("\(scene.prefix) copy")
            try await answer(copy, member, .rejected)
            let rejected = try await scene.tranship("check", file)
            #expect(rejected.status == 0, rejected.said)
            #expect(rejected.output.contains("project \(member) rejected the copy"), rejected.said)
        }

        @Test(
            "members that come after the copy are shared with by an update, and none is asked twice"
        )
        func later() async throws {
            try await scene("later") { scene in
                let original = try await scene.alpha.add(
                    scene.prefix, Sample.raw(7000, seed: 1), ["visibility": "shared"])
                let file = try file(scene, target: "alpha-admin")
                #expect(try await scene.tranship("run", file).status == 0)
                let copy = try await LabCloud.alphaAdmin.only("\(scene.prefix) copy")
                #expect(try await LabCloud.alphaAdmin.members(copy.id).isEmpty)

                let member = try await LabCloud.alphaOther.projectID
                try await scene.alpha.share(original.id, with: member)
                try await answer(original, member, .accepted)
                let second = try await scene.tranship("run", file)
                #expect(second.status == 0, second.said)
                #expect(try await status(copy, member) == .accepted)
                #expect(try await scene.tranship("check", file).status == 0)
                let quiet = try await scene.tranship("run", file)
                #expect(quiet.talk.contains("nothing to do"), quiet.said)

                // The member rejects the copy at the target, and the source gets another member.
                try await answer(copy, member, .rejected)
                let newer = "0123456789abcdef0123456789abcdef"
                try await scene.alpha.share(original.id, with: newer)
                let third = try await scene.tranship("run", file)
                #expect(third.status == 0, third.said)
                #expect(
                    try await LabCloud.alphaAdmin.members(copy.id) == [member, newer].sorted())
                #expect(try await status(copy, member) == .rejected)

                // A member that is removed at the source keeps the copy, and the plan says so.
                try await scene.alpha.service.removeMember(original.id, projectID: newer)
                let plan = try await scene.tranship("plan", file, "-v")
                #expect(
                    plan.output.contains("the source does not share it with \(newer) any more"),
                    plan.said)
                #expect(try await scene.tranship("run", file).status == 0)
                #expect(try await LabCloud.alphaAdmin.members(copy.id).contains(newer))
                let check = try await scene.tranship("check", file)
                #expect(check.status == 4 && check.output.contains("members: "), check.said)
            }
        }
    }
}
