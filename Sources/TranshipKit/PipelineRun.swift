// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import ByteStreams
internal import Foundation
package import MigrationJournal
public import MigrationModel
internal import MigrationPipeline
package import PipelineFiles
internal import Planning

/// Plans a pipeline, carries the plan out, and continues it after any interruption.
///
///     let run = try await PipelineRun(file: "nightly.yaml", environment: environment)
///     let plan = try await run.plan()
///     // Show it, compare it, ask.
///     let summary = try await run.carryOut(plan)
///
/// One object serves one start of one pipeline on one journal. It holds the journal's lock until it
/// is freed, unless it only plans.
public final class PipelineRun: Sendable {
    package let pipeline: Pipeline
    package let journal: Journal
    let environment: [String: String]
    let givenTuning: RunTuning
    let answerSecondsMax = Guarded<Int?>(nil)
    let planFile = Guarded<String?>(nil)
    let tell: @Sendable (PlanningEvent) -> Void
    let events: @Sendable (RunEvent) -> Void
    private let monitor: RunMonitor
    /// False in an object that only plans.
    let writes: Bool
    /// The run that this one goes on with.
    public let interrupted: Run?
    /// The edits to the pipeline file since that run began. If there are any, the work is planned
    /// again.
    let edits: [String]
    /// The number of a run that failed after that run was interrupted. If there is one, the work is
    /// planned again.
    let failedSince: Int64?
    let places = Guarded(ImagePlaces())
    private let scheduler = Guarded<Scheduler?>(nil)
    private let stopped = Guarded<(Scheduler.Stop, ExitStatus)?>(nil)
    /// The function that returns the error for names that no image has; nil if such names do not
    /// end the work before it begins.
    package let refusal: (@Sendable ([MissedSelection]) async -> TranshipError)?
    /// Adds to an error what the words of a command line may have meant.
    private let explain: @Sendable (TranshipError) -> TranshipError

    /// Reads the pipeline file and opens its journal.
    ///
    /// - Parameters:
    ///   - file: the path of the file, or the name of a pipeline that ran. A copy has only a name;
    ///     the journal has its text.
    ///   - journalPath: the path of the journal; nil is the place that ``JournalPlace`` names.
    ///   - plansOnly: true if only ``plan(matching:listsAllDifferences:)`` is called. Another
    ///     process may then run the pipeline at the same time.
    /// - Throws: ``TranshipError/Code/invalidPipeline`` with `file:line:column`;
    ///   ``TranshipError/Code/journalInUse`` if another process has the journal,
    ///   ``TranshipError/Code/journalTooNew`` if a newer version wrote it,
    ///   ``TranshipError/Code/journalFailed``.
    public convenience init(
        file: String, journalPath: String? = nil, environment: [String: String],
        plansOnly: Bool = false,
        planning: @escaping @Sendable (PlanningEvent) -> Void = { _ in },
        events: @escaping @Sendable (RunEvent) -> Void = { _ in }
    ) async throws(TranshipError) {
        try OpenFileLimit.expectEnough()
        let pipeline = try await Self.pipeline(
            file, journalPath: journalPath, environment: environment, planning: planning)
        self.init(
            pipeline,
            journal: try await JournalPlace.journal(
                of: pipeline, at: journalPath, environment: environment, plansOnly: plansOnly),
            environment: environment, writes: !plansOnly, planning: planning, events: events)
    }

