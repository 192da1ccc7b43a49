// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import ByteStreams
public import MigrationJournal
public import MigrationModel

/// Carries the transfers of a run through the stages until nothing is left.
///
/// The journal is the queue: the scheduler asks it what is due, and every
/// outcome is committed before anything else happens, so a run that is killed
/// at any moment continues from the journal alone.
public final class Scheduler: Sendable {
    /// How many of what at once.
    public struct Limits: Sendable {
        /// Images whose data moves.
        public var images: Int
        /// Images that are looked at, compared or published.
        public var small: Int
        public var retries: RetryPolicy
        /// What single targets allow, by target key.
        public var targets: [String: TargetLimits]
        /// What single sources allow, by their index in the pipeline.
        public var sources: [Int: PlaceLimit]
        /// What stands behind sources and targets.
        public var endpoints: Endpoints

        public init(
            images: Int, small: Int = 16, retries: RetryPolicy,
            targets: [String: TargetLimits] = [:], sources: [Int: PlaceLimit] = [:],
            endpoints: Endpoints = .init()
        ) {
            precondition(images > 0 && small > 0, "a limit that lets nothing through")
            self.images = images
            self.small = small
            self.retries = retries
            self.targets = targets
            self.sources = sources
            self.endpoints = endpoints
        }
    }

    /// How many images at most are read at once from one place, or written to
    /// it. A place is an Image service, a host or this machine; the sources, or
    /// the targets, that lead to one place name it alike and share its count.
    public struct PlaceLimit: Sendable, Hashable {
        public var place: String
        public var images: Int

        public init(place: String, images: Int) {
            precondition(images > 0, "a limit that lets nothing through")
            self.place = place
            self.images = images
        }
    }

    /// What one target allows; nil is no limit.
    public struct TargetLimits: Sendable, Hashable {
        /// Images whose data moves: the pipeline's own wish.
        public var images: PlaceLimit?
        /// Images that are being uploaded or imported: `image_count_uploading`.
        public var uploading: Int?
        /// Bytes in the staging area: `image_stage_total`.
        public var stagedBytes: Int64?

        public init(
            images: PlaceLimit? = nil, uploading: Int? = nil, stagedBytes: Int64? = nil
        ) {
            self.images = images
            self.uploading = uploading
            self.stagedBytes = stagedBytes
        }
    }

    /// How a run is to be ended early.
    public enum Stop: Int, Sendable {
        /// Start nothing more, finish what is in flight.
        case drain = 1
        /// Start nothing more and abort what is in flight.
        case abort = 2
    }

    private struct State {
        var stop: Stop?
        /// Failed tries that are left for all images of this start together.
        var triesLeft = Int.max
        var fatal: MigrationError?
        var busy: [Int64: Busy] = [:]
        var paused: [String: MigrationError] = [:]
        var wake: CheckedContinuation<Void, Never>?
        var isWoken = false
    }

    /// A transfer in somebody's hands.
    private struct Busy {
        var movesData: Bool
        var targetKey: String
        var sourceIndex: Int
        /// What it is about to stage, or stages.
        var stagedBytes: Int64

        init(_ transfer: Transfer, movesData: Bool) {
            self.movesData = movesData
            targetKey = transfer.targetKey
            sourceIndex = transfer.source.sourceIndex
            stagedBytes =
                movesData && transfer.method.isImport ? transfer.source.sizeBytes ?? 0 : 0
        }
    }

    let journal: Journal
    let limits: Limits
    private let stages: Stages
    let monitor: RunMonitor
    private let surroundings: Surroundings
    private let queues: StageQueues
    private let stream: StreamStep
    private let spool: Spool?
    private let spooling: SpoolStep?
    private let serverSide: ImportStep
    private let confirm: ConfirmStep
    private let state = Guarded(State())
    let breakers: Guarded<CircuitBreakers>

    public convenience init(
        journal: Journal, stages: Stages, limits: Limits, limiter: BandwidthLimiter? = nil,
        monitor: RunMonitor, spool: Spool? = nil
    ) {
        self.init(
            journal: journal, stages: stages, limits: limits, limiter: limiter, monitor: monitor,
            surroundings: .machine, spool: spool)
    }

