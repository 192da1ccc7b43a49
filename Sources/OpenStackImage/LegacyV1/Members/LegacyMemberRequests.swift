// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

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

    /// Says `can_share` always: without it Glance 15 answers 204 for a project
    /// that was a member once, and does nothing.
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
