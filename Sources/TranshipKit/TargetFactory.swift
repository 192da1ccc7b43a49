// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
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

/// The factory that opens the entries of a pipeline's `targets`. Apart from `PipelineFiles`, only
/// this type chooses by the kind of a target.
struct TargetFactory: Sendable {
    let pipeline: Pipeline
    let connections: any Connections
    let tuning: RunTuning
    let services: ProjectServices

    func target(_ target: Target) -> any UnopenedTarget {
        switch target {
        case .cloud(let entry): UnopenedCloud(entry: entry, factory: self)
        case .archive(let entry): UnopenedArchive(entry: entry, factory: self)
        }
    }
}

/// A target of any kind before any request to it.
protocol UnopenedTarget: Sendable {
    /// The key by which the journal and messages name the target. It is readable, and the same in
    /// every run.
    var key: String { get }

    /// True if the other targets can do without this one after the error; false if the error is a
    /// mistake of the pipeline.
    func isAbsent(after error: TranshipError) -> Bool

    /// Throws if the target may not be the one of earlier runs, since the journal's knowledge of
    /// its copies would be lost. Also throws if the target cannot be made in its place.
    ///
    /// - Parameter journal: the journal; nil for commands without one.
    func expectPlace(_ journal: Journal?) async throws(TranshipError)

    func open() async throws(TranshipError) -> PlanningTarget
}

private struct UnopenedCloud: UnopenedTarget {
    let entry: CloudTarget
    let factory: TargetFactory

    var key: String {
        let cloud = entry.cloud
        return
            ([cloud.name] + [cloud.region, cloud.project, cloud.projectDomain].compactMap(\.self))
            .joined(separator: "/")
    }

    func isAbsent(after error: TranshipError) -> Bool {
        (error.isTransient || error.isRefusedLogin) && error.code != .interrupted
    }

    /// Does nothing: a cloud that answers exists.
    func expectPlace(_ journal: Journal?) {}

    func open() async throws(TranshipError) -> PlanningTarget {
        let cloud = try await factory.connections.signIn(entry.cloud)
        guard !cloud.isLegacy else {
            throw TranshipError(
                .noImageService,
                "\(entry.cloud.position): cloud \"\(entry.cloud.name)\" speaks Images API v1 only, "
                    + "and a target needs v2",
                hint: "use this cloud as a source only; if it has v2 after all, remove "
                    + "image_api_version from its entry")
        }
        let service = ImageService(cloud.session)
        let offer = try await TargetOffer.look(service)
        try checkStores(of: offer)
        let surroundings = factory.tuning.surroundings
        let (now, chance) = (surroundings.now, surroundings.chance)
        let recent = RecentImages(now: now)
        let (endpoint, services) = (cloud.endpoint, factory.services)
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
                        // The quota is in MiB.
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
            rules: entry.rules, verification: factory.pipeline.verify)
    }

    /// Refuses a store that the service does not list, before any image is read for it. A service
    /// with only one store lists none.
    private func checkStores(of offer: TargetOffer) throws(TranshipError) {
        guard case .named(let wanted) = entry.rules.stores, !offer.stores.isEmpty else { return }
        let place = "\(entry.cloud.position): cloud \"\(entry.cloud.name)\""
        let known = Set(offer.stores.map(\.id))
        let missing = wanted.filter { !known.contains($0) }
        if let first = missing.first {
            let names = missing.map { "\"\($0)\"" }.joined(separator: ", ")
            throw TranshipError(
                .invalidPipeline,
                "\(place) has no \(missing.count == 1 ? "store" : "stores") \(names), which "
                    + "`stores` names",
                hint: missing.count == 1
                    ? Nearest.hint(first, in: offer.writableStores, "stores")
                    : "known stores: " + offer.writableStores.joined(separator: ", "))
        }
        let readOnly = wanted.filter { !offer.writableStores.contains($0) }
        guard readOnly.isEmpty else {
            let names = readOnly.map { "\"\($0)\"" }.joined(separator: ", ")
            throw TranshipError(
                .invalidPipeline,
                "\(place) has the \(readOnly.count == 1 ? "store" : "stores") \(names) only for "
                    + "reading, and `stores` names \(readOnly.count == 1 ? "it" : "them")",
                hint: "name another one: " + offer.writableStores.joined(separator: ", "))
        }
    }
}

private struct UnopenedArchive: UnopenedTarget {
    let entry: ArchiveTarget
    let factory: TargetFactory
    private let archive: ArchiveFolder

    init(entry: ArchiveTarget, factory: TargetFactory) {
        self.entry = entry
        self.factory = factory
        archive = ArchiveFolder(entry.path, as: .target)
    }

    var key: String { "archive:\(archive.path)" }

    func isAbsent(after error: TranshipError) -> Bool { error.code == .targetFailed }

    /// Checks for a known archive that is missing: its disk may not be mounted.
    func expectPlace(_ journal: Journal?) async throws(TranshipError) {
        let isThere = try await archive.onThread { try $0.isFolderThere() }
        if isThere { return }
        if let known = try await journal?.copyCount(atTarget: key), known > 0 {
            throw archive.isGone(knownImages: known)
        }
        try await archive.onThread { try $0.expectParent() }
    }

    func open() async throws(TranshipError) -> PlanningTarget {
        do {
            try await archive.onThread { _ = try $0.check() }
        } catch {
            throw error.whileDoing("\(entry.position)")
        }
        // Otherwise an image would be copied into its own archive, and the next run would copy the
        // copy.
        for source in factory.pipeline.sources.compactMap(\.entry.archivePath)
        where ArchiveFolder(source, as: .source).isSame(as: archive) {
            throw TranshipError(
                .invalidPipeline,
                "\(entry.position): the archive \(archive.path) is a source and a target",
                hint: "name another folder for the target")
        }
        let now = factory.tuning.surroundings.now
        return PlanningTarget(
            OpenedTarget(
                key: key, endpoint: "archive \(archive.path)", isAdmin: true,
                limits: TargetLimits(images: entry.rules.limitsImages),
                offer: ArchiveUploader.offer,
                uploader: ArchiveUploader(targetKey: key, archive: archive, now: now),
                waiter: ArchiveWaiter(), publisher: ArchivePublisher(archive: archive, now: now)),
            rules: entry.rules, verification: factory.pipeline.verify)
    }
}