    /// The same in surroundings of one's own.
    package init(
        journal: Journal, stages: Stages, limits: Limits, limiter: BandwidthLimiter? = nil,
        monitor: RunMonitor, surroundings: Surroundings, spool: Spool? = nil
    ) {
        breakers = Guarded(CircuitBreakers(.init(limits.retries)))
        self.journal = journal
        self.limits = limits
        self.stages = stages
        self.monitor = monitor
        self.surroundings = surroundings
        queues = StageQueues(surroundings)
        stream = StreamStep(stages: stages, queues: queues, limiter: limiter, monitor: monitor)
        self.spool = spool
        spooling = spool.map { [queues] spool in
            SpoolStep(
                stages: stages, queues: queues, limiter: limiter, monitor: monitor, spool: spool)
        }
        serverSide = ImportStep(stages: stages)
        confirm = ConfirmStep(stages: stages, queues: queues, monitor: monitor)
        spool?.whenChanged { [weak self] in self?.wake() }
    }

    /// Ends the run early; a second, stronger call wins.
    public func stop(_ stop: Stop) {
        state.withLock { state in
            if stop.rawValue > state.stop?.rawValue ?? 0 { state.stop = stop }
        }
        wake()
    }

    /// True once somebody asked for an early end.
    public var isStopping: Bool { state.withLock { $0.stop != nil } }

    /// Targets that answered that a quota is full; nothing more was started
    /// there.
    public var pausedTargets: [String: MigrationError] { state.withLock { $0.paused } }

