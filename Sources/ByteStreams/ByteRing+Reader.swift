// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import Glibc

extension ByteRing {
    /// A slow source is handed on after so long, however little it sent:
    /// proxies in front of a target give up on a body that pauses.
    private static let gatherNanoseconds: UInt64 = 1_000_000_000

    /// Takes bytes out; BLOCKS until there are some, or the end.
    ///
    /// - Returns: how many bytes, at least one; 0 is the end, and only
    ///   ``finishWriting()`` (and ``release()``, where the end is withheld)
    ///   makes it.
    /// - Throws: the failure, at once, even if bytes are left.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(TranshipError) -> Int {
        while true {
            if let count = try read(into: buffer, withinMilliseconds: 60_000) { return count }
        }
    }

    /// The same, but nil when so long has passed and there was nothing to read.
    package func read(
        into buffer: UnsafeMutableRawBufferPointer, withinMilliseconds milliseconds: Int
    ) throws(TranshipError) -> Int? {
        precondition(hasReader, "a ring without a reader was read")
        guard !buffer.isEmpty else { preconditionFailure("nothing to read into") }
        monitor.lock()
        let isReady = waitUntilReadable(
            bufferBytes: buffer.count, limitNanoseconds: UInt64(milliseconds) * 1_000_000)
        if let failure = state.failure {
            monitor.unlock()
            throw failure
        }
        guard isReady else {
            monitor.unlock()
            return nil
        }
        return handOut(to: buffer)
    }

    /// True when so many bytes can be read without waiting, or the end or the
    /// failure is there.
    package func holds(_ bytes: Int64) -> Bool {
        locked { state.failure != nil || readableBytes >= bytes || isAtEnd }
    }

    /// The same, without ever waiting: nil when there is nothing right now.
    package func readNow(
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(TranshipError) -> Int? {
        precondition(hasReader && !buffer.isEmpty, "nothing to read, or to read into")
        monitor.lock()
        if let failure = state.failure {
            monitor.unlock()
            throw failure
        }
        guard readableBytes > 0 || isAtEnd else {
            monitor.unlock()
            return nil
        }
        return handOut(to: buffer)
    }

    /// Call with the lock held; it is open afterwards.
    private func handOut(to buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(readableBytes, buffer.count)
        let position = state.read
        guard count > 0, let memory = try? mapped() else {
            monitor.unlock()
            return 0
        }
        monitor.unlock()

        copyOut(count, of: memory, at: position, to: buffer)
        locked {
            state.read += Int64(count)
            wakeWriterIfUseful()
        }
        return count
    }

    /// Hands out the end: whatever had to be proved first has been proved.
    public func release() {
        locked {
            state.isReleased = true
            monitor.signal(Self.canRead)
        }
    }

    /// What the reader may have now. Call with the lock held.
    var readableBytes: Int {
        let withheld = state.isReleased ? 0 : withheldBytes
        return max(0, Int(state.written - state.read) - withheld)
    }

    private var isAtEnd: Bool { state.isFinished && state.isReleased }

    /// True when there is something to hand out, the end included.
    private func waitUntilReadable(bufferBytes: Int, limitNanoseconds: UInt64) -> Bool {
        let start = Monitor.nowNanoseconds()
        let limit = start + limitNanoseconds
        // Kept from call to call: short waits in a row are one long wait.
        let since = state.readerWaitsSince ?? start
        state.readerWaitsSince = since
        let gathered = since + Self.gatherNanoseconds
        defer { state.readerWants = nil }
        // A buffer full is handed out at once; with less, the reader waits for
        // a batch, or a small buffer would mean a thread switch for each.
        var enough = min(bufferBytes, batchBytes)
        while state.failure == nil {
            let now = Monitor.nowNanoseconds()
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
