// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension LegacyImageStore {
    func members(_ call: LegacyCall) throws(LegacyRefusal) -> LegacyAnswer {
        try withState { (state) throws(LegacyRefusal) in
            let index = try state.index(of: call.path[2])
            guard !state.images[index].isDeleted else {
                throw LegacyRefusal(
                    404, "Image with identifier \(call.path[2]) has been deleted.")
            }
            switch (call.method, call.path.count) {
            case ("GET", 4):
                return .json(["members": .array(state.images[index].shownMembers)])
            case ("PUT", 4): try state.images[index].replaceMembers(call.json)
            case ("PUT", 5):
                let canShare = call.json["member"]?["can_share"]?.bool
                state.images[index].addMember(call.path[4], canShare)
            case ("DELETE", 5): try state.images[index].removeMember(call.path[4])
            default:
                throw LegacyRefusal(
                    405, "The method \(call.method) is not allowed for this resource.")
            }
            return LegacyAnswer(status: 204)
        }
    }

    func sharedImages(_ call: LegacyCall) -> LegacyAnswer {
        let images = state.withLock { $0.images }
        let shared = images.flatMap { image -> [JSONValue] in
            image.members.filter { $0.id == call.path[2] && !$0.isDeleted }.map {
                ["image_id": .string(image.id), "can_share": .bool($0.canShare)]
            }
        }
        return .json(["shared_images": .array(shared)])
    }
}

extension LegacyStoredImage {
    fileprivate var shownMembers: [JSONValue] {
        members.filter { !$0.isDeleted }.map {
            ["member_id": .string($0.id), "can_share": .bool($0.canShare)]
        }
    }

    /// Adds a member. A removed member comes back only if the request states `can_share`.
    fileprivate mutating func addMember(_ id: String, _ canShare: Bool?) {
        if let place = members.firstIndex(where: { $0.id == id }) {
            guard let canShare else { return }
            members[place].canShare = canShare
            members[place].isDeleted = false
        } else {
            members.append(Member(id: id, canShare: canShare ?? false))
        }
    }

    fileprivate mutating func removeMember(_ id: String) throws(LegacyRefusal) {
        guard let place = members.firstIndex(where: { $0.id == id && !$0.isDeleted }) else {
            throw LegacyRefusal(404, "Membership could not be found.")
        }
        members[place].isDeleted = true
    }

    fileprivate mutating func replaceMembers(_ json: JSONValue) throws(LegacyRefusal) {
        guard let list = json["memberships"]?.array else {
            throw LegacyRefusal(400, "Invalid membership association")
        }
        var wanted: [(id: String, canShare: Bool?)] = []
        for entry in list {
            guard let id = entry["member_id"]?.string else {
                throw LegacyRefusal(400, "Invalid membership association: 'member_id'")
            }
            wanted.append((id, entry["can_share"]?.bool))
        }
        for place in members.indices where !wanted.contains(where: { $0.id == members[place].id }) {
            members[place].isDeleted = true
        }
        for (id, canShare) in wanted {
            let before = members.first { $0.id == id }?.canShare
            addMember(id, canShare ?? before ?? false)
        }
    }
}
