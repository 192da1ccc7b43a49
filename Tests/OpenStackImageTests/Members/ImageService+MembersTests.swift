// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Members at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceMembersTests {
    @Test(
        "a member is offered an image, accepts it and is removed",
        .proves(
            "sdk add_member(image, **attrs)", "sdk remove_member(member, image, ignore_missing)",
            "sdk find_member(name_or_id, image, ignore_missing)", "sdk get_member(member, image)",
            "sdk members(image)", "sdk update_member(member, image, **attrs)",
            "sdk images(query.member_status)", "4j listMembers(imageId)",
            "4j createMember(imageId, memberId)", "4j getMember(imageId, memberId)",
            "4j updateMember(imageId, memberId, memberStatus)", "4j deleteMember(imageId, memberId)"
        ))
    func life() async throws {
        let other = try Lab.service("alpha-other")
        let projectID = try #require(try await other.session.authenticate().projectID)
        let new = NewImage(visibility: .shared)
        try await Lab.withImage(new) { service, image in
            let added = try await service.addMember(image.id, projectID: projectID)
            #expect(added.status == .pending)
            #expect(added.memberID == projectID && added.imageID == image.id)
            let again = await #expect(throws: TranshipError.self) {
                try await service.addMember(image.id, projectID: projectID)
            }
            #expect(again?.code == .conflict)

            let byOwner = await #expect(throws: TranshipError.self) {
                try await service.setMemberStatus(image.id, projectID: projectID, .accepted)
            }
            #expect(byOwner?.code == .forbidden)
            let accepted = try await other.setMemberStatus(
                image.id, projectID: projectID, .accepted)
            #expect(accepted.status == .accepted)
            #expect(try await service.members(of: image.id).map(\.status) == [.accepted])
            #expect(
                try await service.member(of: image.id, projectID: projectID).status == .accepted)
            let shared = try await other.images(
                ImageQuery(name: .one(image.name ?? ""), visibility: "shared")
            ).all()
            #expect(shared.map(\.id) == [image.id])

            for (status, count) in [("accepted", 1), ("rejected", 0), ("all", 1)] {
                let query = ImageQuery(
                    id: .one(image.id), visibility: "shared", memberStatus: status)
                #expect(try await other.images(query).all().count == count, "\(status)")
            }

            try await service.removeMember(image.id, projectID: projectID)
            #expect(try await service.members(of: image.id).isEmpty)
            #expect(try await service.memberIfPresent(of: image.id, projectID: projectID) == nil)
            try await service.removeMember(image.id, projectID: projectID, missingIsFine: true)
            let gone = await #expect(throws: TranshipError.self) {
                try await service.removeMember(image.id, projectID: projectID)
            }
            #expect(gone?.code == .notFound)
        }
    }

    @Test("a private image has no members")
    func privateImage() async throws {
        try await Lab.withImage(NewImage(visibility: .private)) { service, image in
            let error = await #expect(throws: TranshipError.self) {
                try await service.addMember(image.id, projectID: "0123456789abcdef0123456789abcdef")
            }
            #expect(error?.code == .forbidden)
        }
    }
}
