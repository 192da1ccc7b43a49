// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics

/// The bridge from a task to code that blocks its thread: file access, waits at a ring.
package enum BlockingWork {
    /// Runs the work on a thread of its own, so that it does not occupy a thread that tasks share.
    ///
    /// Cancellation does not reach the work. If the work waits at a ring, pass that ring:
    /// cancelling the task then fails the ring, which wakes the work.
    ///
    /// - Parameter start: runs the work on a thread that it may block; a simulation provides its
    ///   own.
    /// - Throws: the error of the work; ``TranshipError/Code/unclassified`` for errors of other
    ///   types, and if the system has no thread.
    package static func run<Value: Sendable>(
        failingOnCancel ring: ByteRing? = nil,
        startedBy start: @Sendable (@escaping @Sendable () -> Void) throws -> Void = onOwnThread,
        _ work: @escaping @Sendable () throws -> Value
    ) async throws(TranshipError) -> Value {
        let result: Result<Value, TranshipError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                do {
                    try start {
                        let result = Result { try work() }
                        continuation.resume(
                            returning: result.mapError(TranshipError.init(wrapping:)))
                    }
                } catch {
                    continuation.resume(returning: .failure(TranshipError(wrapping: error)))
                }
            }
        } onCancel: {
            ring?.fail(TranshipError(wrapping: CancellationError()))
        }
        return try result.get()
    }

    /// Starts the work on a thread of its own.
    ///
    /// - Throws: as ``ThreadPool/run(_:)``.
    @Sendable package static func onOwnThread(
        _ work: @escaping @Sendable () -> Void
    ) throws(TranshipError) {
        try ThreadPool.shared.run(work)
    }
}
