// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Dispatch

/// A stage's own concurrent Dispatch queue, as an executor of tasks.
///
/// Jobs on it must not block: libdispatch starts two threads for a concurrent
/// queue and then one a second, so blocked jobs starve the others. Blocking
/// work (curl, files) has serial queues of its own.
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

/// One queue for each stage.
struct StageQueues: Sendable {
    let read = StageQueue(.read)
    let verify = StageQueue(.verify)
    let upload = StageQueue(.upload)
    let wait = StageQueue(.wait)
    let publish = StageQueue(.publish)
}
