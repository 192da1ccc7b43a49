// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import ByteStreams
internal import Dispatch

/// A stage's own concurrent Dispatch queue, as an executor of tasks.
///
/// Jobs on it must not block: libdispatch starts two threads for a concurrent queue and then one
/// more per second, so blocked jobs starve the others. Blocking work (curl, files) has its own
/// threads.
final class StageQueue: TaskExecutor {
    let queue: DispatchQueue

    init(_ stage: StageName) {
        queue = DispatchQueue(label: "tranship.\(stage.rawValue)", attributes: .concurrent)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// The queues of the stages' tasks.
struct StageQueues: Sendable {
    let read: any TaskExecutor
    let verify: any TaskExecutor
    let upload: any TaskExecutor
    let wait: any TaskExecutor
    let publish: any TaskExecutor
    /// Runs the digests.
    let observers: ByteRing.Runner

    /// One queue for each stage, unless the surroundings have one executor for all.
    init(_ surroundings: Surroundings = .machine) {
        read = surroundings.executor ?? StageQueue(.read)
        verify = surroundings.executor ?? StageQueue(.verify)
        upload = surroundings.executor ?? StageQueue(.upload)
        wait = surroundings.executor ?? StageQueue(.wait)
        publish = surroundings.executor ?? StageQueue(.publish)
        observers = surroundings.observers
    }
}
