// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
package import ByteStreams
package import MigrationJournal
public import MigrationModel

/// Carries the transfers of a run through the stages until nothing is left.
///
/// The journal is the queue: the scheduler asks it what is due, and commits every outcome before
/// anything else happens. So a run that is killed at any moment continues from the journal alone.
public final class Scheduler: Sendable {
    /// A way to end a run early.
    public enum Stop: Int, Sendable {
        /// Starts nothing more, and finishes the transfers in flight.
        case drain = 1
        /// Starts nothing more, and aborts the transfers in flight.
        case abort = 2
    }

    struct State {
        var stop: Stop?
        /// The number of failed tries that all images together have left in this run.
        var triesLeft = Int.max
        var fatal: TranshipError?
        var busy: [Int64: Busy] = [:]
        /// The maximum number of images whose data may move at once.
        var imagesAtOnce: ImagesAtOnce
        /// One controller for each endpoint of the targets.
        var controllers: [String: ImageLimitController]
        var paused: [String: TranshipError] = [:]
        /// The formats that targets convert on import, each with the error of the first such image.
        var conversions: [Conversion: TranshipError] = [:]
        /// The request id that each try of a transfer sends; every try gets a new one.
        var requestIDs: [Int64: (tries: Int, id: String)] = [:]
        var followUps = FollowUps()
        var wake: CheckedContinuation<Void, Never>?
        var isWoken = false
    }

    /// A transfer in flight.
    struct Busy {
        var movesData: Bool
        var targetKey: String
        var sourceIndex: Int
        /// The number of bytes that the transfer stages or is about to stage.
        var stagedBytes: Int64
        var startedAt: Int64

        init(_ transfer: Transfer, movesData: Bool, startedAt: Int64) {
            self.movesData = movesData
            self.startedAt = startedAt
            targetKey = transfer.targetKey
            sourceIndex = transfer.source.sourceIndex
            stagedBytes =
                movesData && transfer.method.isImport ? max(0, transfer.source.sizeBytes ?? 0) : 0
        }

        /// Records that the data is at the target. The journal counts the bytes that are still
        /// staged.
        mutating func leaveData() {
            movesData = false
            stagedBytes = 0
        }
    }

    let journal: Journal
    let limits: Limits
    /// The lowest `limits.images` of all sources at an endpoint. A limit protects a service, and
    /// several entries may use one service: other projects, other images, other addresses of one
    /// host.
    let sourceLimits: [String: Int]
    let targetLimits: [String: Int]
    let stages: Stages
    let monitor: RunMonitor
    let surroundings: Surroundings
    private let queues: StageQueues
    private let limiter: BandwidthLimiter?
    private let references: References
    let spool: Spool?
    let followUp: FollowUp?
    let state: Guarded<State>
    let breakers: Guarded<CircuitBreakers>

    package init(
        journal: Journal, stages: Stages, limits: Limits, limiter: BandwidthLimiter? = nil,
        monitor: RunMonitor, surroundings: Surroundings = .machine, spool: Spool? = nil,
        followUp: FollowUp? = nil
    ) {
        breakers = Guarded(CircuitBreakers(limits.retries))
        sourceLimits = Self.lowest(stages.sources.map { ($0.endpoint, $0.limitImages) })
        targetLimits = Self.lowest(stages.targets.map { ($0.endpoint, $0.limits.images) })
        self.journal = journal
        self.limits = limits
        state = Guarded(
            State(
                imagesAtOnce: limits.isAutomatic ? .automatic : .atMost(limits.images),
                controllers: Self.controllers(stages, limits)))
        self.stages = stages
        self.monitor = monitor
        self.surroundings = surroundings
        queues = StageQueues(surroundings)
        self.limiter = limiter
        references = References(journal: journal)
        self.spool = spool
        self.followUp = followUp
        if followUp != nil {
            // Some follow-ups need no transfer, so each target gets one at once.
            state.withLock { state in
                for target in stages.targets { state.followUps.want(target.key) }
            }
        }
        spool?.whenChanged { [weak self] in self?.wake() }
    }

    /// Ends the run early; a second, stronger call wins.
    public func stop(_ stop: Stop) {
        state.withLock { state in
            if stop.rawValue > state.stop?.rawValue ?? 0 { state.stop = stop }
        }
        wake()
    }

