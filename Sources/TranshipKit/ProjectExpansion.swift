// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline
internal import OpenStackImage
internal import PipelineFiles
internal import Planning
internal import SourceReaders

/// The expansion of a pipeline with `projects`: an entry for each project, unless an
/// administrator's entry lists or owns the images of all projects.
struct ProjectExpansion: Sendable {
    let sources: [ExpandedSource]
    let targets: [ExpandedTarget]

    /// - Parameters:
    ///   - unchecked: collects the projects that could not be looked up.
    ///   - mayLack: true for the name of a source that the work can do without.
    /// - Throws: an error for unknown projects; errors of signing in.
    init(
        _ pipeline: Pipeline, _ connections: any Connections,
        unchecked: UncheckedProjects = UncheckedProjects(),
        mayLack: (String) -> Bool = { _ in false }
    ) async throws(TranshipError) {
        guard let table = pipeline.projects else {
            sources = pipeline.sources.map { ExpandedSource($0) }
            targets = pipeline.targets.map { ExpandedTarget($0, nil) }
            return
        }
        var found = SourceProjects()
        var mistakes = TableMistakes()
        for source in pipeline.sources {
            guard let cloud = source.cloudEntry else { continue }
            var (more, made) = (found, mistakes)
            do throws(TranshipError) {
                try await more.add(cloud, table, connections, unchecked, &made)
                if let first = made.first(after: mistakes), mayLack(source.shownName),
                    first.isOfOneSource
                {
                    throw first
                }
                (found, mistakes) = (more, made)
            } catch {
                guard mayLack(source.shownName), error.isOfOneSource else { throw error }
                let silent = ExpandedSource.SilentCloud(name: source.shownName, error: error)
                let lines =
                    cloud.isOfOwnProject
                    ? table.rows.map { Source.cloud(cloud.inProject($0.source)) } : [source]
                found.sources += lines.map { ExpandedSource($0, of: silent) }
            }
        }
        sources = found.sources + found.others
        var all: [ExpandedTarget] = []
        for target in pipeline.targets {
            guard let cloud = target.cloudEntry else {
                all.append(ExpandedTarget(target, found.route(table)))
                continue
            }
            let places = try await TargetProjects(
                cloud, table, connections, unchecked, &mistakes)
            all += places.targets(cloud, table, found.ids, found.names)
        }
        try mistakes.expectNone(in: table)
        targets = all
    }
}

/// A source of a pipeline, or its expansion for one project.
struct ExpandedSource: Sendable {
    /// A cloud that did not list its projects.
    struct SilentCloud: Sendable {
        let name: String
        let error: TranshipError
    }

    let source: Source
    /// The cloud, if it did not list its projects; nil for a cloud that answered. A silent cloud
    /// has an entry for each line of the table, so that all sources keep their indexes.
    let silent: SilentCloud?

    init(_ source: Source, of silent: SilentCloud? = nil) {
        self.source = source
        self.silent = silent
    }

    /// The name of the source in messages.
    var name: String { silent?.name ?? source.shownName }
}

/// A target of a pipeline, or its expansion for one project.
struct ExpandedTarget: Sendable {
    let target: Target
    /// The route, which says which projects' images the target gets; nil without `projects`.
    let route: ProjectRoute?

    init(_ target: Target, _ route: ProjectRoute?) {
        self.target = target
        self.route = route
    }
}

/// The projects of one target cloud, in the order of the table.
private struct TargetProjects {
    private var places: [(name: ProjectTable.Name, id: String)] = []
    private let isAdmin: Bool

    init(
        _ cloud: CloudTarget, _ table: ProjectTable, _ connections: any Connections,
        _ unchecked: UncheckedProjects, _ mistakes: inout TableMistakes
    ) async throws(TranshipError) {
        isAdmin = cloud.rules.image.owner?.isProjectTable == true
        var isKnown = false
        for name in table.targets {
            let asked = Asked(
                name, of: cloud.cloud, .target, line: table.line(ofTarget: name), isAdmin: isAdmin)
            let isAdmin = isAdmin
            let id = try await mistakes.noting { () throws(TranshipError) in
                try await asked.explain { () throws(TranshipError) -> String? in
                    if isAdmin {
                        let signedIn = try await connections.signIn(cloud.cloud)
                        return try await asked.id(by: signedIn, unchecked)
                    }
                    return try await connections.signIn(cloud.inProject(name).cloud).projectID ?? ""
                }
            }
            if let id {
                places.append((name, id))
                isKnown = true
            } else if !isKnown {
                // Throw for a wrong password: it is not a mistake of the table.
                _ = try await connections.signIn(cloud.cloud)
                isKnown = true
            }
        }
    }

