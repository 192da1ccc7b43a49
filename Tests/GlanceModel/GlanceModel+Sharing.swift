// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// Members, tags, and the activation of images.
extension GlanceModel {
    mutating func answerMembers(
        _ image: Image, _ request: ModelRequest, _ caller: Caller
    ) -> HTTPResponse {
        let name = request.path.count > 4 ? request.path[4] : nil
        guard image.visibility == "shared" || request.method == .get else {
            return .refusal(403, "Only shared images have members.")
        }
        let isOwned = image.isOwned(by: caller)
        guard let name else {
            switch request.method {
            case .get:
                let shown = image.members.filter { isOwned || $0.project == caller.project }
                return .json(
                    200,
                    [
                        "members": .array(shown.map { Self.shown($0, image) }),
                        "schema": "/v2/schemas/members",
                    ])
            case .post: return isOwned ? addMember(image, request) : .refusal(403)
            default: return .refusal(405)
            }
        }
        guard let index = image.members.firstIndex(where: { $0.project == name }),
            isOwned || name == caller.project
        else { return .refusal(404, "\(name) is not a member") }
        switch request.method {
        case .get: return .json(200, Self.shown(image.members[index], image))
        case .delete:
            guard isOwned else { return .refusal(403) }
            images[image.id]?.members.remove(at: index)
            return HTTPResponse(status: 204)
        case .put:
            // The owner cannot accept an image for the member.
            guard caller.isAdmin || name == caller.project else { return .refusal(403) }
            guard let status = request.json?["status"]?.string,
                ["pending", "accepted", "rejected"].contains(status)
            else { return .refusal(400, "Invalid status") }
            images[image.id]?.members[index].status = status
            return .json(200, images[image.id].map { Self.shown($0.members[index], $0) } ?? .null)
        default: return .refusal(405)
        }
    }

    private mutating func addMember(_ image: Image, _ request: ModelRequest) -> HTTPResponse {
        guard let name = request.json?["member"]?.string, !name.isEmpty else {
            return .refusal(400, "Member can't be empty")
        }
        guard !image.members.contains(where: { $0.project == name }) else {
            return .refusal(409, "\(name) is a member already")
        }
        guard image.members.count < settings.membersMax else {
            return .refusal(413, "The limit has been exceeded on the number of image members.")
        }
        let member = Image.Member(project: name)
        images[image.id]?.members.append(member)
        return .json(200, Self.shown(member, image))
    }

    private static func shown(_ member: Image.Member, _ image: Image) -> JSONValue {
        [
            "member_id": .string(member.project), "image_id": .string(image.id),
            "status": .string(member.status), "schema": "/v2/schemas/member",
        ]
    }

    // MARK: Tags

    mutating func addTag(_ image: Image, _ request: ModelRequest) -> HTTPResponse {
        guard request.path.count == 5 else { return .refusal(404) }
        let tag = request.path[4]
        guard tag.unicodeScalars.count <= 255 else { return .refusal(400, "Tag is too long") }
        let tags = image.fields["tags"]?.array ?? []
        if !tags.contains(.string(tag)) {
            guard tags.count < settings.tagsMax else {
                return .refusal(413, "The limit has been exceeded on the number of image tags.")
            }
            images[image.id]?.fields["tags"] = .array(tags + [.string(tag)])
            touch(image.id)
        }
        return HTTPResponse(status: 204)
    }

    mutating func removeTag(_ image: Image, _ request: ModelRequest) -> HTTPResponse {
        let tags = image.fields["tags"]?.array ?? []
        guard request.path.count == 5, tags.contains(.string(request.path[4])) else {
            return .refusal(404)
        }
        images[image.id]?.fields["tags"] = .array(tags.filter { $0 != .string(request.path[4]) })
        touch(image.id)
        return HTTPResponse(status: 204)
    }

    // MARK: Deactivate and reactivate

    mutating func act(_ image: Image, _ action: String) -> HTTPResponse {
        guard ["deactivate", "reactivate"].contains(action) else { return .refusal(404) }
        guard ["active", "deactivated"].contains(image.status) else {
            return .refusal(403, "Not allowed to \(action) image in status \(image.status)")
        }
        images[image.id]?.status = action == "deactivate" ? "deactivated" : "active"
        touch(image.id)
        return HTTPResponse(status: 204)
    }
}