    /// Goes on with the run that was interrupted last.
    ///
    /// If the pipeline file has changed since, the work is planned again from the file, and the
    /// finished work is compared with the new plan. If the file is gone, the text in the journal is
    /// used.
    ///
    /// - Parameter journalPath: the path of the journal; nil is the journal with the latest
    ///   interrupted run.
    /// - Returns: nil if no run was interrupted.
    /// - Throws: as ``init(file:journalPath:environment:plansOnly:planning:events:)``.
    public static func resuming(
        journalPath: String? = nil, environment: [String: String],
        planning: @escaping @Sendable (PlanningEvent) -> Void = { _ in },
        events: @escaping @Sendable (RunEvent) -> Void = { _ in }
    ) async throws(TranshipError) -> PipelineRun? {
        try OpenFileLimit.expectEnough()
        guard
            let (path, run) = try await JournalPlace.interrupted(
                journalPath: journalPath, environment: environment,
                passedOver: { planning(.warning(.journalPassedOver(message: $0.message))) })
        else { return nil }
        let pipeline = try pipeline(of: run, environment: environment, planning: planning)
        // Copies that a rollback removed would count as done.
        let removed = try await Journal.openForReading(path: path).removals(of: run).count
        guard removed == 0 else {
            throw TranshipError(
                .usage,
                "run \(run.id) of \(run.pipelineName) was rolled back, which removed \(removed) of its "
                    + "copies, and a run that goes on would not make them again",
                hint: "begin a new run, which plans again: "
                    + (run.isCopy
                        ? run.copyCommand ?? "the same `tranship copy` command"
                        : run.command(try await Journal.openForReading(path: path).facts(of: run))))
        }
        let journal = try await Journal.open(path: path, hook: try KillPoint.hook(environment))
        let edits = edits(of: pipeline, since: run, try await journal.facts(of: run))
        return PipelineRun(
            pipeline, journal: journal, environment: environment, resuming: run, edits: edits,
            failedSince: try await failedSince(run, in: journal), planning: planning,
            events: events)
    }

    package init(
        _ pipeline: Pipeline, journal: Journal, environment: [String: String],
        tuning: RunTuning = .init(), writes: Bool = true, resuming interrupted: Run? = nil,
        refusal: (@Sendable ([MissedSelection]) async -> TranshipError)? = nil,
        explain: @escaping @Sendable (TranshipError) -> TranshipError = { $0 },
        edits: [String] = [], failedSince: Int64? = nil,
        planning: @escaping @Sendable (PlanningEvent) -> Void = { _ in },
        events: @escaping @Sendable (RunEvent) -> Void = { _ in }
    ) {
        self.pipeline = pipeline
        self.journal = journal
        self.environment = environment
        givenTuning = tuning
        self.writes = writes
        self.interrupted = interrupted
        self.refusal = refusal
        self.explain = explain
        self.edits = edits
        self.failedSince = failedSince
        tell = planning
        self.events = events
        monitor = RunMonitor(sink: events)
    }

    public var pipelineName: String { pipeline.name }

    /// The absolute path of the pipeline file; for a copy, which has no file, its name. Commands
    /// take both.
    public var pipelineFile: String {
        Run.isCopy(file: pipeline.absoluteFile, name: pipeline.name)
            ? pipeline.name : pipeline.absoluteFile
    }

    /// The sources and the targets in short, such as `alpha -> beta, gamma`.
    public var route: String { pipeline.route }

    /// True if commands find the journal by the pipeline's name alone.
    public var isJournalInItsPlace: Bool {
        journal.path == JournalPlace.path(pipelineName: pipeline.name, environment: environment)
    }

    /// Returns the number of the run that ``plan(matching:listsAllDifferences:)`` begins or goes on
    /// with.
    public func runNumber() async throws(TranshipError) -> Int64 {
        if let planned { return planned.id }
        return try await journal.nextRunNumber()
    }

    /// The run that goes on as it was planned; nil if the work is planned again as a new run: after
    /// an edit of the pipeline file, or after a later run.
    private var planned: Run? {
        guard edits.isEmpty, failedSince == nil else { return nil }
        return interrupted.flatMap { $0.plannedAt == nil ? nil : $0 }
    }

    /// The absolute path of the journal.
    public var journalPath: String { journal.path }

    /// The progress of the images that are under way now.
    public var progress: RunProgress {
        var progress = monitor.snapshot()
        progress.outages = scheduler.withLock { $0 }?.outages ?? []
        return progress
    }

    /// Ends the run early. While the plan is still being made, cancel the task instead.
    ///
    /// - Parameters:
    ///   - drains: true to finish the images that are in flight, false to abort them.
    ///   - status: the exit status of the command if images are left. The status of the first call
    ///     counts.
    public func stop(drains: Bool, status: ExitStatus = .interrupted) {
        let stop = drains ? Scheduler.Stop.drain : .abort
        stopped.withLock { $0 = (stop, $0?.1 ?? status) }
        scheduler.withLock { $0 }?.stop(stop)
    }

    private var stopStatus: ExitStatus { stopped.withLock { $0?.1 } ?? .interrupted }

    var isStopped: Bool { stopped.withLock { $0 != nil } || Task.isCancelled }

    // MARK: Planning