    /// Returns the target's entries.
    ///
    /// - Parameters:
    ///   - ids: the ids of the projects at the sources, by their names in the table.
    ///   - names: the names of projects at the sources that are not in the table.
    func targets(
        _ cloud: CloudTarget, _ table: ProjectTable, _ ids: [ProjectTable.Name: Set<String>],
        _ names: [String: String]
    ) -> [ExpandedTarget] {
        var owners: [String: String] = [:]
        for row in table.rows {
            guard let id = places.first(where: { $0.name == row.target })?.id else { continue }
            for source in ids[row.source] ?? [] { owners[source] = id }
        }
        let rest = places.first { $0.name == table.rest }?.id
        let map = OwnerMap(projects: owners, rest: rest)
        guard !isAdmin else {
            return [
                ExpandedTarget(
                    .cloud(cloud.owned(by: map)), ProjectRoute(members: map, takes: nil))
            ]
        }
        let mapped = Set(ids.values.joined())
        var seen: Set<String> = []
        return places.filter { seen.insert($0.id).inserted }.enumerated().map { index, place in
            let others: ProjectRoute.Intake.Others =
                rest == place.id ? .taken : rest == nil && index == 0 ? .refused : .left
            return ExpandedTarget(
                .cloud(cloud.inProject(place.name)),
                ProjectRoute(
                    members: map,
                    takes: .init(
                        projects: Set(owners.filter { $0.value == place.id }.keys),
                        others: others, mapped: mapped, names: names))
            )
        }
    }
}

/// The mistakes of a table, collected so that an operator sees all of them at once.
private struct TableMistakes {
    private var all: [TranshipError] = []

    /// The number of mistakes after which no more requests are sent: a user without a role in any
    /// project would ask for hundreds of tokens.
    private static let most = 20

    /// Returns the first mistake that was noted since an earlier state.
    func first(after earlier: TableMistakes) -> TranshipError? {
        all.dropFirst(earlier.all.count).first
    }

    mutating func note(_ mistake: TranshipError) { all.append(mistake) }

    /// Does some work, and notes its error if the error is a mistake of the table.
    ///
    /// - Returns: nil after a mistake of the table, and when there are enough mistakes.
    /// - Throws: errors that are not mistakes of the table.
    mutating func noting<Value: Sendable>(
        _ work: () async throws(TranshipError) -> Value?
    ) async throws(TranshipError) -> Value? {
        guard all.count < Self.most else { return nil }
        do throws(TranshipError) {
            return try await work()
        } catch {
            guard [.authenticationFailed, .notFound, .ambiguous].contains(error.code) else {
                throw error
            }
            all.append(error)
            return nil
        }
    }

    /// - Throws: ``TranshipError/Code/invalidPipeline`` that lists each mistake.
    func expectNone(in table: ProjectTable) throws(TranshipError) {
        guard let first = all.first else { return }
        guard all.count > 1 else {
            throw TranshipError(
                .invalidPipeline, first.message, hint: first.hint, side: first.side)
        }
        var lines = ["\(table.position): `projects` has \(all.count) mistakes"]
        if all.count >= Self.most { lines[0] += ", and the lines after them were not looked at" }
        for mistake in all {
            lines.append("  \(mistake.message)")
            if let hint = mistake.hint { lines.append("    hint: \(hint)") }
        }
        throw TranshipError(.invalidPipeline, lines.joined(separator: "\n"))
    }
}

/// The projects of a pipeline's source clouds.
private struct SourceProjects {
    var sources: [ExpandedSource] = []
    /// The sources for projects that are not in the table.
    var others: [ExpandedSource] = []
    /// The ids of projects at the sources, by the name in the table.
    var ids: [ProjectTable.Name: Set<String>] = [:]
    var names: [String: String] = [:]

