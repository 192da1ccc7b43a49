// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import MigrationModel

/// A value that one task provides once and others await.
///
/// Cancelling a waiting task does not wake it: whoever provides the value ends
/// with the same cancellation and fails the shot.
final class OneShot<Value: Sendable>: Sendable {
    private enum State {
        case waiting([CheckedContinuation<Result<Value, TranshipError>, Never>])
        case settled(Result<Value, TranshipError>)
    }

    private let state = Guarded(State.waiting([]))

    /// Settles it; later calls change nothing.
    func settle(_ result: Result<Value, TranshipError>) {
        let waiters = state.withLock { state in
            guard case .waiting(let waiters) = state else {
                return [CheckedContinuation<Result<Value, TranshipError>, Never>]()
            }
            state = .settled(result)
            return waiters
        }
        for waiter in waiters { waiter.resume(returning: result) }
    }

    func value() async throws(TranshipError) -> Value {
        let result = await withCheckedContinuation { continuation in
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
        return try result.get()
    }
}
