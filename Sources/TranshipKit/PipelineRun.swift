// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import ByteStreams
internal import Foundation
public import MigrationJournal
internal import MigrationModel
public import MigrationPipeline
public import PipelineFiles
internal import Planning
internal import Synchronization

/// Plans a pipeline, carries it out, and continues it after any interruption.
///
/// One object for one start of one pipeline on one journal. It holds the
/// journal's lock as long as it lives, unless it only plans.
public final class PipelineRun: Sendable {
    public let pipeline: Pipeline
    public let journal: Journal
    public let monitor: RunMonitor

    let environment: [String: String]
    let tuning: RunTuning
    let tell: @Sendable (PlanningEvent) -> Void
    private let scheduler = Mutex<Scheduler?>(nil)
    private let stopped = Mutex<Scheduler.Stop?>(nil)
    private let made = Mutex<Plan?>(nil)

    /// Opens the journal.
    ///
    /// - Parameter plansOnly: reads the journal beside a run that may have it.
    ///   Then only ``plan()`` may be called.
    /// - Throws: as ``Journal/open(path:)``.
    public convenience init(
        _ pipeline: Pipeline, journalPath: String, environment: [String: String],
        plansOnly: Bool = false,
        planning: @escaping @Sendable (PlanningEvent) -> Void = { _ in },
        events: @escaping @Sendable (RunEvent) -> Void = { _ in }
    ) async throws(TranshipError) {
        try await self.init(
            pipeline, journalPath: journalPath, environment: environment, tuning: .init(),
            plansOnly: plansOnly, planning: planning, events: events)
    }

    init(
        _ pipeline: Pipeline, journalPath: String, environment: [String: String],
        tuning: RunTuning, plansOnly: Bool = false,
        planning: @escaping @Sendable (PlanningEvent) -> Void = { _ in },
        events: @escaping @Sendable (RunEvent) -> Void = { _ in }
    ) async throws(TranshipError) {
        self.pipeline = pipeline
        self.tuning = tuning
        self.environment = environment
        tell = planning
        if plansOnly {
            journal =
                FileManager.default.fileExists(atPath: journalPath)
                ? try .openForReading(path: journalPath) : try .empty(path: journalPath)
        } else {
            journal = try await Journal.open(
                path: journalPath, hook: try KillPoint.hook(environment))
        }
        monitor = RunMonitor(now: Timestamp.now, sink: events)
    }

    /// Ends the run early; see ``Scheduler/Stop``. While the plan is still
    /// being made, cancel the task instead.
    public func stop(_ stop: Scheduler.Stop) {
        stopped.withLock { $0 = stop }
        scheduler.withLock { $0 }?.stop(stop)
    }

    /// True once ``stop(_:)`` was called.
    public var isStopped: Bool { stopped.withLock { $0 != nil } }

    // MARK: Planning

    /// The plan that was made last; nil before, and once a run has taken it over.
    public var currentPlan: Plan? { made.withLock { $0 } }

    /// Makes the plan; changes nothing else.
    ///
    /// - Returns: what the targets' quotas have no room for; ``run(planned:)``
    ///   refuses to begin with these.
    public func plan() async throws(TranshipError) -> [TranshipError] {
        try await plan(in: try await open())
    }

    private func open() async throws(TranshipError) -> OpenedPipeline {
        try await OpenedPipeline.open(
            pipeline, environment: environment, tuning: tuning)
    }

    private func plan(in opened: OpenedPipeline) async throws(TranshipError) -> [TranshipError] {
        made.withLock { $0 = nil }
        let plan = try Plan(beside: journal)
        made.withLock { $0 = plan }
        return try await planner(in: opened, plan).makePlan()
    }

    func planner(in opened: OpenedPipeline, _ plan: Plan) -> Planner {
        Planner(
            journal: journal, plan: plan, sources: opened.sources, targets: opened.targets,
            nowUnixSeconds: Timestamp.now() / 1000, mode: pipeline.transfer, tell: tell)
    }

    // MARK: Running

    /// What to call when the plan is made and before anything is done.
    public typealias Planned = @Sendable (Run) async throws(TranshipError) -> Void

    /// Plans and does. Whatever an earlier run left unfinished is continued.
    ///
    /// - Throws: what makes going on impossible. Errors of single images stand
    ///   in the summary.
    public func run(
        planned: Planned = { (_) async throws(TranshipError) in }
    ) async throws(TranshipError) -> RunSummary {
        let opened = try await open()
        let run = try await journal.beginRun(
            pipelineName: pipeline.name, pipelineFile: pipeline.absoluteFile,
            pipelineText: pipeline.textWithoutSecrets)
        return try await ending(run) { () throws(TranshipError) in
            let shortfalls = try await self.plan(in: opened)
            try self.checkGoingOn()
            try await planned(run)
            if let shortfall = shortfalls.first { throw shortfall }
            try await self.adoptPlan(run)
            try await self.work(run, in: opened)
        }
    }