    mutating func add(
        _ cloud: CloudSource, _ table: ProjectTable, _ connections: any Connections,
        _ unchecked: UncheckedProjects, _ mistakes: inout TableMistakes
    ) async throws(TranshipError) {
        let signedIn = try await connections.signIn(cloud.cloud)
        let session = signedIn.session
        var lines: [String: ProjectTable.Row] = [:]
        for row in table.rows {
            let asked = Asked(
                row.source, of: cloud.cloud, .source, line: row.words,
                isAdmin: !cloud.isOfOwnProject)
            let id = try await mistakes.noting { () throws(TranshipError) in
                try await asked.explain { () throws(TranshipError) -> String? in
                    if cloud.isOfOwnProject {
                        return try await connections.signIn(cloud.inProject(row.source).cloud)
                            .projectID
                    }
                    return try await asked.id(by: signedIn, unchecked)
                }
            }
            guard let id else { continue }
            if cloud.isOfOwnProject {
                sources.append(ExpandedSource(.cloud(cloud.inProject(row.source))))
            }
            if let other = lines.updateValue(row, forKey: id) {
                mistakes.note(Self.contradiction(other, row, id, cloud.cloud))
            }
            ids[row.source, default: []].insert(id)
        }
        guard cloud.isOfOwnProject else {
            sources.append(ExpandedSource(.cloud(cloud)))
            return
        }
        // These come at the end, so that a new project does not change the indexes of the others.
        var isBound = false
        if case .applicationCredential = session.configuration.authentication { isBound = true }
        for project in try await session.ownProjects() where lines[project.id] == nil {
            // Keystone lists the projects of the user, and the credential is bound to one of them.
            guard !isBound || project.id == signedIn.projectID else { continue }
            let name = ProjectTable.Name(project.id)
            others.append(ExpandedSource(.cloud(cloud.inProject(name))))
            names[project.id] = project.name
        }
    }

    /// Returns the route to a target without projects, such as an archive. It gets the images of
    /// all projects of the table; they keep the projects that they have at the sources.
    func route(_ table: ProjectTable) -> ProjectRoute {
        let mapped = Set(ids.values.joined())
        return ProjectRoute(
            members: OwnerMap(
                projects: Dictionary(uniqueKeysWithValues: mapped.map { ($0, $0) }), rest: nil),
            takes: .init(
                projects: mapped, others: table.rest == nil ? .refused : .taken, mapped: mapped,
                names: names))
    }

    /// Returns the error for two lines about one project of a source: a name and its id, or a name
    /// with and without its domain.
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

/// A project of the table that a cloud is asked about.
private struct Asked {
    private let name: ProjectTable.Name
    private let cloud: CloudName
    private let side: TranshipError.Side
    private let line: String
    /// True if the cloud looks the project up by name; false if it is asked for a token of the
    /// project.
    private let isAdmin: Bool

    init(
        _ name: ProjectTable.Name, of cloud: CloudName, _ side: TranshipError.Side, line: String,
        isAdmin: Bool
    ) {
        self.name = name
        self.cloud = cloud
        self.side = side
        self.line = line
        self.isAdmin = isAdmin
    }

    /// Returns the id of the project, for an entry that acts for all projects.
    ///
    /// An id in the table in place of a name would give no right to the images of other projects.
    func id(
        by user: SignedInCloud, _ unchecked: UncheckedProjects
    ) async throws(TranshipError) -> String {
        do {
            return try await unchecked.id(of: name, at: side, in: user.session)
        } catch {
            guard error.code == .forbidden else { throw error }
            let (key, right) =
                side == .source
                ? ("`owner: any`", "list the images of all projects")
                : ("`owner: projects`", "create images of other projects")
            let leaving = "leave out \(key) so that each project has a token of its own"
            throw error.hinting(
                user.isAdmin
                    ? "this cloud does not let its user find projects by name: write the project's id, "
                        + "or \(leaving)"
                    : "only administrators find projects by name and \(right): use an administrator's "
                        + "entry, or \(leaving)")
        }
    }

    /// Adds the project, side and line to an error. Keystone's error has neither, and is the same
    /// for a missing role, a missing project and a wrong password.
    func explain<Value: Sendable>(
        _ work: () async throws(TranshipError) -> Value
    ) async throws(TranshipError) -> Value {
        do {
            return try await work()
        } catch {
            let words = side == .source ? "source" : "target"
            let named = error.at(side).whileDoing(
                "project \"\(name.text)\" of the \(words) cloud \"\(cloud.name)\" (\(line))")
            if isAdmin, error.code == .notFound, let hint = error.hint {
                throw named.hinting("\(hint); or remove the line")
            }
            guard [.authenticationFailed, .notFound].contains(error.code) else { throw named }
            throw named.hinting(
                "give the user of cloud \"\(cloud.name)\" a role in that project, or remove the line; "
                    + "if the project does not exist, correct its name, id or domain")
        }
    }
}
