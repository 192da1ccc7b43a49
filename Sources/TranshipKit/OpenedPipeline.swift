// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ChecksumVerifiers
internal import ImageArchives
internal import ImageUploaders
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline
internal import OpenStackImage
internal import PipelineFiles
internal import Planning
internal import Publishing
internal import SourceReaders
internal import TaskWaiters

/// A pipeline's sources and targets, opened: what planning looks at and what the
/// stages work with.
struct OpenedPipeline: Sendable {
    /// With a stand-in for each that cannot be opened: its listing throws why.
    let sources: [any ImageSource]
    /// What messages call each of them.
    var sourceNames: [String] = []
    /// Where the pipeline file has each of them.
    var positions: [FilePosition] = []
    let targets: [PlanningTarget]
    /// For messages.
    var projectNames = ProjectNames([])
    /// What does not protect the ways to them.
    let weaknesses: [String]
    /// Targets that do not answer now, or that refuse the login, by key. The others go on without
    /// them.
    var absent: [String: TranshipError] = [:]

    /// Finds every cloud and signs in to it, so that wrong credentials are
    /// reported before anything else happens.
    ///
    /// - Parameters:
    ///   - needsAll: false if the work may do without a target that is down, refuses the login or is
    ///     an archive that cannot be used, as long as another one answers.
    ///   - mayLack: true for the name of a source that the others can do without.
    ///   - journal: what it knows of a target that is gone counts; nil for commands without it.
    static func open(
        _ pipeline: Pipeline, environment: [String: String], tuning: RunTuning,
        needsAll: Bool = true, mayLack: (String) -> Bool = { _ in false },
        journal: Journal? = nil,
        tell: @escaping @Sendable (PlanningEvent) -> Void
    ) async throws(TranshipError) -> OpenedPipeline {
        let connections: any Connections =
            tuning.connections
            ?? NetworkConnections(
                environment: environment, transport: tuning.transport,
                warn: { tell(.warning($0)) })
        let expanded = try await ProjectExpansion(pipeline, connections, mayLack: mayLack)
        let services = ProjectServices()
        let sources = try await OpenedSources(
            expanded, pipeline, environment, connections, services, mayLack: mayLack)
        var targets: [PlanningTarget] = []
        var absent: [String: TranshipError] = [:]
        var outage: TranshipError?
        let owners = OwnerTable(pipeline, connections, without: sources.lost)
        for (target, route) in zip(expanded.targets, expanded.routes) {
            do {
                let target = try await owners.withIDs(target)
                var opened = try await open(target, pipeline, connections, tuning, services)
                opened.route = route
                try await expectNoLoss(of: target, journal)
                targets.append(opened)
            } catch {
                guard !needsAll, let key = absentKey(of: target, error) else { throw error }
                absent[key] = error
                outage = outage ?? error
                continue
            }
            try expectOtherPlace(targets, target)
        }
        if targets.isEmpty, let outage { throw outage }
        for (source, opened) in zip(pipeline.sources, sources.all) {
            guard case .cloud(let from) = source, !sources.lost.contains(source.shownName),
                let target = targets.first(where: { $0.opened.endpoint == opened.endpoint }),
                let project = target.opened.projectID,
                try await connections.signIn(from.cloud).projectID == project
            else { continue }
            tell(
                .warning(
                    "\(from.cloud.position): source and target are one: \(from.cloud.name) and "
                        + "\(target.opened.key) are the same project of the same Image service"))
        }
        return OpenedPipeline(
            sources: sources.all, sourceNames: sources.names,
            positions: expanded.sources.map(\.position), targets: targets,
            projectNames: ProjectNames(services.sessions), weaknesses: connections.weaknesses,
            absent: absent)
    }

    /// The key of a target that the others can do without; nil if the error is one of the pipeline.
    private static func absentKey(of target: Target, _ error: TranshipError) -> String? {
        switch target {
        case .cloud(let entry):
            let isAbsent = error.isTransient || error.isRefusedLogin
            return isAbsent && error.code != .interrupted ? key(of: entry.cloud) : nil
        case .archive(let entry):
            return error.code == .targetFailed
                ? key(of: ArchiveFolder(entry.path, as: .target)) : nil
        }
    }

    /// Throws if an archive is not there, and the journal knows copies in it: its disk may not be
    /// mounted.
    private static func expectNoLoss(
        of target: Target, _ journal: Journal?
    ) async throws(TranshipError) {
        guard let journal, case .archive(let entry) = target else { return }
        let archive = ArchiveFolder(entry.path, as: .target)
        let isThere = try await archive.onThread { try $0.isFolderThere() }
        if isThere { return }
        let known = try await journal.copyCount(atTarget: key(of: archive))
        if known > 0 { throw archive.isGone(knownImages: known) }
    }

