// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Reading members")
struct MemberDecodingTests {
    @Test("a member of an old service has only its id, and waits")
    func sparse() throws {
        let member = try Member(json: ["member_id": "p"])
        #expect(member.memberID == "p")
        #expect(member.status == .pending)
        #expect(throws: TranshipError.self) { try Member(json: ["status": "accepted"]) }
    }
}

@Suite("Member requests")
struct MemberRequestsTests {
    @Test("adding, answering and removing name the project where the service wants it")
    func requests() {
        let add = MemberRequests.add("i", "p")
        #expect(add.asked == "POST /v2/images/i/members")
        #expect(String(decoding: add.body ?? [], as: UTF8.self) == #"{"member":"p"}"#)
        let answer = MemberRequests.setStatus("i", "p", .rejected)
        #expect(answer.asked == "PUT /v2/images/i/members/p")
        #expect(String(decoding: answer.body ?? [], as: UTF8.self) == #"{"status":"rejected"}"#)
        #expect(MemberRequests.path("i", "p/q") == "/v2/images/i/members/p%2Fq")
    }
}

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
                ImageQuery(name: .one(image.name ?? ""), visibility: .only(.shared))
            ).all()
            #expect(shared.map(\.id) == [image.id])

            let answers: [(ImageQuery.Filter<Member.Status>, Int)] = [
                (.only(.accepted), 1), (.only(.rejected), 0), (.all, 1),
            ]
            for (status, count) in answers {
                let query = ImageQuery(
                    id: .one(image.id), visibility: .only(.shared), memberStatus: status)
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
