// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import ChecksumVerifiers
import HTTPTransport
import ImageUploaders
import MigrationJournal
import MigrationModel
import MigrationPipeline
import OpenStackImage
import PipelineFiles
import Planning
import Publishing
import SourceReaders
import TaskWaiters

/// One start of the pipeline: the real planner, scheduler and stages, wired as
/// the program wires them, over a simulated network.
struct SimulatedProcess: Sendable {
    let world: World
    let life: Life
    let host: Host
    let pipeline: Pipeline
    let planted: PlantedBug?

    private var journal: Journal {
        let life = life
        return host.journal.reopened { writes, access in
            guard writes else {
                try life.check()
                return try access()
            }
            try life.step()
            try access()
            try life.step()
        }
    }

    private func service(_ cloud: String) -> ImageService {
        let client = HTTPClient(
            over: Network(world: world, life: life, host: host, planted: planted))
        let configuration = CloudConfiguration(
            name: cloud,
            authentication: .password(.id("someone"), password: Secret("secret")),
            authURL: "http://\(cloud)/identity", scope: .projectID("project-\(cloud)"),
            region: cloud, imageEndpointOverride: "http://\(cloud)")
        return ImageService(
            CloudSession(configuration, client, executor: world.timeline))
    }

    /// - Parameter resuming: goes on with the last run where that was
    ///   interrupted, as `tranship resume` does.
    /// - Returns: the run; nil where another run could not be begun.
    func run(
        resuming: Bool, started: @escaping @Sendable (Scheduler) -> Void
    ) async throws(TranshipError) -> Run {
        let journal = journal
        if resuming, let last = try await journal.lastRun(), last.isInterrupted,
            last.plannedAt != nil
        {
            let place = try await place()
            try await journal.reopen(last)
            try await ending(last, journal) { () throws(TranshipError) in
                try await work(last, journal, place, started)
            }
            return last
        }
        let place = try await place()
        let run = try await journal.beginRun(
            pipelineName: pipeline.name, pipelineFile: "simulation", pipelineText: "")
        try await ending(run, journal) { () throws(TranshipError) in
            let plan = try Plan(beside: journal)
            _ = try await Planner(
                journal: journal, plan: plan, sources: place.sources, targets: place.targets,
                nowUnixSeconds: world.timeline.now / 1000, mode: pipeline.transfer
            ).makePlan()
            try await planted?.change(plan, beside: journal)
            try await journal.adopt(plan, run: run, order: .smallFirst)
            try await work(run, journal, place, started)
        }
        return run
    }

    private func ending(
        _ run: Run, _ journal: Journal, _ work: () async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        do throws(TranshipError) {
            try await work()
        } catch {
            try? await journal.endRun(
                run, outcome: error.code == .interrupted ? .interrupted : .failed)
            throw error
        }
        let isLeft = try await !journal.unfinished(run: run, limit: 1).isEmpty
        try await journal.endRun(run, outcome: isLeft ? .interrupted : .done)
    }

    // MARK: Clouds

    private struct Place: Sendable {
        var sources: [PlanningSource] = []
        var targets: [PlanningTarget] = []
        var clouds: [Int: ImageService] = [:]
        var urls: [Int: URLReader.Address] = [:]
        var services: [String: ImageService] = [:]
    }

    private func place() async throws(TranshipError) -> Place {
        var place = Place()
        for (index, source) in pipeline.sources.enumerated() {
            switch source {
            case .cloud(let cloud):
                let service = service(cloud.cloud)
                _ = try await service.session.authenticate()
                place.clouds[index] = service
                place.sources.append(PlanningSource(index: index, kind: .cloud(cloud, service)))
            case .url(let url):
                let client = HTTPClient(
                    over: Network(world: world, life: life, host: host, planted: planted))
                place.urls[index] = URLReader.Address(url: Secret(url.url), client: client)
                place.sources.append(PlanningSource(index: index, kind: .url(url, client, [:])))
            case .file, .archive: preconditionFailure("no such source is simulated")
            }
        }
        for target in pipeline.targets {
            guard case .cloud(let cloud) = target else { continue }
            let service = service(cloud.cloud)
            let project = try await service.session.authenticate()
            place.services[cloud.cloud] = service
            let isSibling =
                world.scenario.targets.first { $0.name == cloud.cloud }?.isSibling ?? false
            let near = isSibling ? Set(place.clouds.keys) : []
            place.targets.append(
                PlanningTarget(
                    key: cloud.cloud, rules: cloud, service: service,
                    projectID: project.projectID, sharesKeystone: near, siblings: near,
                    offer: try await TargetOffer.look(service),
                    verification: pipeline.verify == .paranoid ? .paranoid : .proof))
        }
        return place
    }

