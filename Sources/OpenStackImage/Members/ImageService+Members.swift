// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// The members of an image: all of them for its owner, itself alone for a
    /// member.
    public func members(of imageID: String) async throws(TranshipError) -> [Member] {
        let json = try await sendForJSON(MemberRequests.list(imageID))
        guard let records = json["members"]?.array else {
            throw TranshipError(
                .invalidAnswer, "the members of image \(imageID) came without a list")
        }
        var members: [Member] = []
        for record in records { members.append(try Member(json: record)) }
        return members
    }

    /// One member.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` for a project that is none.
    public func member(
        of imageID: String, projectID: String
    ) async throws(TranshipError) -> Member {
        try Member(json: try await sendForJSON(MemberRequests.show(imageID, projectID)))
    }

    /// As ``member(of:projectID:)``, but nil where the project is none.
    public func memberIfPresent(
        of imageID: String, projectID: String
    ) async throws(TranshipError) -> Member? {
        do throws(TranshipError) {
            return try await member(of: imageID, projectID: projectID)
        } catch  where error.code == .notFound {
            return nil
        }
    }

    /// Offers the image to a project, by id: names are not looked up, and a
    /// project that does not exist is taken as well.
    ///
    /// - Throws: ``TranshipError/Code/conflict`` for one that is a member,
    ///   ``TranshipError/Code/forbidden`` for an image that is not `shared`,
    ///   ``TranshipError/Code/quotaExceeded`` past the service's 128.
    @discardableResult
    public func addMember(
        _ imageID: String, projectID: String
    ) async throws(TranshipError) -> Member {
        try Member(json: try await sendForJSON(MemberRequests.add(imageID, projectID)))
    }

    /// Accepts or rejects an offer: for the member itself or an admin, not for
    /// the owner.
    @discardableResult
    public func setMemberStatus(
        _ imageID: String, projectID: String, _ status: Member.Status
    ) async throws(TranshipError) -> Member {
        try Member(
            json: try await sendForJSON(MemberRequests.setStatus(imageID, projectID, status)))
    }

    /// Takes an offer back: the owner may, the member may not.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` for a project that is no
    ///   member, unless `missingIsFine`.
    public func removeMember(
        _ imageID: String, projectID: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await send(
            MemberRequests.remove(imageID, projectID),
            expecting: missingIsFine ? [204, 404] : [204])
    }
}
