// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import GlanceModel
import Glibc

/// The only thread and the only clock of a simulation.
///
/// Every task runs on it, one job at a time. Chance picks the next of the ready jobs, so that many
/// orders are tried. If no job is ready, the clock jumps to the next timer.
///
/// `@unchecked Sendable`: only one thread touches it, which is checked for each new job.
final class Timeline: TaskExecutor, @unchecked Sendable {
    private enum Work {
        case job(UnownedJob)
        case call(@Sendable () -> Void)
    }

    private struct Timer {
        var at: Int64
        var number: Int
        var call: @Sendable () -> Void
    }

    /// The reason why the work stopped before it was done.
    enum Stuck: String, Error {
        case deadlock = "nothing is left to do and the run has not ended"
        case endless = "the run does not end"
    }

    /// The simulated time, in milliseconds since 1970.
    private(set) var now: Int64 = 1_800_000_000_000
    private(set) var steps = 0
    private var chance: Chance
    private var ready: [Work] = []
    private var timers: [Timer] = []
    private var timersSoFar = 0
    private let thread = pthread_self()
    private static let slowness = 0.05

    init(_ chance: Chance) {
        self.chance = chance
    }

    func enqueue(_ job: consuming ExecutorJob) {
        add(.job(UnownedJob(job)))
    }

    /// Calls the closure as one more job.
    func soon(_ body: @escaping @Sendable () -> Void) {
        add(.call(body))
    }

    private func add(_ work: Work) {
        precondition(pthread_equal(thread, pthread_self()) != 0, "a job of another thread")
        ready.append(work)
    }

    // MARK: Time

    /// Calls the closure after a time.
    ///
    /// - Returns: the number by which the timer can be canceled or hastened.
    @discardableResult
    func after(_ milliseconds: Int64, _ call: @escaping @Sendable () -> Void) -> Int {
        timersSoFar += 1
        add(Timer(at: now + max(0, milliseconds), number: timersSoFar, call: call))
        return timersSoFar
    }

    private func add(_ timer: Timer) {
        timers.append(timer)
    }

    func cancel(_ number: Int) {
        timers.removeAll { $0.number == number }
    }

    private func hasten(_ number: Int) {
        guard let index = timers.firstIndex(where: { $0.number == number }) else { return }
        timers.remove(at: index).call()
    }

    /// Suspends for the given time, or until the task is canceled.
    func sleep(_ milliseconds: Int64) async {
        timersSoFar += 1
        let number = timersSoFar
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard !Task.isCancelled else { return continuation.resume() }
                add(
                    Timer(at: now + max(0, milliseconds), number: number) { continuation.resume() })
            }
        } onCancel: {
            hasten(number)
        }
    }

    // MARK: Work

    /// Works until the condition is true.
    ///
    /// - Parameters:
    ///   - stepsMax: the number of jobs after which the work counts as endless.
    ///   - milliseconds: the simulated time after which the work counts as endless.
    func work(
        until isDone: () -> Bool, stepsMax: Int, within milliseconds: Int64
    ) throws(Stuck) {
        let stepsEnd = steps + stepsMax
        let end = now + milliseconds
        while !isDone() {
            guard steps < stepsEnd, now < end else { throw .endless }
            if ready.isEmpty {
                guard fireNext() else { throw .deadlock }
            } else if !timers.isEmpty, chance.happens(Self.slowness) {
                // The machine is busy: time passes before the job is done.
                _ = fireNext()
            } else {
                step()
            }
        }
    }

    /// Lets the given time pass, with everything that happens in it.
    func pass(_ milliseconds: Int64) {
        let end = now + milliseconds
        while true {
            if !ready.isEmpty {
                step()
            } else if timers.contains(where: { $0.at <= end }) {
                _ = fireNext()
            } else {
                break
            }
        }
        now = max(now, end)
    }

    private func step() {
        steps += 1
        let index = chance.below(ready.count)
        ready.swapAt(index, ready.count - 1)
        switch ready.removeLast() {
        case .job(let job): job.runSynchronously(on: asUnownedTaskExecutor())
        case .call(let call): call()
        }
    }

    private func fireNext() -> Bool {
        guard
            let index = timers.indices.min(by: {
                (timers[$0].at, timers[$0].number) < (timers[$1].at, timers[$1].number)
            })
        else { return false }
        let timer = timers.remove(at: index)
        now = max(now, timer.at)
        timer.call()
        return true
    }
}
