// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics

/// A value that one task provides once and that other tasks await.
///
/// Cancelling a waiting task does not wake it: the provider ends with the same cancellation
/// and settles the shot with it.
package final class OneShot<Value: Sendable>: Sendable {
    private typealias Waiter = CheckedContinuation<Result<Value, TranshipError>, Never>

    private enum State {
        case waiting([Waiter])
        case settled(Result<Value, TranshipError>)
    }

    private let state = Guarded(State.waiting([]))

    package init() {}

    /// Provides the value. Only the first call counts.
    package func settle(_ result: Result<Value, TranshipError>) {
        let waiters = state.withLock { state in
            guard case .waiting(let waiters) = state else { return [Waiter]() }
            state = .settled(result)
            return waiters
        }
        for waiter in waiters { waiter.resume(returning: result) }
    }

    /// Suspends until the value is provided.
    package func value() async throws(TranshipError) -> Value { try await result().get() }

    /// Suspends until the value or the failure is provided.
    package func result() async -> Result<Value, TranshipError> {
        await withCheckedContinuation { continuation in
            let settled: Result<Value, TranshipError>? = state.withLock { state in
                switch state {
                case .settled(let result): return result
                case .waiting(let waiters):
                    state = .waiting(waiters + [continuation])
                    return nil
                }
            }
            if let settled { continuation.resume(returning: settled) }
        }
    }
}
