// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import Glibc

extension ByteRing {
    /// After this time, even a few bytes of a slow source are handed on: proxies in front of a
    /// target give up on a body that pauses.
    private static let gatherNanoseconds: UInt64 = 1_000_000_000

    /// Takes bytes out. BLOCKS until there are some, or until the end.
    ///
    /// - Returns: the number of bytes, at least 1; 0 at the end. The end comes only after
    ///   ``finishWriting()``, and after ``release()`` if the ring withholds it.
    /// - Throws: the failure of the ring, at once, even if bytes are left.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(TranshipError) -> Int {
        while true {
            if let count = try read(into: buffer, withinMilliseconds: 60_000) { return count }
        }
    }

    /// Reads as ``read(into:)`` does, but returns nil if nothing can be read within this time.
    package func read(
        into buffer: UnsafeMutableRawBufferPointer, withinMilliseconds milliseconds: Int
    ) throws(TranshipError) -> Int? {
        precondition(hasReader, "a ring without a reader was read")
        return try handOut(to: buffer) {
            waitUntilReadable(
                bufferBytes: buffer.count, limitNanoseconds: UInt64(milliseconds) * 1_000_000)
        }
    }

    /// True if this many bytes can be read without a wait, or if the ring is at its end or has
    /// failed.
    package func holds(_ bytes: Int64) -> Bool {
        locked { state.failure != nil || readableBytes >= bytes || isAtEnd }
    }

    /// Reads as ``read(into:)`` does, but never waits: returns nil if there is nothing to read now.
    package func readNow(
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(TranshipError) -> Int? {
        precondition(hasReader, "a ring without a reader was read")
        return try handOut(to: buffer) { readableBytes > 0 || isAtEnd }
    }

    /// - Parameter isReady: called with the lock held; if it returns false, the result is nil.
    private func handOut(
        to buffer: UnsafeMutableRawBufferPointer, if isReady: () -> Bool
    ) throws(TranshipError) -> Int? {
        precondition(!buffer.isEmpty, "nothing to read into")
        monitor.lock()
        let isReady = isReady()
        let (failure, position) = (state.failure, state.read)
        let count = min(readableBytes, buffer.count)
        let memory = isReady && count > 0 ? try? mapped() : nil
        monitor.unlock()
        if let failure { throw failure }
        guard isReady else { return nil }
        guard count > 0, let memory else { return 0 }

        copyOut(count, of: memory, at: position, to: buffer)
        locked {
            state.read += Int64(count)
            wakeWriterIfUseful()
        }
        return count
    }

    /// Hands out the withheld bytes and the end. Call it only after everything is proved that must
    /// be proved first.
    public func release() {
        locked {
            state.isReleased = true
            monitor.signal(Self.canRead)
        }
    }

    /// The number of bytes that the reader may take now. Call with the lock held.
    var readableBytes: Int {
        let withheld = state.isReleased ? 0 : withheldBytes
        return max(0, Int(state.written - state.read) - withheld)
    }

    private var isAtEnd: Bool { state.isFinished && state.isReleased }

    /// Waits until there is something to hand out, the end included. Returns false after a failure,
    /// or if the time is up.
    private func waitUntilReadable(bufferBytes: Int, limitNanoseconds: UInt64) -> Bool {
        let start = nowNanoseconds()
        let limit = start + limitNanoseconds
        // Kept from call to call, so that a series of short waits counts as one long wait.
        let since = state.readerWaitsSince ?? start
        state.readerWaitsSince = since
        let gathered = since + Self.gatherNanoseconds
        defer { state.readerWants = nil }
        // A full buffer is handed out at once. With less, the reader waits for a batch: a small
        // buffer would otherwise cost a thread switch each time.
        var enough = min(bufferBytes, batchBytes)
        while state.failure == nil {
            let now = nowNanoseconds()
            let isGathered = now >= gathered
            let wanted = isGathered || state.isFinished ? 1 : enough
            if readableBytes >= wanted || isAtEnd {
                state.readerWaitsSince = nil
                return true
            }
            if now >= limit { return false }
            enough = batchBytes
            state.readerWants = isGathered || state.isFinished ? 1 : enough
            monitor.wait(Self.canRead, untilNanoseconds: isGathered ? limit : min(gathered, limit))
        }
        return false
    }

    private func copyOut(
        _ length: Int, of memory: UnsafeMutableRawPointer, at position: Int64,
        to buffer: UnsafeMutableRawBufferPointer
    ) {
        guard let target = buffer.baseAddress else { return }
        let (offset, count) = offset(of: position, length: length)
        memcpy(target, memory + offset, count)
        if count < length { memcpy(target + count, memory, length - count) }
    }
}