    /// Changes the number of images that may be in flight. If it grows, more begin at once. If it
    /// shrinks, none begins until enough have ended.
    package func change(images: ImagesAtOnce) {
        state.withLock { $0.imagesAtOnce = images }
        wake()
    }

    /// Targets that reported a full quota. The run starts nothing more there.
    public var pausedTargets: [String: TranshipError] { state.withLock { $0.paused } }

    /// Works until no transfer of the run can make progress. Cancelling the task means
    /// ``Stop/abort``.
    ///
    /// - Throws: errors that end every transfer: the journal's errors, lost credentials. The
    ///   journal keeps the errors of single images.
    public func work(_ run: Run) async throws(TranshipError) {
        let failure: TranshipError? = await withTaskCancellationHandler {
            // A group that does not discard results keeps 130 KiB for each task until the group
            // ends.
            await withDiscardingTaskGroup(returning: TranshipError?.self) { group in
                do throws(TranshipError) {
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
        _ run: Run, _ group: inout DiscardingTaskGroup
    ) async throws(TranshipError) {
        try await journal.bringForward(
            run: run, dueAfter: now() + Int64(RetryPolicy.waitSecondsMax) * 1000, to: now())
        let images = try await journal.tally(run: run).reduce(0) { $0 + $1.images }
        state.withLock { $0.triesLeft = limits.retries.runBudget(images: images) }
        while true {
            let now = now()
            startFollowUps(&group, at: now)
            let (stop, fatal, busy, isFollowing) = state.withLock {
                ($0.stop, $0.fatal, $0.busy, $0.followUps.areUnderWay)
            }
            if stop == .abort || fatal != nil {
                group.cancelAll()
                if busy.isEmpty, !isFollowing { return }
                await sleep(untilMilliseconds: nil)
                continue
            }
            // Images in flight at the start of a drain are still compared and published after their
            // data has arrived.
            let lanes = stop == .drain ? [false] : [true, false]
            let started = try await start(run, at: now, lanes: lanes, &group)
            let next = try await journal.nextDueAt(
                run: run, after: now, movesData: stop == .drain ? false : nil,
                excluding: Set(busy.keys))
            let following = stop == nil ? state.withLock(\.followUps.nextDue) : nil
            // Uses `busy` from *before* the query: a transfer that ended since may be due again,
            // and its end has woken this loop.
            if next == nil, busy.isEmpty, !isFollowing, !started {
                if stop == .drain { return }
                if let probe = breakers.withLock({ $0.nextProbe(after: now) }),
                    try await !journal.unfinished(run: run, limit: 1).isEmpty
                {
                    await sleep(untilMilliseconds: min(probe, following ?? probe))
                    continue
                }
                guard try await failStranded(run) else { return }
                continue
            }
            let probe = breakers.withLock { $0.nextProbe(after: now) }
            await sleep(untilMilliseconds: [next, probe, following].compactMap { $0 }.min())
        }
    }

    /// Starts the due transfers that the limits allow. Returns true if it started any.
    ///
    /// - Parameter lanes: true for images whose data moves, false for the rest.
    private func start(
        _ run: Run, at now: Int64, lanes: [Bool], _ group: inout DiscardingTaskGroup
    ) async throws(TranshipError) -> Bool {
        var started = false
        for movesData in lanes {
            // Computed again for each lane, because transfers that the first lane started may
            // already be in states of the second.
            var admission = Admission(
                movesData: movesData, busy: state.withLock { $0.busy },
                fullTargets: movesData ? Set(state.withLock { $0.paused.keys }) : [])
            let most = movesData ? movingMax : limits.small
            while true {
                let free = most - admission.busy.values.count { $0.movesData == movesData }
                guard free > 0 else { break }
                let due = try await journal.due(
                    run: run, at: now, movesData: movesData, excluding: Set(admission.busy.keys),
                    excludingTargets: admission.fullTargets,
                    excludingSources: admission.fullSources, limit: free)
                let refusedBefore = admission.refusals
                for transfer in due {
                    // `tranship limit` may have lowered the number since the query.
                    if movesData, admission.busy.values.count(where: \.movesData) >= movingMax {
                        break
                    }
                    guard try await admits(transfer, run, &admission, at: now) else { continue }
                    let entry = Busy(transfer, movesData: movesData, startedAt: now)
                    admission.busy[transfer.id] = entry
                    noteStart(transfer, entry)
                    started = true
                    group.addTask { [self] in
                        await RequestID.$current.withValue(requestID(of: transfer)) {
                            await carry(transfer, run: run)
                        }
                        state.withLock { _ = $0.busy.removeValue(forKey: transfer.id) }
                        wake()
                    }
                }
                // If one target or source is full, transfers of others may still start.
                guard admission.refusals > refusedBefore else { break }
            }
        }
        return started
    }

    // MARK: One transfer

    /// Returns the request id of the transfer's current try. All looks at an import belong to one
    /// try.
    private func requestID(of transfer: Transfer) -> String {
        state.withLock { state in
            if let known = state.requestIDs[transfer.id], known.tries == transfer.tries.attempts {
                return known.id
            }
            let id = RequestID.make()
            state.requestIDs[transfer.id] = (transfer.tries.attempts, id)
            return id
        }
    }

    /// Carries a transfer as far as possible without waiting.
    private func carry(_ given: Transfer, run: Run) async {
        var next: Transfer? = given
        while let transfer = next { next = await carryOneStep(transfer, run: run) }
    }

    /// Carries a transfer through one step.
    ///
    /// - Returns: the transfer, if its next step needs no admission and can begin at once.
    private func carryOneStep(_ given: Transfer, run: Run) async -> Transfer? {
        let trip = Trip(
            given, lookSecondsMax: limits.retries.backoffSecondsMax, commit: journal.commit
        ) { [self] side throws(TranshipError) in
            try await answered([endpoint(of: given, at: side)], run: run)
        }
        var next: Transfer?
        monitor.started(given)
        do throws(TranshipError) {
            switch try await step(given, trip) {
            case .send(let transfer), .advance(let transfer):
                try await trip.commit(transfer)
                notePace(given, to: transfer)
                await releaseSpool(transfer)
                if transfer.state.isFinal {
                    ended(transfer)
                } else if let cause = transfer.wait.cause, case .startsOver = cause {
                    monitor.left(transfer, .note(transfer, .waits(cause)))
                } else {
                    monitor.left(transfer, .moved(transfer))
                }
                if goesOn(transfer) { next = transfer }
            case .snooze(var transfer, let seconds, let reason):
                transfer.wait.dueAt = now().clampedSum(Int64(clamping: seconds * 1000))
                transfer.wait.cause = reason
                try await trip.commit(transfer)
                notePace(given, to: transfer)
                try await spool?.waitIsWritten(transfer)
                monitor.left(transfer, .waiting(transfer, seconds: seconds))
            case .restart(let transfer, let error):
                try await restart(transfer, after: error, run: run)
            }
        } catch {
            notePace(given, after: error)
            await settle(trip.committed, after: error, run: run)
        }
        if trip.committed.state.isFinal { state.withLock { $0.requestIDs[given.id] = nil } }
        let now = now()
        breakers.withLock { $0.left(given.id, now: now) }
        return next
    }

    /// Moves a transfer to the lane of those whose data has arrived, if that lane has room and
    /// nothing prevents the next step. The journal is then not queried for the transfer.
    private func goesOn(_ transfer: Transfer) -> Bool {
        guard !transfer.state.isFinal, !transfer.state.movesData, transfer.wait.dueAt == nil,
            !isCutOff(transfer)
        else { return false }
        let (goes, leavesRoom) = state.withLock { state in
            guard state.stop != .abort, state.fatal == nil, let busy = state.busy[transfer.id]
            else { return (false, false) }
            guard busy.movesData else { return (true, false) }
            guard state.busy.values.count(where: { !$0.movesData }) < limits.small
            else { return (false, false) }
            state.busy[transfer.id]?.leaveData()
            return (true, true)
        }
        if leavesRoom { wake() }
        return goes
    }

    /// Discards a record that cannot be used any more, and starts over.
    private func restart(
        _ given: Transfer, after error: TranshipError, run: Run
    ) async throws(TranshipError) {
        noteConversion(given, error)
        try await journal.recordAttempt(given, run: run, error: error)
        var transfer = try await stages.target(of: given).uploader.abandon(
            given, isWrong: error.code == .transformed)
        let reason = WaitReason.startsOver(transfer.method, message: error.message)
        transfer.wait.cause = reason
        try await journal.commit(transfer)
        monitor.left(transfer, .note(transfer, .waits(reason)))
    }

    private func step(_ given: Transfer, _ trip: Trip) async throws(TranshipError) -> Outcome {
        let transfer = try avoidingConversion(given)
        let ends = try stages.ends(of: transfer)
        switch transfer.state {
        case .planned, .reading, .read, .registered, .sending:
            let ids = try await references.ids(of: transfer)
            guard transfer.method.isServerSide else {
                return try await move(transfer, ends, references: ids, trip)
            }
            let step = ImportStep(ends: ends, references: ids)
            return try await on(queues.upload) { () throws(TranshipError) in
                try await step.run(transfer, trip)
            }
        case .importing:
            let step = WaitStep(ends: ends)
            return try await on(queues.wait) { () throws(TranshipError) in
                try await step.run(transfer, trip)
            }
        case .verifying:
            let step = VerifyStep(ends: ends, queues: queues, monitor: monitor)
            return try await on(queues.verify) { () throws(TranshipError) in
                try await step.run(transfer, trip)
            }
        case .publishing:
            return try await on(queues.publish) { [references] () throws(TranshipError) in
                let ids = try await references.ids(of: transfer)
                let published = try await ends.target.publisher.publish(
                    transfer, references: ids)
                try await trip.answered(.target)
                guard published.state != .planned else {
                    return try await trip.lostCopy(
                        of: transfer, startingOver: published,
                        isFinal: ends.target.offer.givesIDsAgain)
                }
                return .advance(published)
            }
        case .done, .skipped, .unpublished, .failed:
            preconditionFailure("a final transfer was started")
        }
    }

    /// Moves the data in one pass, or through the spool.
    private func move(
        _ transfer: Transfer, _ ends: TransferEnds, references ids: [String: String], _ trip: Trip
    ) async throws(TranshipError) -> Outcome {
        let stream = StreamStep(
            ends: ends, references: ids, queues: queues, limiter: limiter,
            monitor: monitor, disk: surroundings.disk)
        guard transfer.intent.spools, let spool else {
            return try await stream.run(transfer, trip)
        }
        let spooling = SpoolStep(
            ends: ends, queues: queues, limiter: limiter, monitor: monitor, spool: spool)
        switch try await spooling.run(transfer, trip) {
        case .ended(let outcome): return outcome
        case .ready(let transfer, let entry, let life):
            do throws(TranshipError) {
                return try await stream.run(transfer, from: entry, trip)
            } catch {
                if error.cause is SpoolDamage {
                    try await spool.discard(entry, unlessFilled: true, inLife: life)
                }
                throw error
            }
        }
    }

    /// Removes the spooled data of a transfer that has ended, unless another transfer waits for
    /// that data.
    func releaseSpool(_ transfer: Transfer) async {
        guard transfer.state.isFinal, transfer.intent.spools, let spool else { return }
        do throws(TranshipError) {
            try await spool.release(transfer)
        } catch {
            // The next run removes it.
            monitor.note(transfer, .failed(.init(error)))
        }
    }

    /// Runs on a stage's queue. (`withTaskExecutorPreference` rethrows untyped.)
    private func on(
        _ queue: any TaskExecutor,
        _ work: @escaping @Sendable () async throws(TranshipError) -> Outcome
    ) async throws(TranshipError) -> Outcome {
        let result: Result<Outcome, TranshipError> = await withTaskExecutorPreference(queue) {
            do throws(TranshipError) {
                return .success(try await work())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
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

    /// Suspends until ``wake()`` or until a point in time, whichever comes first.
    private func sleep(untilMilliseconds due: Int64?) async {
        var cancelTimer: (@Sendable () -> Void)?
        if let due {
            // Weak, so that a timer does not hold the journal's lock. A timer may stop while the
            // machine sleeps, so check the time regularly.
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
