// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch

extension ByteRing {
    /// All rings' observers share it. Concurrent, so it has as many threads as
    /// the machine has cores: enough, because no job on it ever waits.
    private static let queue = DispatchQueue(label: "tranship.observers", attributes: .concurrent)
    /// The runner of every ring that names no other.
    public static let dispatching: Runner = { queue.async(execute: $0) }
    private static let spanBytesMax = 256 << 10
    /// After so much a job goes to the end of the queue: one fast image must
    /// not keep the digests of the others from running.
    private static let turnBytes = 1 << 20

    /// Queues a job for an observer that has none. Call with the lock held.
    func schedule(_ index: Int) {
        guard !state.isScheduled[index] else { return }
        state.isScheduled[index] = true
        runner { self.observe(index) }
    }

    private func observe(_ index: Int) {
        var turn = 0
        while turn < Self.turnBytes {
            guard let span = nextSpan(index) else { return }
            observers[index](span)
            turn += span.count
            let settled = locked {
                state.observed[index] += Int64(span.count)
                wakeWriterIfUseful()
                return takeSettled()
            }
            settled.resume()
        }
        runner { self.observe(index) }
    }

    /// What that observer should see next; nil, and no job any more, when it
    /// is not worth a job yet.
    private func nextSpan(_ index: Int) -> UnsafeRawBufferPointer? {
        locked {
            let position = state.observed[index]
            let waiting = Int(state.written - position)
            let isWorthIt = waiting >= batchBytes || (state.isFinished && waiting > 0)
            guard state.failure == nil, isWorthIt, let memory = try? mapped() else {
                state.isScheduled[index] = false
                return nil
            }
            let (offset, count) = offset(of: position, length: min(waiting, Self.spanBytesMax))
            return UnsafeRawBufferPointer(start: memory + offset, count: count)
        }
    }
}
