// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics
import Glibc

/// Threads for work that blocks: exchanges of curl, file access, waits at a ring.
///
/// A queue of Dispatch would do the same with fewer lines, but Dispatch has 255 threads for the
/// whole process. With 300 exchanges that wait for an answer, digests, timers and signals would get
/// no thread any more. So each job that may block for minutes has a thread of its own, and Dispatch
/// keeps its threads for work that never blocks.
package final class ThreadPool: Sendable {
    /// The pool of this process.
    package static let shared = ThreadPool()

    /// Work for a thread.
    package typealias Job = @Sendable () -> Void

    private struct State {
        var jobs: [(number: UInt64, run: Job)] = []
        var jobsSoFar: UInt64 = 0
        /// The number of threads that wait for a job and have none assigned.
        var idle = 0
    }

    /// Enough for curl, the resolver and OpenSSL. Only pages that are used take memory.
    private static let stackBytes = 512 << 10
    private static let idleNanoseconds: UInt64 = 5_000_000_000
    private static let hasJob = 0

    private let monitor = Monitor(conditionCount: 1)
    private let state = Shared(State())

    /// The state behind `monitor`.
    ///
    /// `@unchecked Sendable`: `value` is used only while `monitor` is locked.
    private final class Shared: @unchecked Sendable {
        var value: State

        init(_ value: State) { self.value = value }
    }

    package init() {}

    /// Runs a job at once, on a thread that has no other work.
    ///
    /// - Throws: ``TranshipError/Code/unclassified``, marked transient, if the system has no thread
    ///   for the job. The pool does not let the job wait for a thread: the thread that it would
    ///   wait for may itself wait for the job.
    package func run(_ job: @escaping Job) throws(TranshipError) {
        monitor.lock()
        state.value.jobsSoFar += 1
        let number = state.value.jobsSoFar
        state.value.jobs.append((number, job))
        let needsThread = state.value.idle < state.value.jobs.count
        if !needsThread { monitor.signalOne(Self.hasJob) }
        monitor.unlock()
        guard needsThread, let reason = start() else { return }
        monitor.lock()
        defer { monitor.unlock() }
        // A thread that became free meanwhile may have taken the job.
        guard let index = state.value.jobs.firstIndex(where: { $0.number == number }) else {
            return
        }
        state.value.jobs.remove(at: index)
        throw Self.shortage(reason)
    }

    /// The error for work that the system has no thread for.
    package static func shortage(_ reason: String) -> TranshipError {
        TranshipError(
            .unclassified, "the system has no more threads for this process: \(reason)",
            hint: "lower limits.images, or raise the limits of threads: `ulimit -u`, and that of "
                + "the container or the service", isTransient: true)
    }

    /// Starts a thread. Returns the reason if that fails, otherwise nil.
    private func start() -> String? {
        let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
        pthread_attr_init(attributes)
        defer {
            pthread_attr_destroy(attributes)
            attributes.deallocate()
        }
        pthread_attr_setstacksize(attributes, Self.stackBytes)
        pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
        let pool = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let result = pthread_create(
            &thread, attributes,
            { pool in
                guard let pool else { return nil }
                Unmanaged<ThreadPool>.fromOpaque(pool).takeRetainedValue().work()
                return nil
            }, pool.toOpaque())
        if result == 0 { return nil }
        pool.release()
        return String(cString: strerror(result))
    }

    /// Runs jobs on a thread until none has come for a while.
    private func work() {
        // Another thread handles signals. On this one, they would interrupt system calls.
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        while let job = next() { job() }
    }

    /// Waits for the next job. Returns nil if none comes for a while.
    private func next() -> Job? {
        monitor.lock()
        defer { monitor.unlock() }
        let deadline = nowNanoseconds() + Self.idleNanoseconds
        while state.value.jobs.isEmpty {
            if nowNanoseconds() >= deadline { return nil }
            state.value.idle += 1
            monitor.wait(Self.hasJob, untilNanoseconds: deadline)
            state.value.idle -= 1
        }
        return state.value.jobs.removeFirst().run
    }
}
