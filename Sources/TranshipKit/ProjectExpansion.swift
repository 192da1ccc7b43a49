// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
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

    /// Sources that cannot be asked for their projects, by their places in ``sources``, which has
    /// an entry for each line of the table in their stead: the places of the others stay the same.
    var absent: [Int: (name: String, error: TranshipError)] = [:]

    /// - Parameter mayLack: true for the name of a source that the others can do without.
    /// - Throws: unknown projects, and what signing in throws.
    init(
        _ pipeline: Pipeline, _ connections: any Connections,
        mayLack: (String) -> Bool = { _ in false }
    ) async throws(TranshipError) {
        guard let table = pipeline.projects else {
            sources = pipeline.sources
            targets = pipeline.targets
            routes = pipeline.targets.map { _ in nil }
            return
        }
        var found = SourceProjects()
        var absent: [Int: (name: String, error: TranshipError)] = [:]
        for source in pipeline.sources {
            guard let cloud = source.cloudEntry else { continue }
            var more = found
            do {
                try await more.add(cloud, table, connections)
                found = more
            } catch {
                guard mayLack(source.shownName), error.isOfOneSource else { throw error }
                let first = found.sources.count
                found.sources +=
                    cloud.isOfOwnProject
                    ? table.rows.map { .cloud(cloud.inProject($0.source)) } : [source]
                for index in first..<found.sources.count {
                    absent[index] = (source.shownName, error)
                }
            }
        }
        sources = found.sources + found.others
        self.absent = absent
        (targets, routes) = try await Self.targets(
            pipeline, table, found.ids, found.names, connections)
    }

    private static func targets(
        _ pipeline: Pipeline, _ table: ProjectTable, _ ids: [ProjectTable.Name: Set<String>],
        _ names: [String: String], _ connections: any Connections
    ) async throws(TranshipError) -> ([Target], [ProjectRoute?]) {
        var targets: [Target] = []
        var routes: [ProjectRoute?] = []
        let mapped = Set(ids.values.joined())
        for target in pipeline.targets {
            guard let cloud = target.cloudEntry else {
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
                let asked = Asked(name, of: cloud.cloud, .target, line: table.line(ofTarget: name))
                let id: String
                if isAdmin {
                    let session = try await connections.signIn(cloud.cloud).session
                    id = try await asked.explain { () throws(TranshipError) in
                        try await session.projectID(of: name.project, domain: name.domain)
                    }
                } else {
                    id = try await asked.explain { () throws(TranshipError) in
                        try await connections.signIn(cloud.inProject(name).cloud).projectID ?? ""
                    }
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
                            mapped: mapped, names: names)))
                first = false
            }
        }
        return (targets, routes)
    }
}

/// The projects of a pipeline's source clouds.
private struct SourceProjects {
    var sources: [Source] = []
    /// Of projects that the table does not have.
    var others: [Source] = []
    /// Project ids at the sources, by the name in the table.
    var ids: [ProjectTable.Name: Set<String>] = [:]
    var names: [String: String] = [:]

    mutating func add(
        _ cloud: CloudSource, _ table: ProjectTable, _ connections: any Connections
    ) async throws(TranshipError) {
        let session = try await connections.signIn(cloud.cloud).session
        var lines: [String: ProjectTable.Row] = [:]
        for row in table.rows {
            let asked = Asked(row.source, of: cloud.cloud, .source, line: row.words)
            let id: String?
            if cloud.isOfOwnProject {
                let scoped = cloud.inProject(row.source)
                id = try await asked.explain { () throws(TranshipError) in
                    try await connections.signIn(scoped.cloud).projectID
                }
                if id != nil { sources.append(.cloud(scoped)) }
            } else {
                id = try await asked.explain { () throws(TranshipError) in
                    try await session.projectID(
                        of: row.source.project, domain: row.source.domain)
                }
            }
            guard let id else { continue }
            if let other = lines.updateValue(row, forKey: id) {
                throw Self.contradiction(other, row, id, cloud.cloud)
            }
            ids[row.source, default: []].insert(id)
        }
        guard cloud.isOfOwnProject else {
            sources.append(.cloud(cloud))
            return
        }
        // At the end, so that a new project does not change the places of the others.
        for project in try await session.ownProjects() where lines[project.id] == nil {
            others.append(.cloud(cloud.inProject(ProjectTable.Name(project.id))))
            names[project.id] = project.name
        }
    }

    /// Two lines for one project of a source: a name and its id, or a name and the same with its
    /// domain.
    private static func contradiction(
        _ one: ProjectTable.Row, _ other: ProjectTable.Row, _ id: String, _ cloud: CloudName
    ) -> TranshipError {
        TranshipError(
            .invalidPipeline,
            "`projects` has two lines for the project \(id) of the source cloud \"\(cloud.name)\": "
                + "\(one.words), and \(other.words)",
            hint: "remove one of the two lines", side: .source)
    }
}

/// A project of the table that a cloud is asked for.
private struct Asked {
    private let name: ProjectTable.Name
    private let cloud: CloudName
    private let side: TranshipError.Side
    private let line: String

    init(
        _ name: ProjectTable.Name, of cloud: CloudName, _ side: TranshipError.Side, line: String
    ) {
        self.name = name
        self.cloud = cloud
        self.side = side
        self.line = line
    }

    /// Names project, side and line in the error. Keystone says neither, and answers a missing role
    /// and a missing project as it answers a wrong password.
    func explain<Value: Sendable>(
        _ work: () async throws(TranshipError) -> Value
    ) async throws(TranshipError) -> Value {
        do {
            return try await work()
        } catch {
            let words = side == .source ? "source" : "target"
            let named = error.at(side).whileDoing(
                "project \"\(name.text)\" of the \(words) cloud \"\(cloud.name)\" (\(line))")
            if error.code == .forbidden {
                let key = side == .source ? "`owner: any`" : "`owner: projects`"
                throw named.hinting(
                    "only administrators find projects by name: write the project's id, or leave out "
                        + "\(key) so that each project has a token of its own")
            }
            guard [.authenticationFailed, .notFound].contains(error.code) else { throw named }
            throw named.hinting(
                "give the user of cloud \"\(cloud.name)\" a role in that project, or remove the line; "
                    + "if the project does not exist, correct its name, id or domain")
        }
    }
}
