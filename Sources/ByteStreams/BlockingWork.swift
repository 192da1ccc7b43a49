// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics
import Dispatch

/// The bridge from a task to code that blocks its thread: file access, waits at a ring.
package enum BlockingWork {
    /// Runs the work on a serial queue of its own, so that it holds none of the threads that
    /// tasks share.
    ///
    /// Cancellation does not reach the work. If it waits at a ring, pass that ring: cancelling
    /// the task fails it, which wakes the work.
    ///
    /// - Parameter start: runs the work where it may block; a simulation has a thread of its own.
    /// - Throws: what the work throws; ``TranshipError/Code/unclassified`` for other errors.
    package static func run<Value: Sendable>(
        failingOnCancel ring: ByteRing? = nil,
        startedBy start: @Sendable (@escaping @Sendable () -> Void) -> Void = onOwnQueue,
        _ work: @escaping @Sendable () throws -> Value
    ) async throws(TranshipError) -> Value {
        let result: Result<Value, TranshipError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                start {
                    let result = Result { try work() }
                    continuation.resume(returning: result.mapError(TranshipError.init(wrapping:)))
                }
            }
        } onCancel: {
            ring?.fail(TranshipError(wrapping: CancellationError()))
        }
        return try result.get()
    }

    /// Starts the work on a serial queue of its own.
    @Sendable package static func onOwnQueue(_ work: @escaping @Sendable () -> Void) {
        DispatchQueue(label: "tranship.blocking").async(execute: work)
    }
}