    private func work(
        _ run: Run, _ journal: Journal, _ place: Place,
        _ started: @escaping @Sendable (Scheduler) -> Void
    ) async throws(TranshipError) {
        let world = world
        let urls = place.urls
        var reopening = Reopening()
        reopening.chance = { world.chance.unit() }
        reopening.wait = { await world.timeline.sleep(Int64($0 * 1000)) }
        let stages = Stages(
            reader: SourceReaders(
                cloud: CloudReader(services: place.clouds, reopening: reopening),
                legacyCloud: LegacyCloudReader(services: [:]),
                url: URLReader(addresses: urls, reopening: reopening)),
            verifier: DigestVerifier(),
            uploader: CloudUploader(
                targets: place.services, placed: journal.transfer, now: { world.timeline.now }),
            waiter: ImportWaiter(
                targets: place.services,
                fetch: { (transfer) throws(TranshipError) in
                    switch transfer.source.location {
                    case .cloud(let id):
                        .glanceDownload(
                            region: Scenario.sourceCloud, imageID: id, interface: .public)
                    case .url(let url): .webDownload(uri: Secret(url))
                    case .file: preconditionFailure("no file is simulated")
                    }
                },
                now: { world.timeline.now }, jitter: { world.chance.unit() }),
            publisher: CloudPublisher(targets: place.services, placed: journal.transfer))
        var retries = RetryPolicy(attemptsMax: pipeline.limits.attempts)
        if planted == .retriesForEver {
            retries.attemptsMax = .max
            retries.runTriesMin = .max
        }
        if planted == .trustsTheSpool { try await host.spool.trust(host.journal) }
        let disk = host.spool.disk(world, life, planted)
        let spool = try await Spool.open(
            Spool.Place(folder: host.spool.path, maxBytes: world.scenario.spoolMaxBytes),
            takesFlakySources: pipeline.transfer == .auto, journal: journal, run: run, disk: disk)
        var surroundings = Surroundings(
            now: { world.timeline.now },
            after: { milliseconds, body in
                let number = world.timeline.after(Int64(milliseconds), body)
                return { world.timeline.cancel(number) }
            },
            chance: { world.chance.unit() }, executor: world.timeline,
            observers: { world.timeline.soon($0) })
        surroundings.disk = disk
        let scheduler = Scheduler(
            journal: journal,
            stages: planted?.wrap(stages, services: place.services) ?? stages,
            limits: .init(images: pipeline.limits.images, retries: retries),
            monitor: RunMonitor(now: { world.timeline.now }) { event in
                world.say(event.words)
            },
            surroundings: surroundings, spool: spool)
        started(scheduler)
        try await scheduler.work(run)
    }
}

extension RunEvent {
    fileprivate var words: String {
        switch self {
        case .started(let transfer): "\(transfer.words): begins"
        case .moved(let transfer): "\(transfer.words)"
        case .waiting(let transfer, let seconds):
            "\(transfer.words): waits \(seconds) s: \(transfer.wait.reason ?? "")"
        case .retrying(let transfer, let error, let seconds):
            "\(transfer.words): again in \(seconds) s: \(error.message)"
        case .ended(let transfer):
            "\(transfer.words): ended\(transfer.failure.map { ": \($0.code) \($0.message)" } ?? "")"
        case .note(let transfer, let text): "\(transfer.words): \(text)"
        case .notice(let text): text
        }
    }
}

extension Transfer {
    fileprivate var words: String {
        "[\(source.displayName) to \(targetKey) by \(method.rawValue)] \(state.rawValue)"
    }
}
