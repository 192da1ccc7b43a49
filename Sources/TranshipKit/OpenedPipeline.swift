// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ChecksumVerifiers
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline
internal import OpenStackImage
internal import PipelineFiles
internal import Planning
internal import SourceReaders

/// A pipeline's opened sources and targets, which planning reads and the stages work with.
struct OpenedPipeline: Sendable {
    /// The sources, with a stand-in for each that cannot be opened. The stand-in's listing throws
    /// the reason.
    let sources: [any ImageSource]
    /// The names of the sources in messages.
    var sourceNames: [String] = []
    /// The positions of the sources in the pipeline file.
    var positions: [FilePosition] = []
    let targets: [PlanningTarget]
    /// The names of projects, for messages.
    var projectNames = ProjectNames([])
    /// The weaknesses of the connections to the sources and targets.
    let weaknesses: [Warning]
    /// The targets that do not answer now or that refuse the login, by key. The run goes on without
    /// them.
    var absent: [String: TranshipError] = [:]

    /// Finds every cloud and signs in to it, so that wrong credentials are reported before anything
    /// else happens.
    ///
    /// - Parameters:
    ///   - needsAll: false if the work may do without a target that is down, refuses the login or
    ///     is an archive that cannot be used, as long as another target answers.
    ///   - mayLack: true for the name of a source that the work can do without.
    ///   - journal: the journal, which may know copies at a target that is missing now; nil for
    ///     commands without it.
    static func open(
        _ pipeline: Pipeline, environment: [String: String], tuning: RunTuning,
        needsAll: Bool = true, mayLack: (String) -> Bool = { _ in false },
        journal: Journal? = nil,
        tell: @escaping @Sendable (PlanningEvent) -> Void
    ) async throws(TranshipError) -> OpenedPipeline {
        let connections = connections(tuning, environment, tell)
        let places = NamedPlaces(pipeline: pipeline, environment: environment)
        try places.expectClouds(connections)
        let unchecked = UncheckedProjects()
        let expanded = try await ProjectExpansion(
            pipeline, connections, unchecked: unchecked, mayLack: mayLack)
        let services = ProjectServices()
        let sources = try await OpenedSources(
            expanded, pipeline, environment, connections, services, kinds: tuning.kinds,
            mayLack: mayLack, tell: tell)
        var targets: [PlanningTarget] = []
        var absent: [String: TranshipError] = [:]
        var outage: TranshipError?
        var mistakes = sources.mistakes
        // Do not send a password again that a cloud refused for a source.
        let refused = Set(sources.refusedClouds(pipeline))
        let targetFactory = TargetFactory(
            pipeline: pipeline, connections: connections, tuning: tuning, services: services)
        let owners = OwnerTable(
            pipeline, connections, unchecked: unchecked, without: sources.lost)
        for expandedTarget in expanded.targets
        where !refused.contains(expandedTarget.target.cloudEntry?.cloud.name ?? "") {
            let target = expandedTarget.target
            tell(
                .asking(
                    what: "target \(targetFactory.target(target).key)",
                    number: targets.count + absent.count + 1, of: expanded.targets.count))
            do {
                let unopened = targetFactory.target(try await owners.withIDs(target))
                var opened = try await unopened.open()
                opened.route = expandedTarget.route
                try await unopened.expectPlace(journal)
                targets.append(opened)
            } catch {
                let error = error.at(place: "\(target.position)")
                let unopened = targetFactory.target(target)
                if needsAll || !unopened.isAbsent(after: error) {
                    guard error.isMistakeOfEntry else {
                        throw mistakes.first.map { places.error(of: mistakes, code: $0.1.code) }
                            ?? error
                    }
                    mistakes.append((target.position, error))
                    continue
                }
                absent[unopened.key] = error
                outage = outage ?? error
                continue
            }
            try expectOtherPlace(targets, target)
        }
        if let first = mistakes.first {
            throw places.error(of: mistakes, code: first.1.code)
        }
        if targets.isEmpty, let outage { throw outage }
        for warning in unchecked.warnings { tell(.warning(warning)) }
        try await warnOfOnePlace(pipeline, sources, targets, connections, tell)
        return OpenedPipeline(
            sources: sources.all, sourceNames: sources.names,
            positions: expanded.sources.map(\.source.position), targets: targets,
            projectNames: ProjectNames(services.sessions, without: unchecked.targetIDs),
            weaknesses: connections.weaknesses,
            absent: absent)
    }

    private static func connections(
        _ tuning: RunTuning, _ environment: [String: String],
        _ tell: @escaping @Sendable (PlanningEvent) -> Void
    ) -> any Connections {
        tuning.connections
            ?? NetworkConnections(
                environment: environment, transport: tuning.transport,
                warn: { tell(.warning($0)) })
    }

    private static func warnOfOnePlace(
        _ pipeline: Pipeline, _ sources: OpenedSources, _ targets: [PlanningTarget],
        _ connections: any Connections, _ tell: @Sendable (PlanningEvent) -> Void
    ) async throws(TranshipError) {
        for (source, opened) in zip(pipeline.sources, sources.all) {
            guard let from = source.cloudEntry, !sources.lost.contains(source.shownName),
                let target = targets.first(where: { $0.opened.endpoint == opened.endpoint }),
                let project = target.opened.projectID,
                try await connections.signIn(from.cloud).projectID == project
            else { continue }
            tell(
                .warning(
                    .sourceIsTarget(
                        place: "\(from.cloud.position)", cloud: from.cloud.name,
                        targetKey: target.opened.key)))
        }
    }

    /// Throws if the newest target is the same place as another one: their copies would have the
    /// same ids.
    private static func expectOtherPlace(
        _ targets: [PlanningTarget], _ target: Target
    ) throws(TranshipError) {
        guard let newest = targets.last else { return }
        let key = newest.opened.key
        guard !targets.dropLast().contains(where: { $0.opened.key == key }) else {
            throw TranshipError(
                .invalidPipeline, "\(target.position): the target \(key) is named twice",
                hint: "name each cloud, region and project once")
        }
        if let other = targets.dropLast().first(where: { $0.isSamePlace(as: newest) }) {
            throw TranshipError(
                .invalidPipeline,
                "\(target.position): the targets \(other.opened.key) and \(key) are the same "
                    + "project of the same Image service, \(other.opened.endpoint)",
                hint: "name each project of an Image service once")
        }
    }

    var stages: Stages {
        Stages(sources: sources, verifier: DigestVerifier(), targets: targets.map(\.opened))
    }
}

extension TranshipError {
    /// True if the entry names a region, project, store or login that is missing or may not be
    /// used. Such errors of all entries are reported together.
    var isMistakeOfEntry: Bool {
        [
            .authenticationFailed, .notKeystone, .noImageService, .notFound, .ambiguous,
            .invalidPipeline, .invalidCloudsFile,
        ].contains(code) && !isTransient && !Task.isCancelled
    }

    /// True if the cloud refused the login, or has no Image service for it: the pipeline or the
    /// cloud has to be changed.
    package var isRefusedLogin: Bool {
        Absence.refusedLogins.contains(code)
    }
}
