// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

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

    /// Makes these the members, and nobody else.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` for an image that this project
    ///   may not share, or does not see;
    ///   ``TranshipError/Code/quotaExceeded`` past the service's 128.
    public func replaceMembers(
        of imageID: String, with members: [LegacyMember]
    ) async throws(TranshipError) {
        try await service.send(
            LegacyMemberRequests.replace(imageID, members), expecting: [204])
    }

    /// Shares the image with a project, by id: names are not looked up, and a
    /// project that does not exist is taken as well. For one that is a member
    /// it sets `canShare`.
    ///
    /// - Throws: as ``replaceMembers(of:with:)``.
    public func addMember(
        _ imageID: String, projectID: String, canShare: Bool = false
    ) async throws(TranshipError) {
        try await service.send(
            LegacyMemberRequests.add(imageID, projectID, canShare: canShare), expecting: [204])
    }

    /// - Throws: as ``replaceMembers(of:with:)``; unless `missingIsFine`,
    ///   ``TranshipError/Code/notFound`` for a project that is no member.
    public func removeMember(
        _ imageID: String, projectID: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await service.send(
            LegacyMemberRequests.remove(imageID, projectID),
            expecting: missingIsFine ? [204, 404] : [204])
    }

    /// The images that are shared with a project; none for an unknown one.
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