    /// Works until nothing of the run can be worked on. Cancelling the task is
    /// ``Stop/abort``.
    ///
    /// - Throws: what ends every transfer alike: the journal's errors, lost
    ///   credentials. Errors of single images stand in the journal.
    public func work(_ run: Run) async throws(MigrationError) {
        let failure: MigrationError? = await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
                do throws(MigrationError) {
                    try await loop(run, &group)
                    return nil
                } catch {
                    group.cancelAll()
                    return error
                }
            }
        } onCancel: {
            stop(.abort)
        }
        if let error = failure ?? state.withLock({ $0.fatal }) { throw error }
    }

    private func loop(
        _ run: Run, _ group: inout TaskGroup<Void>
    ) async throws(MigrationError) {
        try await journal.bringForward(
            run: run, dueAfter: now() + Int64(RetryPolicy.waitSecondsMax) * 1000, to: now())
        let images = try await journal.tally(run: run).reduce(0) { $0 + $1.images }
        state.withLock { $0.triesLeft = limits.retries.runBudget(images: images) }
        while true {
            let (stop, fatal, busy) = state.withLock { ($0.stop, $0.fatal, $0.busy) }
            if stop == .abort || fatal != nil {
                group.cancelAll()
                if busy.isEmpty { return }
                await sleep(untilMilliseconds: nil)
                continue
            }
            // What is in flight when a drain begins is still to be compared and
            // published after its data has arrived.
            let lanes = stop == .drain ? [false] : [true, false]
            let now = now()
            let started = try await start(run, at: now, lanes: lanes, &group)
            if started { continue }
            let next = try await journal.nextDueAt(
                run: run, after: now, movesData: stop == .drain ? false : nil,
                excluding: Set(busy.keys))
            // `busy` as it was *before* the journal was asked: what ended since
            // then may be due again, and has woken us to look.
            if next == nil, busy.isEmpty {
                if stop == .drain { return }
                if let probe = breakers.withLock({ $0.nextProbe(after: now) }),
                    try await !journal.unfinished(run: run, limit: 1).isEmpty
                {
                    await sleep(untilMilliseconds: probe)
                    continue
                }
                guard try await failStranded(run) else { return }
                continue
            }
            let probe = breakers.withLock { $0.nextProbe(after: now) }
            await sleep(untilMilliseconds: [next, probe].compactMap { $0 }.min())
        }
    }

    /// Starts what is due and fits; true when something was started.
    ///
    /// - Parameter lanes: true for images whose data moves, false for the rest.
    private func start(
        _ run: Run, at now: Int64, lanes: [Bool], _ group: inout TaskGroup<Void>
    ) async throws(MigrationError) -> Bool {
        var started = false
        for movesData in lanes {
            // Anew for each lane: what the first one started may already have
            // reached the states of the second.
            var busy = state.withLock { $0.busy }
            let most = movesData ? limits.images : limits.small
            var full = movesData ? Set(state.withLock { $0.paused.keys }) : []
            var fullSources: Set<Int> = []
            while true {
                let free = most - busy.values.count { $0.movesData == movesData }
                guard free > 0 else { break }
                let due = try await journal.due(
                    run: run, at: now, movesData: movesData, excluding: Set(busy.keys),
                    excludingTargets: full, excludingSources: fullSources, limit: free)
                let fullBefore = full.count + fullSources.count
                for transfer in due {
                    if movesData {
                        guard try await targetAdmits(transfer, run, busy) else {
                            full.insert(transfer.targetKey)
                            continue
                        }
                        guard try await sourceAdmits(transfer, run, busy) else {
                            fullSources.insert(transfer.source.sourceIndex)
                            continue
                        }
                    }
                    // Last, as it makes this one the one that looks.
                    guard !isCutOff(transfer) || endpointsAdmit(transfer, at: now) else {
                        if isOpen(limits.endpoints.target(transfer)) {
                            full.insert(transfer.targetKey)
                        } else {
                            fullSources.insert(transfer.source.sourceIndex)
                        }
                        continue
                    }
                    let entry = Busy(transfer, movesData: movesData)
                    busy[transfer.id] = entry
                    state.withLock { $0.busy[transfer.id] = entry }
                    started = true
                    group.addTask { [self] in
                        await carry(transfer, run: run)
                        state.withLock { _ = $0.busy.removeValue(forKey: transfer.id) }
                        wake()
                    }
                }
                // Others may fit where a full place's did not.
                guard full.count + fullSources.count > fullBefore else { break }
            }
        }
        return started
    }

    /// True when what the transfer reads from may be read by one more. What a
    /// target fetches by itself counts as long as it is imported.
    private func sourceAdmits(
        _ transfer: Transfer, _ run: Run, _ busy: [Int64: Busy]
    ) async throws(MigrationError) -> Bool {
        guard let limit = limits.sources[transfer.source.sourceIndex] else { return true }
        let reading = busy.values.count {
            $0.movesData && limits.sources[$0.sourceIndex]?.place == limit.place
        }
        guard reading < limit.images else { return false }
        let sources = limits.sources.filter { $0.value.place == limit.place }
        let fetched = try await journal.fetching(run: run, fromSources: Set(sources.keys))
        return reading + fetched < limit.images
    }

    /// True when the target's own limits leave room for one more.
    private func targetAdmits(
        _ transfer: Transfer, _ run: Run, _ busy: [Int64: Busy]
    ) async throws(MigrationError) -> Bool {
        guard let limit = limits.targets[transfer.targetKey] else { return true }
        let here = busy.values.filter { $0.movesData && $0.targetKey == transfer.targetKey }
        let moving = here.count
        if let images = limit.images {
            let sharing = busy.values.count {
                $0.movesData && limits.targets[$0.targetKey]?.images?.place == images.place
            }
            if sharing >= images.images { return false }
        }
        guard limit.uploading != nil || limit.stagedBytes != nil else { return true }
        let load = try await journal.load(run: run, targetKey: transfer.targetKey)
        if let uploading = limit.uploading, moving + load.importing >= max(1, uploading) {
            return false
        }
        if let most = limit.stagedBytes, transfer.method.isImport {
            // One that is too large for the quota goes alone: the service has
            // the last word.
            let staged = load.stagedBytes + here.reduce(0) { $0 + $1.stagedBytes }
            return staged == 0 || staged + (transfer.source.sizeBytes ?? 0) <= most
        }
        return true
    }

    /// What is left although nothing is due names images that never come: a
    /// circle of references.
    private func failStranded(_ run: Run) async throws(MigrationError) -> Bool {
        let paused = state.withLock { Set($0.paused.keys) }
        let stranded = try await journal.unfinished(run: run, limit: 1000).filter {
            !paused.contains($0.targetKey) && !isCutOff($0)
        }
        for transfer in stranded {
            let error = MigrationError(
                .dependencyFailed, "it names an image that in turn waits for it",
                hint: "remove kernel_id or ramdisk_id from one of them at the source")
            var failed = transfer
            failed.move(to: .failed)
            failed.failure = .init(error)
            try await journal.commit(failed)
            monitor.left(failed, .ended(failed))
        }
        return !stranded.isEmpty
    }

    // MARK: One transfer

    /// Takes a transfer as far as it goes without waiting or changing lanes.
    private func carry(_ given: Transfer, run: Run) async {
        let latest = Guarded(given)
        let commit: Commit = { [self] transfer throws(MigrationError) in
            try await journal.commit(transfer)
            latest.withLock { $0 = transfer }
            // Its source was opened, and its target has the record.
            guard transfer.state == .sending else { return }
            try await answered(limits.endpoints.all(transfer), run: run)
        }
        monitor.started(given)
        do throws(MigrationError) {
            let outcome = try await step(given, commit: commit)
            try await answered([limits.endpoints.target(given)], run: run)
            switch outcome {
            case .advance(let transfer):
                try await commit(transfer)
                await releaseSpool(transfer)
                monitor.left(transfer, transfer.state.isFinal ? .ended(transfer) : .moved(transfer))
            case .snooze(var transfer, let seconds, let reason):
                transfer.dueAt = now() + Int64(seconds * 1000)
                transfer.note = reason
                try await commit(transfer)
                try await spool?.waitIsWritten(transfer)
                monitor.left(transfer, .waiting(transfer, seconds: seconds))
            case .restart(let transfer, let error):
                try await restart(transfer, after: error, run: run)
            }
        } catch {
            await settle(latest.withLock { $0 }, after: error, run: run)
        }
        let now = now()
        breakers.withLock { $0.left(given.id, now: now) }
    }

    /// Discards a record that is of no more use and starts over.
    private func restart(
        _ given: Transfer, after error: MigrationError, run: Run
    ) async throws(MigrationError) {
        try await journal.recordAttempt(given, run: run, error: error)
        try await stages.uploader.discard(given)
        var transfer = given
        transfer.abandonRecord()
        transfer.note = "starts over by \(transfer.method.rawValue): \(error.message)"
        try await journal.commit(transfer)
        monitor.left(transfer, .note(transfer, transfer.note ?? ""))
    }

    private func step(
        _ transfer: Transfer, commit: @escaping Commit
    ) async throws(MigrationError) -> Outcome {
        switch transfer.state {
        case .planned, .reading, .read, .registered, .sending:
            guard transfer.method.isServerSide else {
                return try await move(transfer, commit: commit)
            }
            return try await on(queues.upload) { [serverSide] () throws(MigrationError) in
                try await serverSide.run(transfer, commit: commit)
            }
        case .importing:
            return try await on(queues.wait) { [stages] () throws(MigrationError) in
                try await stages.waiter.look(transfer)
            }
        case .verifying:
            return try await on(queues.verify) { [confirm] () throws(MigrationError) in
                try await confirm.run(transfer)
            }
        case .publishing:
            return try await on(queues.publish) { [stages] () throws(MigrationError) in
                .advance(try await stages.publisher.publish(transfer))
            }
        case .done, .skipped, .unpublished, .failed:
            preconditionFailure("a final transfer was started")
        }
    }

    /// In one pass, or by way of the spool.
    private func move(
        _ transfer: Transfer, commit: @escaping Commit
    ) async throws(MigrationError) -> Outcome {
        guard transfer.spools == true, let spool, let spooling else {
            return try await stream.run(transfer, commit: commit)
        }
        switch try await spooling.run(transfer, commit: commit) {
        case .ended(let outcome): return outcome
        case .ready(let transfer, let entry):
            do throws(MigrationError) {
                return try await stream.run(transfer, from: entry, commit: commit)
            } catch {
                if error.cause is SpoolDamage { try await spool.discard(entry) }
                throw error
            }
        }
    }

    /// Removes the spooled data of a transfer that has ended, unless another
    /// waits for it.
    private func releaseSpool(_ transfer: Transfer) async {
        guard transfer.state.isFinal, transfer.spools == true, let spool else { return }
        do throws(MigrationError) {
            try await spool.release(transfer)
        } catch {
            // The next run removes it.
            monitor.note(transfer, error.message)
        }
    }

    /// Runs on a stage's queue. (`withTaskExecutorPreference` rethrows untyped.)
    private func on(
        _ queue: any TaskExecutor,
        _ work: @escaping @Sendable () async throws(MigrationError) -> Outcome
    ) async throws(MigrationError) -> Outcome {
        let result: Result<Outcome, MigrationError> = await withTaskExecutorPreference(queue) {
            do throws(MigrationError) {
                return .success(try await work())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Decides what follows a failure and commits it.
    private func settle(_ given: Transfer, after error: MigrationError, run: Run) async {
        if error.code == .interrupted || (Task.isCancelled && error.isTransient) {
            // The journal already says where it stands; the next run goes on there.
            monitor.left(given, .moved(given))
            return
        }
        if Self.isFatal(error) {
            state.withLock { $0.fatal = $0.fatal ?? error }
            monitor.left(given, .note(given, error.message))
            return
        }
        if error.code == .quotaExceeded, error.isAboutWholeTarget {
            state.withLock { $0.paused[given.targetKey] = error }
        }
        do throws(MigrationError) {
            try await journal.recordAttempt(given, run: run, error: error)
            var transfer = given
            if let endpoint = try await outage(given, error, run: run) {
                transfer.failure = .init(error)
                transfer.note = "waits for \(endpoint), which does not answer"
                try await journal.commit(transfer)
                monitor.left(transfer, .note(transfer, transfer.note ?? ""))
                return
            }
            transfer.attempts += 1
            if spool?.takesFlakySources == true, transfer.isSourceFlaky, transfer.spools != true,
                !transfer.method.isServerSide
            {
                transfer.spools = true
                transfer.wayReason = Transfer.flakyWords
                monitor.note(transfer, "it goes by way of the spool now: \(Transfer.flakyWords)")
            }
            if error.isSurprise { transfer.surprises = (transfer.surprises ?? 0) + 1 }
            var decision = limits.retries.decide(
                error, attempts: transfer.attempts, surprises: transfer.surprises ?? 0,
                chance: surroundings.chance())
            if !spendsTry(), decision != .giveUp { decision = .giveUp }
            switch decision {
            case .retry(let seconds):
                transfer.dueAt = now() + Int64(seconds * 1000)
                transfer.failure = .init(error)
                transfer.note = "try \(transfer.attempts) of \(limits.retries.attemptsMax) failed"
                try await journal.commit(transfer)
                monitor.left(transfer, .retrying(transfer, error: error, seconds: seconds))
            case .giveUp:
                transfer = await givenUp(transfer, error)
                try await journal.commit(transfer)
                await releaseSpool(transfer)
                monitor.left(transfer, .ended(transfer))
            }
        } catch {
            state.withLock { $0.fatal = $0.fatal ?? error }
            monitor.left(given, .note(given, error.message))
        }
    }

    /// Takes one try from the run's budget; false when it is used up.
    private func spendsTry() -> Bool {
        let left = state.withLock { state in
            state.triesLeft -= 1
            return state.triesLeft
        }
        if left == 0 {
            monitor.notice(
                "so many tries have failed that nothing is tried again in this run; see to the "
                    + "cause, then run again")
        }
        return left > 0
    }

    /// Discards what is ours and unproved, and writes down why it ended.
    private func givenUp(_ given: Transfer, _ error: MigrationError) async -> Transfer {
        var transfer = given
        if transfer.state == .publishing || transfer.isCopying {
            // The data is proved: it stays, private, and can be published later.
            transfer.move(to: .unpublished)
            transfer.failure = .init(error)
            return transfer
        }
        if transfer.imageID != nil, transfer.isAdopted != true {
            do throws(MigrationError) {
                try await stages.uploader.discard(transfer)
                transfer.abandonRecord()
            } catch {
                // The id stays in the journal: the next run looks at it first.
                monitor.note(transfer, "could not discard the unfinished copy: \(error.message)")
            }
        }
        transfer.move(to: .failed)
        transfer.failure = .init(error)
        return transfer
    }

    /// Errors that every other transfer would meet as well.
    static func isFatal(_ error: MigrationError) -> Bool {
        switch error.code {
        case .journalFailed, .authenticationFailed, .noImageService, .notKeystone: true
        // A token that ended under a body is renewed for the next try.
        case .unauthorized: !error.isTransient
        default: false
        }
    }

    func now() -> Int64 { surroundings.now() }

    // MARK: Waiting

    private static let sleepMillisecondsMax: Int64 = 60_000

    func wake() {
        let continuation = state.withLock { state in
            state.isWoken = true
            defer { state.wake = nil }
            return state.wake
        }
        continuation?.resume()
    }

    /// Suspends until ``wake()`` or until a point in time, whichever is first.
    private func sleep(untilMilliseconds due: Int64?) async {
        var cancelTimer: (@Sendable () -> Void)?
        if let due {
            // Weak: a cancelled timer stays until its time, and would keep the
            // journal's lock so long after the end of the run.
            // A timer may stand still while the machine sleeps: looked at again.
            let wait = min(Self.sleepMillisecondsMax, max(1, due - now()))
            cancelTimer = surroundings.after(Int(wait)) { [weak self] in
                self?.wake()
            }
        }
        await withCheckedContinuation { continuation in
            let isWoken = state.withLock { state in
                if state.isWoken { return true }
                state.wake = continuation
                return false
            }
            if isWoken { continuation.resume() }
        }
        state.withLock { $0.isWoken = false }
        cancelTimer?()
    }
}

extension MigrationError {
    /// True when a whole project's quota or the service's disk is full, and not
    /// one image too large: 413 stands for all, and only the service's words tell.
    var isAboutWholeTarget: Bool {
        guard let words = answer?.message.lowercased() else { return false }
        return words.contains("quota") || words.contains("over limit")
            || words.contains("over a limit") || words.contains("storage media is full")
    }
}
