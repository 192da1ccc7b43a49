// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import FoundationEssentials
import LabSupport
import OpenStackImage
import TestSupport
import Testing

@Suite("Images v1: members")
struct LegacyMembersTests {
    private func members(_ service: LegacyImageService, _ id: String) async throws -> [LegacyMember]
    {
        try await service.members(of: id).sorted { $0.memberID < $1.memberID }
    }

    @Test(
        "members come, change and go",
        .proves(
            "v1 list_members(image_id)", "v1 add_member(image_id, member_id, can_share)",
            "v1 remove_member(image_id, member_id)"), arguments: LegacyCloud.all)
    func members(_ cloud: LegacyCloud) async throws {
        try await cloud.withImage { service, image in
            #expect(try await members(service, image.id).isEmpty)
            try await service.addMember(image.id, projectID: "p1")
            try await service.addMember(image.id, projectID: "p2", canShare: true)
            #expect(
                try await members(service, image.id) == [
                    LegacyMember(memberID: "p1"), LegacyMember(memberID: "p2", canShare: true),
                ])
            try await service.addMember(image.id, projectID: "p1", canShare: true)
            try await service.removeMember(image.id, projectID: "p2")
            #expect(
                try await members(service, image.id) == [
                    LegacyMember(memberID: "p1", canShare: true)
                ])
            let error = await #expect(throws: TranshipError.self) {
                try await service.removeMember(image.id, projectID: "p2")
            }
            #expect(error?.code == .notFound)
            try await service.removeMember(image.id, projectID: "p2", missingIsFine: true)
        }
    }

    /// Glance 15 answers 204 and changes nothing, unless the request has `can_share`.
    @Test("a member that was removed can come back", arguments: LegacyCloud.all)
    func comeBack(_ cloud: LegacyCloud) async throws {
        try await cloud.withImage { service, image in
            try await service.addMember(image.id, projectID: "p1", canShare: true)
            try await service.removeMember(image.id, projectID: "p1")
            try await service.addMember(image.id, projectID: "p1")
            #expect(try await members(service, image.id) == [LegacyMember(memberID: "p1")])
        }
    }

    @Test(
        "all members are replaced at once, former ones included",
        .proves("v1 replace_members(image_id, memberships, can_share)"), arguments: LegacyCloud.all)
    func replace(_ cloud: LegacyCloud) async throws {
        try await cloud.withImage { service, image in
            try await service.addMember(image.id, projectID: "p1")
            let first = [
                LegacyMember(memberID: "p2", canShare: true), LegacyMember(memberID: "p3"),
            ]
            try await service.replaceMembers(of: image.id, with: first)
            #expect(try await members(service, image.id) == first)
            let second = [LegacyMember(memberID: "p1"), LegacyMember(memberID: "p2")]
            try await service.replaceMembers(of: image.id, with: second)
            #expect(try await members(service, image.id) == second)
            try await service.replaceMembers(of: image.id, with: [])
            #expect(try await members(service, image.id).isEmpty)
        }
    }

    @Test(
        "a project's shared images are those that are there",
        .proves("v1 shared_images(member_id)"), arguments: LegacyCloud.all)
    func sharedImages(_ cloud: LegacyCloud) async throws {
        let project = Lab.uniqueName("project")
        #expect(try await cloud.service().sharedImages(with: project).isEmpty)
        try await cloud.withImage { service, image in
            try await service.addMember(image.id, projectID: project, canShare: true)
            let shared = try await service.sharedImages(with: project)
            #expect(shared.map(\.imageID) == [image.id])
            #expect(shared.map(\.canShare) == [true])
            try await service.delete(image.id)
            #expect(try await service.sharedImages(with: project).isEmpty)
            let error = await #expect(throws: TranshipError.self) {
                _ = try await service.members(of: image.id)
            }
            #expect(error?.code == .notFound)
        }
    }
}
