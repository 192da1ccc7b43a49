// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ByteRing {
    /// A task that awaits the end of the stream.
    struct Waiter {
        let number: UInt64
        let continuation: CheckedContinuation<Result<Int64, TranshipError>, Never>
    }

    /// Suspends until the writing has finished and every observer has seen every byte. Does not
    /// wait for the reader.
    ///
    /// - Returns: the number of bytes.
    /// - Throws: the failure of the ring, or ``TranshipError/Code/interrupted`` if the task is
    ///   cancelled.
    public func finished() async throws(TranshipError) -> Int64 {
        let number = locked {
            state.waitersSoFar += 1
            return state.waitersSoFar
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waiter = Waiter(number: number, continuation: continuation)
                if let result = enroll(waiter) { continuation.resume(returning: result) }
            }
        } onCancel: {
            dismiss(number)
        }
        return try result.get()
    }

    /// Breaks the stream: from now on, every call throws this error, and all blocked and suspended
    /// callers wake up with it. The first error wins.
    public func fail(_ error: TranshipError) {
        change {
            if state.failure == nil { state.failure = error }
            monitor.signal(Self.canRead)
            monitor.signal(Self.canWrite)
        }
    }

    /// Changes the state, and resumes the waiters if that ends the stream.
    func change(_ body: () -> Void) {
        let (waiters, result) = locked { () -> ([Waiter], Result<Int64, TranshipError>?) in
            body()
            guard !state.waiters.isEmpty, let ending else { return ([], nil) }
            defer { state.waiters = [] }
            return (state.waiters, ending)
        }
        guard let result else { return }
        for waiter in waiters { waiter.continuation.resume(returning: result) }
    }

    /// How the stream ended; nil until then. Call with the lock held.
    private var ending: Result<Int64, TranshipError>? {
        if let failure = state.failure { return .failure(failure) }
        let isReached = state.isFinished && state.observed.allSatisfy { $0 == state.written }
        return isReached ? .success(state.written) : nil
    }

    /// The result, if there is one already. Otherwise the waiter is stored.
    private func enroll(_ waiter: Waiter) -> Result<Int64, TranshipError>? {
        locked {
            if let ending { return ending }
            // Under the lock, so that a later cancellation finds the waiter.
            if Task.isCancelled { return .failure(Self.cancelled) }
            state.waiters.append(waiter)
            return nil
        }
    }

    private func dismiss(_ number: UInt64) {
        let waiter = locked {
            let index = state.waiters.firstIndex { $0.number == number }
            return index.map { state.waiters.remove(at: $0) }
        }
        waiter?.continuation.resume(returning: .failure(Self.cancelled))
    }

    private static var cancelled: TranshipError { TranshipError(wrapping: CancellationError()) }
}
