// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import OpenStackImage

/// A member sees an image in its list only after it has accepted the image. Only the member itself
/// or an administrator may accept, not the owner.
extension CloudPublisher {
    /// Shares the copy. If a member had accepted the image at the source and our user may accept
    /// for it, accepts the copy too. Names the members that still have to accept in a remark.
    func applyMembers(_ transfer: inout Transfer) async throws(TranshipError) {
        guard let id = transfer.imageID else { return }
        let pairs = transfer.record.projects(
            for: transfer.members, owner: transfer.ownerID)
        guard !pairs.isEmpty else { return }
        let accepted = pairs.filter { transfer.memberAnswers?[$0.source] == "accepted" }
        var answers: [String: Member.Status] = [:]
        for member in try await service.members(of: id) {
            answers[member.memberID] = member.status
        }
        var waiting: [String] = []
        let projects = transfer.record.sharedProjects(
            for: transfer.members, owner: transfer.ownerID)
        for project in projects {
            if answers[project] == nil { try await add(project, to: id, of: transfer) }
            var answer = answers[project] ?? .pending
            if answer == .pending, accepted.contains(where: { $0.target == project }),
                try await accept(id, for: project)
            {
                answer = .accepted
            }
            if answer == .pending { waiting.append(project) }
        }
        let note = Note.membersWaiting(waiting, imageID: id)
        transfer.forgetRemarks(like: note)
        if !waiting.isEmpty { transfer.remark(note) }
    }

    private func add(
        _ project: String, to id: String, of transfer: Transfer
    ) async throws(TranshipError) {
        do {
            _ = try await service.addMember(id, projectID: project)
        } catch {
            // 409: the project is already a member.
            guard error.code == .conflict else { throw describing(error, transfer) }
        }
    }

    /// False if our user may not accept for this project.
    private func accept(_ id: String, for project: String) async throws(TranshipError) -> Bool {
        let user = try await service.session.authenticate()
        let isOurs = user.isAdmin || user.projectID == project
        guard let member = isOurs ? service : inProject(project) else { return false }
        do {
            try await member.setMemberStatus(id, projectID: project, .accepted)
            return true
        } catch {
            guard [.forbidden, .notFound, .conflict].contains(error.code) else { throw error }
            return false
        }
    }
}
