// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Members at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceMembersTests {
    @Test("a member is offered an image, accepts it and is removed")
    func life() async throws {
        let other = try Lab.service("alpha-other")
        let projectID = try #require(try await other.session.authenticate().projectID)
        let new = NewImage(visibility: .shared)
        try await Lab.withImage(new) { service, image in
            let added = try await service.addMember(image.id, projectID: projectID)
            #expect(added.status == .pending)
            #expect(added.memberID == projectID && added.imageID == image.id)
            let again = await #expect(throws: MigrationError.self) {
                try await service.addMember(image.id, projectID: projectID)
            }
            #expect(again?.code == .conflict)

            let byOwner = await #expect(throws: MigrationError.self) {
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

            try await service.removeMember(image.id, projectID: projectID)
            #expect(try await service.members(of: image.id).isEmpty)
            try await service.removeMember(image.id, projectID: projectID, missingIsFine: true)
            let gone = await #expect(throws: MigrationError.self) {
                try await service.removeMember(image.id, projectID: projectID)
            }
            #expect(gone?.code == .notFound)
        }
    }

    @Test("a private image has no members")
    func privateImage() async throws {
        try await Lab.withImage(NewImage(visibility: .private)) { service, image in
            let error = await #expect(throws: MigrationError.self) {
                try await service.addMember(image.id, projectID: "0123456789abcdef0123456789abcdef")
            }
            #expect(error?.code == .forbidden)
        }
    }
}
