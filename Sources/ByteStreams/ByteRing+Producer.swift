// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import Glibc

extension ByteRing {
    /// The interval at which a writer that waits for bandwidth checks the rate for a change.
    private static let rateLookNanoseconds: UInt64 = 250_000_000

    /// Puts all bytes into the ring. BLOCKS while the ring is full or the bandwidth is used up.
    ///
    /// - Throws: the failure of the ring, if it has one. Some of the bytes may be in the ring by
    ///   then.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(TranshipError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            var part = rest
            if let limiter, let pieceBytes = limiter.pieceBytes {
                // Wait for room first. A writer that reserved bandwidth and then waited for room
                // would use its bandwidth late, together with that of other transfers.
                part = rest.prefix(min(pieceBytes, try roomWhenFree()))
                try waitForBandwidth(part.count, limiter)
            }
            try writeWhenFree(UnsafeRawBufferPointer(rebasing: part))
            rest = rest.dropFirst(part.count)
        }
    }

    /// Marks the end of a complete source. Does nothing after a failure.
    public func finishWriting() {
        change {
            guard state.failure == nil else { return }
            state.isFinished = true
            monitor.signal(Self.canRead)
            for index in observers.indices { schedule(index) }
        }
    }

    private func writeWhenFree(_ bytes: UnsafeRawBufferPointer) throws(TranshipError) {
        var done = 0
        while done < bytes.count {
            try lockWhenFree()
            let memory: UnsafeMutableRawPointer
            do {
                memory = try mapped()
            } catch {
                monitor.unlock()
                throw error
            }
            let count = min(freeBytes, bytes.count - done)
            let position = state.written
            monitor.unlock()

            copyIn(bytes[done..<done + count], to: memory, at: position)
            done += count
            wrote(count)
        }
    }

    /// Waits for room, and returns with the lock held unless it throws.
    private func lockWhenFree() throws(TranshipError) {
        monitor.lock()
        precondition(!state.isFinished, "a write after the end")
        while state.failure == nil, freeBytes == 0 || state.isWriterWaiting {
            state.isWriterWaiting = freeBytes < capacityBytes / 2
            if state.isWriterWaiting { monitor.wait(Self.canWrite) }
        }
        state.isWriterWaiting = false
        if let failure = state.failure {
            monitor.unlock()
            throw failure
        }
    }

    /// Waits for room, and returns the number of free bytes. Only the producer can reduce it.
    private func roomWhenFree() throws(TranshipError) -> Int {
        try lockWhenFree()
        defer { monitor.unlock() }
        return freeBytes
    }

    private func copyIn(
        _ bytes: Slice<UnsafeRawBufferPointer>, to memory: UnsafeMutableRawPointer,
        at position: Int64
    ) {
        guard let source = UnsafeRawBufferPointer(rebasing: bytes).baseAddress else { return }
        let (offset, count) = offset(of: position, length: bytes.count)
        memcpy(memory + offset, source, count)
        if count < bytes.count { memcpy(memory, source + count, bytes.count - count) }
    }

    private func wrote(_ count: Int) {
        change {
            state.written += Int64(count)
            if let wanted = state.readerWants, readableBytes >= wanted {
                monitor.signal(Self.canRead)
            }
            for (index, position) in state.observed.enumerated()
            where state.written - position >= Int64(batchBytes) {
                schedule(index)
            }
        }
    }

    private func waitForBandwidth(
        _ bytes: Int, _ limiter: BandwidthLimiter
    ) throws(TranshipError) {
        let position = limiter.reserve(bytes, nowNanoseconds: nowNanoseconds())
        monitor.lock()
        defer { monitor.unlock() }
        while state.failure == nil {
            let now = nowNanoseconds()
            let wait = limiter.waitNanoseconds(for: position, nowNanoseconds: now)
            guard wait > 0 else { break }
            monitor.wait(
                Self.canWrite, untilNanoseconds: now + min(wait, Self.rateLookNanoseconds))
        }
        if let failure = state.failure { throw failure }
    }
}