    /// Makes the plan. Changes nothing at any cloud.
    ///
    /// Unless this object only plans, the journal has the run from now on: if the plan is never
    /// carried out, the run counts as interrupted, and `resume` plans it again. A run that was
    /// interrupted after it was planned goes on as planned. A run that fails here is in the journal
    /// with its cause, except a copy that is mistyped and never ran: its journal is removed.
    ///
    /// - Parameters:
    ///   - saved: the plan that an operator has reviewed; nil accepts any plan.
    ///   - listsAllDifferences: true to warn of each difference that the error leaves out.
    /// - Throws: ``TranshipError/Code/planDrifted`` if the plan differs from the saved one;
    ///   ``TranshipError/Code/placeChanged`` if a cloud leads to another place than in the
    ///   interrupted run; errors that make planning impossible. Errors of single images are in the
    ///   plan.
    public func plan(
        matching saved: SavedPlan? = nil, listsAllDifferences: Bool = false
    ) async throws(TranshipError) -> PipelinePlan {
        let startedAt = Timestamp.now()
        var begun: Run?
        do throws(TranshipError) {
            return try await plan(matching: saved, listsAllDifferences, begun: &begun)
        } catch let cause {
            let error = explain(cause)
            if writes {
                await note(
                    error, begun: begun, planned: planned, startedAt: startedAt, saved)
            }
            throw error
        }
    }

    /// - Parameter begun: set as soon as the journal has the run.
    private func plan(
        matching saved: SavedPlan?, _ listsAllDifferences: Bool, begun: inout Run?
    ) async throws(TranshipError) -> PipelinePlan {
        if case .atMost(let images) = pipeline.limits.images, imagesInFlight < images {
            tell(.warning(fewFiles(for: images)))
        }
        let planned = self.planned
        if planned == nil, saved == nil { try await expectNoSavedPlan() }
        if let warning = replanWarning { tell(.warning(warning)) }
        if let warning = try await sharedJournalWarning() { tell(.warning(warning)) }
        let opened = try await open(goingOnWith: planned)
        if let interrupted { try await expectPlaces(of: interrupted, opened, plansInstead: true) }
        warn(of: opened.absentTargets)
        places.withLock { $0.positions = opened.positions }
        let hooks = NamedPlaces(pipeline: pipeline, environment: environment).missingPrograms.map {
            Warning.hookProgramMissing(message: $0.1.message)
        }
        for warning in opened.weaknesses + pipeline.rulesWithoutEffect + hooks {
            tell(.warning(warning))
        }
        if let planned {
            return try await PipelinePlan(
                restOf: planned, in: journal, bandwidth: pipeline.limits.bandwidth, opened)
        }
        guard writes else {
            let made = try await plan(try await compared(opened, saved), opened, run: nil)
            try await warnOfSharedNames(in: made)
            return made
        }
        // A mistyped name or a refused plan must show before the run begins, so that `resume` does
        // not find such a run.
        let early = refusal == nil && saved == nil ? nil : try await compared(opened, saved)
        if let early, let saved {
            try expectNotStopped()
            try expectSameAbsences(early.absences, as: saved)
            try await check(
                try await plan(early, opened, run: nil), is: saved, listsAll: listsAllDifferences)
        }
        let run = try await journal.beginRun(
            pipelineName: pipeline.name, pipelineFile: pipeline.absoluteFile,
            pipelineText: pipeline.textWithoutSecrets, facts: facts(saved))
        begun = run
        let found: Comparison
        if let early { found = early } else { found = try await compared(opened, saved) }
        let whole = try await self.plan(found, opened, run: run)
        try expectNotStopped()
        try await warnOfSharedNames(in: whole)
        return whole
    }

    private func check(
        _ plan: PipelinePlan, is saved: SavedPlan, listsAll: Bool
    ) async throws(TranshipError) {
        let now = try await plan.saved()
        try saved.check(
            against: now, rest: listsAll ? { self.tell(.warning(.savedPlanDiffers($0))) } : nil)
    }

    /// The result of the planner.
    private struct Comparison {
        let plan: Plan
        let shortfalls: [TranshipError]
        let missed: [MissedSelection]
        let unselected: UnselectedImages
        let projectIDs: Set<String>
        let memberIDs: Set<String>
        let absences: [Absence]
    }

