// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// A project with which a `shared` image is shared
/// (<https://docs.openstack.org/api-ref/image/v2/#sharing>).
public struct Member: ServiceRecord {
    public static let idKey = "member_id"
    public static let valueTypes: KeyValuePairs<String, ValueType> = [
        "image_id": .text, "status": .text,
    ]
    public let record: [String: JSONValue]

    public init(record: [String: JSONValue]) { self.record = record }

    /// The image's id.
    public var imageID: String { record["image_id"]?.string ?? "" }
    /// The id of the project.
    public var memberID: String { idText }
    /// The project's answer to the offer.
    public var status: Status { Status(rawValue: ValueType.text(record["status"]) ?? "pending") }

    /// The answer of a project to an offer. The project may use the image in any case; accepting
    /// puts the image into its list.
    public struct Status: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The project has not answered yet.
        public static let pending = Self(rawValue: "pending")
        /// The image is in the member's list.
        public static let accepted = Self(rawValue: "accepted")
        /// The image is not in the member's list.
        public static let rejected = Self(rawValue: "rejected")

        public var description: String { rawValue }
    }
}

extension ImageService {
    /// Returns the members of an image. The owner gets all of them, a member only itself.
    public func members(of imageID: String) async throws(TranshipError) -> [Member] {
        try await sendForPage(.init(.get, MemberRequests.path(imageID)), key: "members").records
    }

    /// Returns one member.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` if the project is not a member.
    public func member(
        of imageID: String, projectID: String
    ) async throws(TranshipError) -> Member {
        try await sendForRecord(.init(.get, MemberRequests.path(imageID, projectID)))
    }

    /// Works as ``member(of:projectID:)``, but returns nil if the project is not a member.
    public func memberIfPresent(
        of imageID: String, projectID: String
    ) async throws(TranshipError) -> Member? {
        try await sendForRecordIfKnown(.init(.get, MemberRequests.path(imageID, projectID)))
    }

    /// Offers the image to a project, by id. The service does not look up names, and accepts the id
    /// of a project that does not exist.
    ///
    /// - Throws: ``TranshipError/Code/conflict`` if the project is a member already,
    ///   ``TranshipError/Code/forbidden`` for an image that is not `shared`,
    ///   ``TranshipError/Code/quotaExceeded`` if the image has the maximum number of members, 128
    ///   by default.
    @discardableResult
    public func addMember(
        _ imageID: String, projectID: String
    ) async throws(TranshipError) -> Member {
        try await sendForRecord(MemberRequests.add(imageID, projectID))
    }

    /// Accepts or rejects an offer. This is for the member itself or an admin, not for the owner.
    @discardableResult
    public func setMemberStatus(
        _ imageID: String, projectID: String, _ status: Member.Status
    ) async throws(TranshipError) -> Member {
        try await sendForRecord(MemberRequests.setStatus(imageID, projectID, status))
    }

    /// Takes back an offer. This is for the owner, not for the member.
    ///
    /// - Throws: ``TranshipError/Code/notFound`` if the project is not a member, unless
    ///   `missingIsFine`.
    public func removeMember(
        _ imageID: String, projectID: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await sendDelete(
            MemberRequests.path(imageID, projectID), missingIsFine: missingIsFine)
    }
}

/// Requests on `/v2/images/{id}/members`.
enum MemberRequests {
    static func path(_ imageID: String, _ memberID: String? = nil) -> String {
        let members = "\(ImageRequests.path(imageID))/members"
        return memberID.map { "\(members)/\(percentEncode($0))" } ?? members
    }

    static func add(_ imageID: String, _ memberID: String) -> ServiceRequest {
        ServiceRequest(.post, path(imageID), json: ["member": .string(memberID)])
    }

    static func setStatus(
        _ imageID: String, _ memberID: String, _ status: Member.Status
    ) -> ServiceRequest {
        ServiceRequest(
            .put, path(imageID, memberID), json: ["status": .string(status.rawValue)])
    }
}