    private static func key(of archive: ArchiveFolder) -> String { "archive:\(archive.path)" }

    /// Throws if the newest target is where another one is: the ids of their copies would be the
    /// same.
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

    /// Stable over runs, and readable: the journal and messages name a target by it.
    private static func key(of cloud: CloudName) -> String {
        ([cloud.name] + [cloud.region, cloud.project, cloud.projectDomain].compactMap(\.self))
            .joined(separator: "/")
    }

    var stages: Stages {
        Stages(sources: sources, verifier: DigestVerifier(), targets: targets.map(\.opened))
    }

    /// Opens one target: the one place that knows which kinds of target there are.
    private static func open(
        _ target: Target, _ pipeline: Pipeline, _ connections: any Connections,
        _ tuning: RunTuning, _ services: ProjectServices
    ) async throws(TranshipError) -> PlanningTarget {
        let entry: CloudTarget
        switch target {
        case .cloud(let cloud): entry = cloud
        case .archive(let archive): return try await open(archive, pipeline, tuning)
        }
        let cloud = try await connections.signIn(entry.cloud)
        guard !cloud.isLegacy else {
            throw TranshipError(
                .noImageService,
                "\(entry.cloud.position): cloud \"\(entry.cloud.name)\" speaks Images API v1 only, "
                    + "and a target needs v2",
                hint: "a legacy cloud can be a source only; if it has v2 after all, remove "
                    + "image_api_version from its entry")
        }
        let key = key(of: entry.cloud)
        let service = ImageService(cloud.session)
        let offer = try await TargetOffer.look(service)
        let (now, chance) = (tuning.surroundings.now, tuning.surroundings.chance)
        let recent = RecentImages(now: now)
        let endpoint = cloud.endpoint
        services.add(service, endpoint: endpoint, projectID: cloud.projectID)
        services.note(cloud.session)
        let lessons = services.lessons(of: endpoint)
        return PlanningTarget(
            OpenedTarget(
                key: key, endpoint: cloud.endpoint, region: cloud.region,
                projectID: cloud.projectID, isAdmin: cloud.isAdmin,
                limits: TargetLimits(
                    images: entry.rules.limitsImages,
                    uploading: offer.left(of: "image_count_uploading").map { Int(max(0, $0)) },
                    stagedBytes: offer.left(of: "image_stage_total").map {
                        // In MiB.
                        max(0, $0).clampedProduct(1 << 20)
                    }),
                offer: offer,
                uploader: CloudUploader(
                    targetKey: key, service: service, now: now, recent: recent,
                    lessons: lessons, reporting: offer.seenAlgorithm),
                waiter: ImportWaiter(service: service, now: now, jitter: chance),
                publisher: CloudPublisher(
                    service: service, recent: recent,
                    inProject: { services.service(endpoint: endpoint, projectID: $0) },
                    describing: { lessons.learn(fromMember: $0, of: $1) })),
            rules: entry.rules, verification: pipeline.verify)
    }

    private static func open(
        _ entry: ArchiveTarget, _ pipeline: Pipeline, _ tuning: RunTuning
    ) async throws(TranshipError) -> PlanningTarget {
        let archive = ArchiveFolder(entry.path, as: .target)
        do {
            try await archive.onThread { _ = try $0.check() }
        } catch {
            throw error.whileDoing("\(entry.position)")
        }
        // An image would be copied beside itself, and its copy by the next run.
        for case .archive(let source) in pipeline.sources
        where ArchiveFolder(source.path, as: .source).isSame(as: archive) {
            throw TranshipError(
                .invalidPipeline,
                "\(entry.position): the archive \(archive.path) is a source and a target",
                hint: "name another folder for the target")
        }
        let now = tuning.surroundings.now
        let key = key(of: archive)
        return PlanningTarget(
            OpenedTarget(
                key: key, endpoint: "archive \(archive.path)", isAdmin: true,
                limits: TargetLimits(images: entry.rules.limitsImages),
                offer: ArchiveUploader.offer,
                uploader: ArchiveUploader(targetKey: key, archive: archive, now: now),
                waiter: ArchiveWaiter(), publisher: ArchivePublisher(archive: archive, now: now)),
            rules: entry.rules, verification: pipeline.verify)
    }
}

extension TranshipError {
    /// No login, or none for an Image service: the pipeline has to be changed, or the cloud.
    package var isRefusedLogin: Bool {
        Absence.refusedLogins.contains(code)
    }
}
