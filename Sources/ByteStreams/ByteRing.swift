// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import Dispatch

/// The bounded buffer between a source and a target: one producer, at most one reader, and any
/// number of observers (the digests).
///
/// The reader copies bytes out; observers see them in place. A slot is free when the reader and all
/// observers have passed it. So the slowest of them sets the pace, and the memory stays at
/// ``capacityBytes``, however large the image is.
///
/// A ring ends in one of two ways. ``finishWriting()`` says that the source is complete.
/// ``fail(_:)`` makes every call throw, so that a reader which passes the bytes on cannot mistake a
/// broken source for a short one.
///
/// - Important: ``write(_:)`` and ``read(into:)`` block the calling thread. Call each from a
///   thread of its own (``ThreadPool``), never from a task.
///
/// `@unchecked Sendable`: `state` and `memory` are used only while `monitor` is locked. Each byte
/// behind `memory` has one owner at a time: the producer owns those from `written` on, each
/// consumer those from its own position up to `written`. A position moves under the lock, after the
/// copy that it covers.
public final class ByteRing: @unchecked Sendable {
    /// A consumer that sees consecutive spans, one call at a time, on a concurrent queue that all
    /// rings share. It must not block: that would hold up the digests of other images.
    public typealias Observer = @Sendable (UnsafeRawBufferPointer) -> Void

    /// A function that runs the short jobs in which observers see their spans.
    public typealias Runner = @Sendable (@escaping @Sendable () -> Void) -> Void

    /// The size of the buffer in bytes.
    public let capacityBytes: Int

    let runner: Runner
    let observers: [Observer]
    let hasReader: Bool
    let limiter: BandwidthLimiter?
    /// The number of bytes for which a waiting reader or observer wakes up. Without this minimum,
    /// there would be a thread switch every 16 KiB, the amount that curl hands over at a time.
    let batchBytes: Int
    /// The number of last bytes that the reader gets only after ``release()``.
    let withheldBytes: Int
    let monitor = Monitor(conditionCount: 2)
    static let canWrite = 0
    static let canRead = 1

    var state = State()
    private var memory: RingMemory?

    struct State {
        var written: Int64 = 0
        var read: Int64 = 0
        var observed: [Int64] = []
        /// True from the time a job is queued for an observer until that job finds nothing to do.
        /// So an observer has at most one job.
        var isScheduled: [Bool] = []
        var isFinished = false
        var isReleased = true
        var failure: TranshipError?
        var isWriterWaiting = false
        /// The number of readable bytes that wakes the reader; nil while it does not wait.
        var readerWants: Int?
        /// The time at which the reader began to wait for bytes; nil once it got some.
        var readerWaitsSince: UInt64?
        var waiters: [Waiter] = []
        var waitersSoFar: UInt64 = 0
    }

    /// - Parameters:
    ///   - hasReader: false for a ring that only feeds observers.
    ///   - withholdsEnd: the reader gets the last bytes (64 KiB, or all of a shorter stream) and
    ///     the end only after ``release()``.
    ///   - runner: runs the jobs of the observers; the default is a concurrent queue that all rings
    ///     share.
    public init(
        capacityBytes: Int = 2 << 20, observers: [Observer] = [], hasReader: Bool = true,
        withholdsEnd: Bool = false, limiter: BandwidthLimiter? = nil,
        runner: @escaping Runner = ByteRing.dispatching
    ) {
        precondition(capacityBytes >= 16, "a ring needs at least 16 bytes")
        self.runner = runner
        self.capacityBytes = capacityBytes
        self.observers = observers
        self.hasReader = hasReader
        self.limiter = limiter
        // The producer waits until half of the ring is free. A reader leaves less than two quarters
        // in the ring, an incomplete batch and the withheld end, so the producer always wakes up.
        batchBytes = min(128 << 10, capacityBytes / 4)
        withheldBytes = withholdsEnd ? min(64 << 10, capacityBytes / 4) : 0
        state.observed = Array(repeating: 0, count: observers.count)
        state.isScheduled = Array(repeating: false, count: observers.count)
        state.isReleased = !withholdsEnd
    }

    deinit {
        if let memory { RingBuffers.shared.give(memory) }
    }

    /// The number of bytes that the producer has written so far.
    public var writtenBytes: Int64 { locked { state.written } }

    /// The number of bytes that the reader has taken so far.
    public var readBytes: Int64 { locked { state.read } }

    /// The error that broke the stream; nil if none did.
    public var failure: TranshipError? { locked { state.failure } }

    func locked<T>(_ body: () -> T) -> T {
        monitor.lock()
        defer { monitor.unlock() }
        return body()
    }

    /// The room for new bytes. Call with the lock held.
    var freeBytes: Int {
        var slowest = hasReader ? state.read : state.written
        for position in state.observed { slowest = min(slowest, position) }
        return capacityBytes - Int(state.written - slowest)
    }

    /// The buffer. The first write takes it, so a ring that waits for its source costs nothing.
    /// Call with the lock held.
    func mapped() throws(TranshipError) -> UnsafeMutableRawPointer {
        if let memory { return memory.address }
        let taken = try RingBuffers.shared.take(capacityBytes)
        memory = taken
        return taken.address
    }

    /// The part of `length` bytes at `position` that is contiguous in the buffer.
    func offset(of position: Int64, length: Int) -> (offset: Int, count: Int) {
        let offset = Int(position % Int64(capacityBytes))
        return (offset, min(length, capacityBytes - offset))
    }

    /// Wakes the producer once half of the ring is free. Waking it earlier would cost a thread
    /// switch for every few bytes. Call with the lock held.
    func wakeWriterIfUseful() {
        if state.isWriterWaiting, freeBytes >= capacityBytes / 2 { monitor.signal(Self.canWrite) }
    }
}
