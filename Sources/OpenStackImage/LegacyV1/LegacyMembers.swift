// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// A project that may use a private image of a legacy cloud. In v1 a member sees the image at once,
/// without accepting it.
public struct LegacyMember: ServiceRecord {
    public static let idKey = "member_id"
    public let record: [String: JSONValue]

    /// - Parameter memberID: the id of the project.
    public init(memberID: String, canShare: Bool = false) {
        record = ["member_id": .string(memberID), "can_share": .bool(canShare)]
    }

    public init(record: [String: JSONValue]) { self.record = record }

    /// The id of the project.
    public var memberID: String { idText }
    /// True if the member may share the image with other projects.
    public var canShare: Bool { record["can_share"]?.bool ?? false }
}

/// An image that is shared with a project.
public struct LegacySharedImage: ServiceRecord {
    public static let idKey = "image_id"
    public let record: [String: JSONValue]

    public init(record: [String: JSONValue]) { self.record = record }

    /// The image's id.
    public var imageID: String { idText }
    /// True if the project may share the image with other projects.
    public var canShare: Bool { record["can_share"]?.bool ?? false }
}

/// `/v1/images/{id}/members` and `/v1/shared-images`
/// (<https://docs.openstack.org/api-ref/image/v1/#sharing>).
extension LegacyImageService {
    /// Returns the members of an image.
    public func members(of imageID: String) async throws(TranshipError) -> [LegacyMember] {
        try await service.sendForPage(
            .init(.get, path(imageID)), key: "members"
        ).records
    }

    /// Replaces all members by these.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` for an image that this project may not share or
    ///   does not see; ``TranshipError/Code/quotaExceeded`` for more than 128 members, the default
    ///   of the service.
    public func replaceMembers(
        of imageID: String, with members: [LegacyMember]
    ) async throws(TranshipError) {
        let memberships = members.map {
            JSONValue.object(LegacyMember(memberID: $0.memberID, canShare: $0.canShare).record)
        }
        try await service.send(
            .init(
                .put, path(imageID),
                json: ["memberships": .array(memberships)]), expecting: [204])
    }

    /// Shares the image with a project, by id. The service does not look up names, and accepts the
    /// id of a project that does not exist. If the project is a member already, sets `canShare`.
    ///
    /// - Throws: as ``replaceMembers(of:with:)``.
    public func addMember(
        _ imageID: String, projectID: String, canShare: Bool = false
    ) async throws(TranshipError) {
        // Without `can_share`, Glance 15 answers 204 for a former member and does nothing.
        try await service.send(
            .init(
                .put, path(imageID, projectID),
                json: ["member": ["can_share": .bool(canShare)]]), expecting: [204])
    }

    /// Removes a member.
    ///
    /// - Throws: as ``replaceMembers(of:with:)``; unless `missingIsFine`,
    ///   ``TranshipError/Code/notFound`` if the project is not a member.
    public func removeMember(
        _ imageID: String, projectID: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await service.sendDelete(
            path(imageID, projectID), missingIsFine: missingIsFine)
    }

    /// Returns the images that are shared with a project. Empty for an unknown project.
    public func sharedImages(
        with projectID: String
    ) async throws(TranshipError) -> [LegacySharedImage] {
        try await service.sendForPage(
            .init(.get, "/v1/shared-images/\(percentEncode(projectID))"), key: "shared_images"
        ).records
    }

    private func path(_ imageID: String, _ memberID: String? = nil) -> String {
        let members = "\(LegacyImageRequests.path(imageID))/members"
        return memberID.map { "\(members)/\(percentEncode($0))" } ?? members
    }
}
