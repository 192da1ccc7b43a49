// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// Requests on `/v2/images/{id}/members`.
enum MemberRequests {
    static func path(_ imageID: String, _ memberID: String? = nil) -> String {
        let members = "\(ImageRequests.path(imageID))/members"
        return memberID.map { "\(members)/\(percentEncode($0))" } ?? members
    }

    static func list(_ imageID: String) -> ServiceRequest {
        ServiceRequest(.get, path(imageID))
    }

    static func show(_ imageID: String, _ memberID: String) -> ServiceRequest {
        ServiceRequest(.get, path(imageID, memberID))
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

    static func remove(_ imageID: String, _ memberID: String) -> ServiceRequest {
        ServiceRequest(.delete, path(imageID, memberID))
    }
}