    /// Lets another process plan while the run works.
    private func adoptPlan(_ run: Run) async throws(TranshipError) {
        guard let plan = currentPlan else { return }
        try await journal.adopt(plan, run: run, order: WorkOrder(pipeline.order))
        made.withLock { $0 = nil }
    }

    /// Goes on with a run that was interrupted, as it was planned.
    public func resume(_ run: Run, planned: Planned) async throws(TranshipError) -> RunSummary {
        guard run.plannedAt != nil else { return try await self.run(planned: planned) }
        let opened = try await open()
        try await journal.reopen(run)
        return try await ending(run) { () throws(TranshipError) in
            try await planned(run)
            try await self.work(run, in: opened)
        }
    }

    /// Where a pipeline spools: what its file says, else `NAME.spool` beside its
    /// journal `NAME.sqlite`.
    public static func spoolPlace(
        of pipeline: Pipeline, journalPath: String
    ) -> Spool.Place {
        var journal = URL(fileURLWithPath: journalPath).standardizedFileURL
        if journal.pathExtension == "sqlite" { journal.deletePathExtension() }
        return Spool.Place(
            folder: pipeline.spool?.path ?? journal.path + ".spool",
            maxBytes: pipeline.spool?.maxBytes)
    }

    private func work(_ run: Run, in opened: OpenedPipeline) async throws(TranshipError) {
        // Opened for a stream as well: an earlier run may have left files.
        let spool = try await Spool.open(
            Self.spoolPlace(of: pipeline, journalPath: journal.path),
            takesFlakySources: pipeline.transfer == .auto, journal: journal, run: run,
            disk: tuning.surroundings.disk)
        var retries = RetryPolicy(
            attemptsMax: pipeline.limits.attempts, backoffSecondsMax: tuning.backoffSecondsMax)
        retries.probeSeconds = tuning.probeSeconds ?? retries.probeSeconds
        retries.outageSecondsMax = tuning.outageSecondsMax ?? retries.outageSecondsMax
        let scheduler = Scheduler(
            journal: journal,
            stages: opened.stages,
            limits: .init(images: pipeline.limits.images, retries: retries),
            limiter: pipeline.limits.bandwidthBytesPerSecond.map {
                BandwidthLimiter(bytesPerSecond: $0)
            }, monitor: monitor, surroundings: tuning.surroundings, spool: spool)
        self.scheduler.withLock { $0 = scheduler }
        if let stop = stopped.withLock({ $0 }) { scheduler.stop(stop) }
        try await scheduler.work(run)
    }

    /// A plan that was interrupted may be short of images: it is not adopted.
    private func checkGoingOn() throws(TranshipError) {
        guard !isStopped, !Task.isCancelled else {
            throw TranshipError(.interrupted, "interrupted while planning", isTransient: true)
        }
    }

    /// Writes down how the run ended, whatever happens in it.
    private func ending(
        _ run: Run, _ work: () async throws(TranshipError) -> Void
    ) async throws(TranshipError) -> RunSummary {
        do throws(TranshipError) {
            try await work()
        } catch {
            let outcome = error.code == .interrupted ? Run.Outcome.interrupted : .failed
            // The first error is the one to tell; a journal that cannot take
            // this either is most likely its cause.
            try? await journal.endRun(run, outcome: outcome)
            throw error
        }
        var summary = try await RunSummary(run: run, journal: journal)
        summary.pausedTargets = scheduler.withLock { $0 }?.pausedTargets ?? [:]
        let isLeft = try await !journal.unfinished(run: run, limit: 1).isEmpty
        summary.isInterrupted = isLeft && (isStopped || Task.isCancelled)
        if isLeft { summary.deadEndpoints = scheduler.withLock { $0 }?.deadEndpoints ?? [:] }
        try await journal.endRun(
            run,
            outcome: summary.isInterrupted || !summary.deadEndpoints.isEmpty
                ? .interrupted : summary.exitStatus == .done ? .done : .failed)
        return summary
    }
}

extension WorkOrder {
    init(_ order: TransferOrder) {
        switch order {
        case .smallFirst: self = .smallFirst
        case .largeFirst: self = .largeFirst
        case .listed: self = .listed
        }
    }
}
