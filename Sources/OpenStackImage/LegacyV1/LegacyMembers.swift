// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// A project that may use a private image of a legacy cloud. In v1 a member sees the image at once:
/// there is nothing to accept.
public struct LegacyMember: Sendable, Hashable {
    /// The project.
    public var memberID: String
    /// Whether it may share the image with other projects.
    public var canShare: Bool

    /// - Parameter memberID: the project.
    public init(memberID: String, canShare: Bool = false) {
        self.memberID = memberID
        self.canShare = canShare
    }
}

/// An image that is shared with a project.
public struct LegacySharedImage: Sendable, Hashable {
    /// The image's id.
    public let imageID: String
    /// Whether the project may share it with other projects.
    public let canShare: Bool
}

extension LegacyImageService {
    /// The members of an image.
    public func members(of imageID: String) async throws(TranshipError) -> [LegacyMember] {
        let json = try await service.sendForJSON(LegacyMemberRequests.list(imageID))
        guard let records = json["members"]?.array else {
            throw TranshipError(
                .invalidAnswer, "the members of image \(imageID) came without a list")
        }
        var members: [LegacyMember] = []
        for record in records { members.append(try LegacyMember(json: record)) }
        return members
    }

    /// Replaces all members by these.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` for an image that this project may not share or
    ///   does not see; ``TranshipError/Code/quotaExceeded`` for more than 128 members, the default
    ///   of the service.
    public func replaceMembers(
        of imageID: String, with members: [LegacyMember]
    ) async throws(TranshipError) {
        try await service.send(
            LegacyMemberRequests.replace(imageID, members), expecting: [204])
    }

    /// Shares the image with a project, by id. The service does not look up names, and accepts the
    /// id of a project that does not exist. For a member, it sets `canShare`.
    ///
    /// - Throws: as ``replaceMembers(of:with:)``.
    public func addMember(
        _ imageID: String, projectID: String, canShare: Bool = false
    ) async throws(TranshipError) {
        try await service.send(
            LegacyMemberRequests.add(imageID, projectID, canShare: canShare), expecting: [204])
    }

    /// - Throws: as ``replaceMembers(of:with:)``; unless `missingIsFine`,
    ///   ``TranshipError/Code/notFound`` if the project is not a member.
    public func removeMember(
        _ imageID: String, projectID: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await service.send(
            LegacyMemberRequests.remove(imageID, projectID),
            expecting: missingIsFine ? [204, 404] : [204])
    }

    /// The images that are shared with a project. Empty for an unknown project.
    public func sharedImages(
        with projectID: String
    ) async throws(TranshipError) -> [LegacySharedImage] {
        let request = LegacyMemberRequests.sharedImages(projectID)
        let json = try await service.sendForJSON(request)
        guard let records = json["shared_images"]?.array else {
            throw TranshipError(.invalidAnswer, "the answer to \(request.asked) holds no list")
        }
        var images: [LegacySharedImage] = []
        for record in records { images.append(try LegacySharedImage(json: record)) }
        return images
    }
}

/// Requests on `/v1/images/{id}/members` and `/v1/shared-images`
/// (<https://docs.openstack.org/api-ref/image/v1/#sharing>).
enum LegacyMemberRequests {
    static func path(_ imageID: String, _ memberID: String? = nil) -> String {
        let members = "\(LegacyImageRequests.path(imageID))/members"
        return memberID.map { "\(members)/\(percentEncode($0))" } ?? members
    }

    static func list(_ imageID: String) -> ServiceRequest {
        ServiceRequest(.get, path(imageID))
    }

    static func replace(_ imageID: String, _ members: [LegacyMember]) -> ServiceRequest {
        ServiceRequest(
            .put, path(imageID), json: ["memberships": .array(members.map(\.json))])
    }

    /// Always sends `can_share`: without it, Glance 15 answers 204 for a former member and does
    /// nothing.
    static func add(_ imageID: String, _ memberID: String, canShare: Bool) -> ServiceRequest {
        ServiceRequest(
            .put, path(imageID, memberID), json: ["member": ["can_share": .bool(canShare)]])
    }

    static func remove(_ imageID: String, _ memberID: String) -> ServiceRequest {
        ServiceRequest(.delete, path(imageID, memberID))
    }

    static func sharedImages(_ projectID: String) -> ServiceRequest {
        ServiceRequest(.get, "/v1/shared-images/\(percentEncode(projectID))")
    }
}

extension LegacyMember {
    /// - Throws: ``TranshipError/Code/invalidAnswer``.
    init(json: JSONValue) throws(TranshipError) {
        guard let memberID = json["member_id"]?.string else {
            throw TranshipError(.invalidAnswer, "an image member without a member_id")
        }
        self.init(memberID: memberID, canShare: json["can_share"]?.bool ?? false)
    }

    var json: JSONValue {
        ["member_id": .string(memberID), "can_share": .bool(canShare)]
    }
}

extension LegacySharedImage {
    /// - Throws: ``TranshipError/Code/invalidAnswer``.
    init(json: JSONValue) throws(TranshipError) {
        guard let imageID = json["image_id"]?.string else {
            throw TranshipError(.invalidAnswer, "a shared image without an image_id")
        }
        self.imageID = imageID
        canShare = json["can_share"]?.bool ?? false
    }
}
