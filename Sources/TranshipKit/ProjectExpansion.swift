// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationPipeline
internal import OpenStackImage
internal import PipelineFiles
internal import Planning
internal import SourceReaders

/// A pipeline with `projects`, with the entries that it becomes: one for each project, unless an
/// administrator's entry lists or owns the images of all of them.
struct ProjectExpansion: Sendable {
    let sources: [Source]
    let targets: [Target]
    /// For each target of ``targets``, which projects' images it gets; nil without `projects`.
    let routes: [ProjectRoute?]

    /// - Throws: unknown projects, and what signing in throws.
    init(
        _ pipeline: Pipeline, _ connections: any Connections
    ) async throws(TranshipError) {
        guard let table = pipeline.projects else {
            sources = pipeline.sources
            targets = pipeline.targets
            routes = pipeline.targets.map { _ in nil }
            return
        }
        var sources: [Source] = []
        var others: [Source] = []
        /// Project ids at the sources, by the name in the table.
        var ids: [ProjectTable.Name: Set<String>] = [:]
        for source in pipeline.sources {
            guard case .cloud(let cloud) = source else { continue }
            let session = try await connections.signIn(cloud.cloud).session
            guard cloud.isOfOwnProject else {
                sources.append(source)
                for row in table.rows {
                    let id = try await session.projectID(
                        of: row.source.project, domain: row.source.domain)
                    ids[row.source, default: []].insert(id)
                }
                continue
            }
            var known: Set<String> = []
            for row in table.rows {
                let scoped = cloud.inProject(row.source)
                let signedIn = try await connections.signIn(scoped.cloud)
                guard let id = signedIn.projectID else { continue }
                known.insert(id)
                ids[row.source, default: []].insert(id)
                sources.append(.cloud(scoped))
            }
            // At the end, so that a new project does not change the places of the others.
            for project in try await session.ownProjects() where !known.contains(project.id) {
                others.append(.cloud(cloud.inProject(ProjectTable.Name(project.id))))
            }
        }
        self.sources = sources + others
        (targets, routes) = try await Self.targets(pipeline, table, ids, connections)
    }

    private static func targets(
        _ pipeline: Pipeline, _ table: ProjectTable, _ ids: [ProjectTable.Name: Set<String>],
        _ connections: any Connections
    ) async throws(TranshipError) -> ([Target], [ProjectRoute?]) {
        var targets: [Target] = []
        var routes: [ProjectRoute?] = []
        let mapped = Set(ids.values.joined())
        for target in pipeline.targets {
            guard case .cloud(let cloud) = target else {
                targets.append(target)
                routes.append(nil)
                continue
            }
            let isAdmin = cloud.rules.image.owner?.isProjectTable == true
            var owners: [String: String] = [:]
            var rest: String?
            var first = true
            var places: [(ProjectTable.Name, id: String)] = []
            for name in table.targets {
                let id: String
                if isAdmin {
                    id = try await connections.signIn(cloud.cloud).session
                        .projectID(of: name.project, domain: name.domain)
                } else {
                    id = try await connections.signIn(cloud.inProject(name).cloud).projectID ?? ""
                }
                for row in table.rows where row.target == name {
                    for source in ids[row.source] ?? [] { owners[source] = id }
                }
                if table.rest == name { rest = id }
                if !places.contains(where: { $0.id == id }) { places.append((name, id)) }
            }
            let map = OwnerMap(projects: owners, rest: rest)
            guard !isAdmin else {
                targets.append(.cloud(cloud.owned(by: map)))
                routes.append(ProjectRoute(members: map, takes: nil))
                continue
            }
            for (name, id) in places {
                targets.append(.cloud(cloud.inProject(name)))
                routes.append(
                    ProjectRoute(
                        members: map,
                        takes: .init(
                            projects: Set(owners.filter { $0.value == id }.keys),
                            others: rest == id ? .taken : rest == nil && first ? .refused : .left,
                            mapped: mapped)))
                first = false
            }
        }
        return (targets, routes)
    }
}
