// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import ByteStreams
public import MigrationJournal
internal import MigrationModel

/// Carries the transfers of a run through the stages until nothing is left.
///
/// The journal is the queue: the scheduler asks it what is due, and every
/// outcome is committed before anything else happens, so a run that is killed
/// at any moment continues from the journal alone.
public final class Scheduler: Sendable {
    /// How a run is to be ended early.
    public enum Stop: Int, Sendable {
        /// Start nothing more, finish what is in flight.
        case drain = 1
        /// Start nothing more and abort what is in flight.
        case abort = 2
    }

    struct State {
        var stop: Stop?
        /// Failed tries that are left for all images of this start together.
        var triesLeft = Int.max
        var fatal: TranshipError?
        var busy: [Int64: Busy] = [:]
        var paused: [String: TranshipError] = [:]
        var wake: CheckedContinuation<Void, Never>?
        var isWoken = false
    }

    /// A transfer in somebody's hands.
    struct Busy {
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
    let stages: Stages
    let monitor: RunMonitor
    let surroundings: Surroundings
    private let queues: StageQueues
    private let stream: StreamStep
    let spool: Spool?
    private let spooling: SpoolStep?
    private let serverSide: ImportStep
    private let confirm: ConfirmStep
    let state = Guarded(State())
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
        stream = StreamStep(
            stages: stages, queues: queues, limiter: limiter, monitor: monitor,
            disk: spool?.disk ?? .real)
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
    public var pausedTargets: [String: TranshipError] { state.withLock { $0.paused } }

    /// Works until nothing of the run can be worked on. Cancelling the task is
    /// ``Stop/abort``.
    ///
    /// - Throws: what ends every transfer alike: the journal's errors, lost
    ///   credentials. Errors of single images stand in the journal.
    public func work(_ run: Run) async throws(TranshipError) {
        let failure: TranshipError? = await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
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
        _ run: Run, _ group: inout TaskGroup<Void>
    ) async throws(TranshipError) {
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
    ) async throws(TranshipError) -> Bool {
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

    // MARK: One transfer

    /// Takes a transfer as far as it goes without waiting or changing lanes.
    private func carry(_ given: Transfer, run: Run) async {
        let latest = Guarded(given)
        let commit: Commit = { [self] transfer throws(TranshipError) in
            try await journal.commit(transfer)
            latest.withLock { $0 = transfer }
            // Its source was opened, and its target has the record.
            guard transfer.state == .sending else { return }
            try await answered(limits.endpoints.all(transfer), run: run)
        }
        monitor.started(given)
        do throws(TranshipError) {
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
        _ given: Transfer, after error: TranshipError, run: Run
    ) async throws(TranshipError) {
        try await journal.recordAttempt(given, run: run, error: error)
        var transfer = try await stages.uploader.abandon(given, isWrong: false)
        transfer.note = "starts over by \(transfer.method.rawValue): \(error.message)"
        try await journal.commit(transfer)
        monitor.left(transfer, .note(transfer, transfer.note ?? ""))
    }

    private func step(
        _ transfer: Transfer, commit: @escaping Commit
    ) async throws(TranshipError) -> Outcome {
        switch transfer.state {
        case .planned, .reading, .read, .registered, .sending:
            guard transfer.method.isServerSide else {
                return try await move(transfer, commit: commit)
            }
            return try await on(queues.upload) { [serverSide] () throws(TranshipError) in
                try await serverSide.run(transfer, commit: commit)
            }
        case .importing:
            return try await on(queues.wait) { [stages] () throws(TranshipError) in
                try await stages.waiter.look(transfer)
            }
        case .verifying:
            return try await on(queues.verify) { [confirm] () throws(TranshipError) in
                try await confirm.run(transfer)
            }
        case .publishing:
            return try await on(queues.publish) { [stages] () throws(TranshipError) in
                .advance(try await stages.publisher.publish(transfer))
            }
        case .done, .skipped, .unpublished, .failed:
            preconditionFailure("a final transfer was started")
        }
    }

    /// In one pass, or by way of the spool.
    private func move(
        _ transfer: Transfer, commit: @escaping Commit
    ) async throws(TranshipError) -> Outcome {
        guard transfer.spools == true, let spool, let spooling else {
            return try await stream.run(transfer, commit: commit)
        }
        switch try await spooling.run(transfer, commit: commit) {
        case .ended(let outcome): return outcome
        case .ready(let transfer, let entry):
            do throws(TranshipError) {
                return try await stream.run(transfer, from: entry, commit: commit)
            } catch {
                if error.cause is SpoolDamage { try await spool.discard(entry) }
                throw error
            }
        }
    }

    /// Removes the spooled data of a transfer that has ended, unless another
    /// waits for it.
    func releaseSpool(_ transfer: Transfer) async {
        guard transfer.state.isFinal, transfer.spools == true, let spool else { return }
        do throws(TranshipError) {
            try await spool.release(transfer)
        } catch {
            // The next run removes it.
            monitor.note(transfer, error.message)
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
