// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch

extension ByteRing {
    /// The queue of the observers of all rings. Concurrent, so it has as many threads as the
    /// machine has cores. That is enough, since none of its jobs waits.
    private static let queue = DispatchQueue(label: "tranship.observers", attributes: .concurrent)
    /// The default runner of a ring.
    public static let dispatching: Runner = { queue.async(execute: $0) }
    private static let spanBytesMax = 256 << 10
    /// After this many bytes, a job goes back to the end of the queue: one fast image must not hold
    /// up the digests of the others.
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
            change {
                state.observed[index] += Int64(span.count)
                wakeWriterIfUseful()
            }
        }
        runner { self.observe(index) }
    }

    /// Returns the next span for this observer. Returns nil if the ring has failed or too few bytes
    /// are waiting; the observer then has no job any more.
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
