// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ByteRing {
    /// A state of the ring that a task can await without holding a thread.
    enum Milestone {
        case started
        case written(Int64)
        case finished
    }

    struct Waiter {
        let number: UInt64
        let milestone: Milestone
        let continuation: CheckedContinuation<Result<Int64, TranshipError>, Never>
    }

    /// Suspends until the writing has finished and every observer has seen every byte. Does not
    /// wait for the reader.
    ///
    /// - Returns: the number of bytes.
    /// - Throws: the failure of the ring, or ``TranshipError/Code/interrupted`` if the task is
    ///   cancelled.
    public func finished() async throws(TranshipError) -> Int64 {
        try await wait(for: .finished)
    }

    /// Suspends until the first byte is written or the writing has finished.
    ///
    /// - Returns: the number of bytes written by then.
    /// - Throws: as ``finished()``.
    public func started() async throws(TranshipError) -> Int64 {
        try await wait(for: .started)
    }

    /// Suspends until this many bytes are written or the writing has ended, and returns the first
    /// bytes. They stay in the ring for its reader and its observers.
    ///
    /// - Precondition: the ring has room for them, and nothing was read yet.
    /// - Throws: as ``finished()``.
    package func head(bytesMax: Int) async throws(TranshipError) -> [UInt8] {
        precondition(hasReader && bytesMax <= capacityBytes, "the first bytes do not stay")
        _ = try await wait(for: .written(Int64(bytesMax)))
        let bytes = locked { () -> [UInt8]? in
            precondition(state.read == 0, "the first bytes were read already")
            let count = min(Int64(bytesMax), state.written)
            guard count > 0 else { return [] }
            guard let memory = try? mapped() else { return nil }
            return Array(UnsafeRawBufferPointer(start: memory, count: Int(count)))
        }
        guard let bytes else { throw TranshipError(.unclassified, "no memory for a buffer") }
        return bytes
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

    /// Changes the state, then resumes the waiters whose wait is over.
    func change(_ body: () -> Void) {
        let settled = locked {
            body()
            let settled = state.waiters.compactMap { waiter in
                result(of: waiter.milestone).map { (waiter.continuation, $0) }
            }
            // Not `removeAll`: its closure must not read the state while it changes.
            state.waiters = state.waiters.filter { result(of: $0.milestone) == nil }
            return settled
        }
        for (continuation, result) in settled { continuation.resume(returning: result) }
    }

    private func result(of milestone: Milestone) -> Result<Int64, TranshipError>? {
        if let failure = state.failure { return .failure(failure) }
        let isReached =
            switch milestone {
            case .started: state.isFinished || state.written > 0
            case .written(let count): state.isFinished || state.written >= count
            case .finished: state.isFinished && state.observed.allSatisfy { $0 == state.written }
            }
        return isReached ? .success(state.written) : nil
    }

    private func wait(for milestone: Milestone) async throws(TranshipError) -> Int64 {
        let number = locked {
            state.waitersSoFar += 1
            return state.waitersSoFar
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waiter = Waiter(
                    number: number, milestone: milestone, continuation: continuation)
                if let result = enroll(waiter) { continuation.resume(returning: result) }
            }
        } onCancel: {
            dismiss(number)
        }
        return try result.get()
    }

    /// Returns the result if the wait is already over. Otherwise stores the waiter and returns nil.
    private func enroll(_ waiter: Waiter) -> Result<Int64, TranshipError>? {
        locked {
            if let result = result(of: waiter.milestone) { return result }
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

    static var cancelled: TranshipError { TranshipError(wrapping: CancellationError()) }
}
