// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import OpenStackImage
internal import PipelineFiles

/// The lookup of projects that a pipeline names by their ids, with a list of those that cannot be
/// looked up. The Image service accepts any text as an owner: an id that its Keystone lacks would
/// hide the images from all users.
final class UncheckedProjects: Sendable {
    private struct Place: Hashable {
        var cloud: String
        var side: TranshipError.Side
    }

    private let unknown = Guarded<[Place: [String]]>([:])
    /// The ids of the projects for which the users of clouds may get tokens, by cloud.
    private let own = Guarded<[String: Set<String>]>([:])

    /// Returns the id of a project, as its Keystone writes it.
    ///
    /// At a source, the id of a deleted project counts if images of it are left.
    ///
    /// - Throws: ``TranshipError/Code/notFound``; for a name also ``TranshipError/Code/ambiguous``
    ///   and the errors of Keystone. If Keystone does not say whether it has an id, returns the id
    ///   and adds it to ``warnings``.
    func id(
        of name: ProjectTable.Name, at side: TranshipError.Side, in session: CloudSession
    ) async throws(TranshipError) -> String {
        guard CloudConfiguration.isProjectID(name.project) else {
            return try await session.projectID(of: name.project, domain: name.domain)
        }
        do {
            if let id = try await session.knownProjectID(name.project) { return id }
        } catch {
            guard error.code == .notFound, side == .source,
                await Self.hasImages(ofProject: name.project, session)
            else { throw error }
            return name.project
        }
        guard await !ownIDs(session).contains(name.project) else { return name.project }
        let place = Place(cloud: session.cloudName, side: side)
        unknown.withLock { unknown in
            if unknown[place]?.contains(name.project) != true {
                unknown[place, default: []].append(name.project)
            }
        }
        return name.project
    }

    /// True if the Image service lists an image of the project. Images of a project that was deleted
    /// keep its id.
    private static func hasImages(ofProject id: String, _ session: CloudSession) async -> Bool {
        for isHidden in [false, true] {
            let query = ImageQuery(
                ownerID: id, visibility: .all, isHidden: isHidden, pageLimit: 1)
            var pages = ImageService(session).images(query).makeAsyncIterator()
            let page = try? await pages.next()
            if page?.contains(where: { $0.ownerID == id }) == true { return true }
        }
        return false
    }

    private func ownIDs(_ session: CloudSession) async -> Set<String> {
        if let known = own.withLock({ $0[session.cloudName] }) { return known }
        let ids = Set(((try? await session.ownProjects()) ?? []).map(\.id))
        own.withLock { $0[session.cloudName] = ids }
        return ids
    }

    /// The ids at the targets. Another Keystone may have a different project with such an id, whose
    /// name would be wrong.
    var targetIDs: Set<String> {
        unknown.withLock { unknown in
            Set(unknown.filter { $0.key.side == .target }.values.joined())
        }
    }

    /// The warnings, one for each cloud that did not say whether it has a project.
    var warnings: [Warning] {
        unknown.withLock { $0 }.sorted { $0.key.cloud < $1.key.cloud }.map { place, ids in
            .projectsUnchecked(
                cloud: place.cloud, ids: Array(ids.prefix(Self.listedMax)), count: ids.count)
        }
    }

    private static let listedMax = 5
}