    private func compared(
        _ opened: OpenedPipeline, _ saved: SavedPlan?
    ) async throws(TranshipError) -> Comparison {
        let made = try ownPlan(for: .plan)
        let missed = MissedSelections(of: opened.positions)
        let absent = AbsentSources(opened.sourceNames)
        let planner = planner(
            in: opened, made, costs: try await methodCosts(),
            savedMethods: saved?.methods ?? .init(), missed: noting(missed),
            unselected: { missed.add($0, key: $1) },
            absent: absent.sink(ifAllowed: mayLackSources))
        let shortfalls = try await planner.makePlan()
        warn(of: absent.all)
        if let refusal, !missed.all.isEmpty { throw await refusal(missed.all) }
        warn(of: missed)
        return Comparison(
            plan: made, shortfalls: shortfalls, missed: missed.all, unselected: missed.unselected,
            projectIDs: planner.projectIDs, memberIDs: planner.memberIDs,
            absences: absent.all + opened.absentTargets)
    }

    private func plan(
        _ found: Comparison, _ opened: OpenedPipeline, run: Run?
    ) async throws(TranshipError) -> PipelinePlan {
        if let run {
            let members = ProjectWords.findable(found.memberIDs)
            try await remember(projects: found.projectIDs.union(members), opened)
            try await remember(refusedIn: found.plan)
            try await journal.remember(
                missed: found.missed.map { MissedWords($0) }, in: run)
        }
        return try await PipelinePlan(
            found.plan, pipelineName: pipeline.name, settings: pipeline.settingTexts,
            bandwidth: pipeline.limits.bandwidth, run: run, opened,
            shortfalls: found.shortfalls, missed: found.missed, unselected: found.unselected,
            absences: found.absences,
            projects: try await projectWords(
                for: found.plan, found.projectIDs, members: found.memberIDs, opened),
            projectTable: pipeline.projects?.texts)
    }

    private var openFiles: Int { tuning.openFiles ?? OpenFileLimit.files }

    /// The maximum number of images in flight: `limits.images`, or the most that a run may have
    /// with `auto`. Fewer if this process may not open enough files.
    var imagesInFlight: Int {
        let most = OpenFileLimit.imagesMax(files: openFiles)
        guard case .atMost(let images) = pipeline.limits.images else {
            return min(readsFromPublishers ? Self.publisherImages : 1000, most)
        }
        return min(images, most)
    }

    /// The maximum number of images at once with `auto`, if some come from URLs or files: mirrors
    /// do not like many connections, and each decompression takes memory of its own.
    private static let publisherImages = 8

    private var readsFromPublishers: Bool {
        pipeline.sources.contains(where: \.entry.isPublished)
    }

    private func fewFiles(for images: Int) -> Warning {
        .fewOpenFiles(
            imagesWanted: images, filesNeeded: OpenFileLimit.files(forImages: images),
            filesMax: openFiles, images: imagesInFlight)
    }

    func planner(
        in opened: OpenedPipeline, _ plan: Plan, costs: MethodCosts = .init(),
        savedMethods: SavedMethods = .init(),
        missed: @escaping @Sendable (MissedSelection) -> Void = { _ in },
        unselected: @escaping @Sendable (UnselectedImages.Image, _ key: String) -> Void = {
            _, _ in
        },
        absent: (@Sendable (_ sourceIndex: Int, TranshipError) -> Void)? = nil
    ) -> Planner {
        Planner(
            journal: journal, plan: plan, sources: opened.sources, targets: opened.targets,
            nowUnixSeconds: tuning.surroundings.now() / 1000, mode: pipeline.transfer,
            deletesMax: pipeline.limits.deletes, costs: costs, savedMethods: savedMethods,
            tell: tell, missed: missed, unselected: unselected, absent: absent,
            reading: opened.reading)
    }

    // MARK: Running

    /// Carries out the plan, and what an earlier run left unfinished of it.
    ///
    /// - Parameter plan: a plan that this object made.
    /// - Throws: an error that makes it impossible to go on, such as the first of
    ///   ``PipelinePlan/shortfalls``. Errors of single images are in the summary.
    public func carryOut(_ plan: PipelinePlan) async throws(TranshipError) -> RunSummary {
        guard writes, let run = plan.run, let opened = plan.opened else {
            throw TranshipError(.usage, "a plan that was only made to be shown is not carried out")
        }
        if plan.inJournal == nil { try await journal.reopen(run) }
        try await endingIfItFails(run) { () throws(TranshipError) in
            if let shortfall = plan.shortfalls.first { throw shortfall }
            try await self.takeOver(plan, run, in: opened)
            try await self.work(run, in: opened)
            try await self.changeRestOfSeries(run, in: opened)
        }
        return try await end(run)
    }

