// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// A gate that lets in a limited number of tasks. The others wait in order, without holding a
/// thread.
///
/// The gate counts before anything is queued: a job that waits in a queue holds a thread, and
/// Dispatch has few.
final class AsyncGate: Sendable {
    private struct State {
        var free: Int
        var waiting: [(number: UInt64, continuation: CheckedContinuation<Bool, Never>)] = []
        var waitersSoFar: UInt64 = 0
    }

    private let state: Guarded<State>

    init(limit: Int) {
        precondition(limit > 0, "a gate needs room for at least one")
        state = Guarded(State(free: limit))
    }

    /// Waits until there is room, then lets the task in. Each entry needs one ``leave()``.
    ///
    /// - Throws: ``TranshipError/Code/interrupted`` if the task is cancelled before it gets in.
    func enter() async throws(TranshipError) {
        let number = state.withLock { state in
            state.waitersSoFar += 1
            return state.waitersSoFar
        }
        let isIn = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isIn: Bool? = state.withLock { state in
                    // Under the lock, so that a later cancellation finds the waiter.
                    if Task.isCancelled { return false }
                    if state.free > 0 {
                        state.free -= 1
                        return true
                    }
                    state.waiting.append((number, continuation))
                    return nil
                }
                if let isIn { continuation.resume(returning: isIn) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                let index = state.waiting.firstIndex { $0.number == number }
                return index.map { state.waiting.remove(at: $0).continuation }
            }
            waiter?.resume(returning: false)
        }
        guard isIn else { throw TranshipError(wrapping: CancellationError()) }
    }

    func leave() {
        let next = state.withLock { state in
            if state.waiting.isEmpty {
                state.free += 1
                return CheckedContinuation<Bool, Never>?.none
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume(returning: true)
    }
}