    /// Takes the plan into the journal. The plan's file and its lock end with this function, so
    /// that another process can plan while the run works.
    private func takeOver(
        _ plan: PipelinePlan, _ run: Run, in opened: OpenedPipeline
    ) async throws(TranshipError) {
        guard let made = plan.take() else { return }
        try await journal.takeOver(
            made, run: run, order: pipeline.order, absences: plan.absences, places: opened.places)
    }

    private func work(_ run: Run, in opened: OpenedPipeline) async throws(TranshipError) {
        // Also needed for streams: an earlier run may have left files.
        let spool = try await Spool.open(
            spoolPlace, takesFlakySources: pipeline.transfer == .auto, journal: journal, run: run,
            disk: tuning.surroundings.disk)
        var retries = RetryPolicy(attemptsMax: pipeline.limits.attempts)
        tuning.retries(&retries)
        let limits = RunLimits(
            .init(
                bandwidth: pipeline.limits.bandwidth,
                images: pipeline.limits.images == .automatic
                    ? .automatic : .atMost(imagesInFlight),
                imagesMax: OpenFileLimit.imagesMax(files: openFiles)),
            of: run, in: journal, now: tuning.surroundings.now, notice: monitor.notice)
        let scheduler = Scheduler(
            journal: journal, stages: tuning.stages(opened.stages),
            limits: .init(
                images: imagesInFlight, isAutomatic: pipeline.limits.images == .automatic,
                experience: try await journal.paces(), retries: retries),
            limiter: limits.limiter, monitor: monitor, surroundings: tuning.surroundings,
            spool: spool, followUp: changingSeries(of: run, in: opened))
        self.scheduler.withLock { $0 = scheduler }
        if let (stop, _) = stopped.withLock({ $0 }) { scheduler.stop(stop) }
        try await limits.following {
            scheduler.change(images: $0)
        } work: { () throws(TranshipError) in
            try await scheduler.work(run)
        }
        try await learn(scheduler.experience, of: run, in: opened)
    }

    /// The place of the pipeline's spool: the one in its file, else `NAME.spool` beside its journal
    /// `NAME.sqlite`.
    var spoolPlace: Spool.Place {
        if let place = tuning.spool { return place }
        var journal = URL(fileURLWithPath: journal.path).standardizedFileURL
        if journal.pathExtension == "sqlite" { journal.deletePathExtension() }
        return Spool.Place(
            folder: pipeline.spool?.path ?? journal.path + ".spool",
            maxBytes: pipeline.spool?.maxBytes)
    }

    /// Records how the run ended.
    func end(_ run: Run) async throws(TranshipError) -> RunSummary {
        let scheduler = scheduler.withLock { $0 }
        var summary = try await RunSummary(run: run, journal: journal)
        summary.pausedTargets = scheduler?.pausedTargets ?? [:]
        let isLeft =
            try await !journal.unfinished(run: run, limit: 1).isEmpty
            || summary.changes.contains { $0.state == .planned }
        summary.isInterrupted = isLeft && isStopped
        if isLeft { summary.deadEndpoints = scheduler?.deadEndpoints ?? [:] }
        let isOpen = summary.isInterrupted || !summary.deadEndpoints.isEmpty
        try await journal.endRun(
            run, outcome: isOpen ? .interrupted : summary.exitStatus == .done ? .done : .failed,
            RunEnd(exitStatus: summary.isInterrupted ? stopStatus : summary.exitStatus))
        if !isOpen { await pruneJournal() }
        return summary
    }

    /// Removes old runs as `journal.keep` says. The run is over, so a failure is only a warning.
    private func pruneJournal() async {
        guard let keepSeconds = pipeline.journalKeepSeconds else { return }
        do {
            try await journal.prune(
                before: tuning.surroundings.now()
                    .clampedDifference(keepSeconds.clampedProduct(1000)))
        } catch {
            tell(.warning(.journalNotPruned(message: error.message)))
        }
    }
}
