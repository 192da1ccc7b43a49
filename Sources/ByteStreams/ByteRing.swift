// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import Dispatch
import Glibc

/// The bounded buffer between a source and a target: one producer, at most one
/// reader, and any number of observers (the digests).
///
/// The reader copies bytes out; observers see them in place. A slot is free
/// again when everybody has passed it, so whoever is slowest sets the pace and
/// the memory stays ``capacityBytes``, whatever the image's size.
///
/// It ends in one of two ways, and never in between: ``finishWriting()`` says
/// that the source ended and was complete; ``fail(_:)`` makes every call throw,
/// so that a reader which sends the bytes on cannot take a broken source for a
/// short one.
///
/// - Important: ``write(_:)`` and ``read(into:)`` block the calling thread.
///   Call each from a serial Dispatch queue of its own, never from a task.
///
/// `@unchecked Sendable`: `state` and `memory` are touched only while `monitor`
/// is locked. The bytes behind `memory` have one owner at any time: the
/// producer from `written` on, the consumers before it and not before their own
/// position; a position moves under the lock, after the copy that it stands for.
public final class ByteRing: @unchecked Sendable {
    /// Sees consecutive spans, one call at a time, on a concurrent queue that
    /// all rings share. Must not block: it would hold back other images' digests.
    public typealias Observer = @Sendable (UnsafeRawBufferPointer) -> Void

    /// Carries out the short jobs in which observers see their spans.
    public typealias Runner = @Sendable (@escaping @Sendable () -> Void) -> Void

    public let capacityBytes: Int

    let runner: Runner
    let observers: [Observer]
    let hasReader: Bool
    let limiter: BandwidthLimiter?
    /// Whoever waits for bytes is woken for so many at least: without it there
    /// is a thread switch every 16 KiB, which is what curl hands over at a time.
    let batchBytes: Int
    /// How much of the end the reader gets only after ``release()``.
    let withheldBytes: Int
    let monitor = Monitor(conditionCount: 2)
    static let canWrite = 0
    static let canRead = 1

    var state = State()
    private var memory: UnsafeMutableRawPointer?

    struct State {
        var written: Int64 = 0
        var read: Int64 = 0
        var observed: [Int64] = []
        /// True from the moment a job is queued for an observer until that job
        /// has found nothing left to do: there is never more than one.
        var isScheduled: [Bool] = []
        var isFinished = false
        var isReleased = true
        var failure: TranshipError?
        var isWriterWaiting = false
        /// How many bytes would wake the reader; nil while it does not wait.
        var readerWants: Int?
        /// Since when the reader has had nothing; nil once it got something.
        var readerWaitsSince: UInt64?
        var waiters: [Waiter] = []
        var waitersSoFar: UInt64 = 0
    }

    /// - Parameters:
    ///   - hasReader: false for a ring that only feeds observers.
    ///   - withholdsEnd: the reader gets the last bytes (64 KiB, or all of a
    ///     shorter stream) and the end only after ``release()``.
    ///   - runner: where observers' jobs go; the default is a concurrent queue
    ///     that all rings share.
    public init(
        capacityBytes: Int = 2 << 20, observers: [Observer] = [], hasReader: Bool = true,
        withholdsEnd: Bool = false, limiter: BandwidthLimiter? = nil,
        runner: @escaping Runner = ByteRing.dispatching
    ) {
        precondition(capacityBytes >= 16, "too small to keep its promises")
        self.runner = runner
        self.capacityBytes = capacityBytes
        self.observers = observers
        self.hasReader = hasReader
        self.limiter = limiter
        // The producer waits for half of the ring. Two quarters that a reader
        // may leave lying cannot keep it from that half.
        batchBytes = min(128 << 10, capacityBytes / 4)
        withheldBytes = withholdsEnd ? min(64 << 10, capacityBytes / 4) : 0
        state.observed = Array(repeating: 0, count: observers.count)
        state.isScheduled = Array(repeating: false, count: observers.count)
        state.isReleased = !withholdsEnd
    }

    deinit {
        if let memory { munmap(memory, capacityBytes) }
    }

    /// How much the producer has put in so far.
    public var writtenBytes: Int64 { locked { state.written } }

    /// How much the reader has taken out so far.
    public var readBytes: Int64 { locked { state.read } }

    /// Why the stream broke; nil while it did not.
    public var failure: TranshipError? { locked { state.failure } }

    func locked<T>(_ body: () -> T) -> T {
        monitor.lock()
        defer { monitor.unlock() }
        return body()
    }

    /// Bytes that nobody needs any more. Call with the lock held.
    var freeBytes: Int {
        var slowest = hasReader ? state.read : state.written
        for position in state.observed { slowest = min(slowest, position) }
        return capacityBytes - Int(state.written - slowest)
    }

    /// Where the bytes live: mapped by the first write, so that a ring which
    /// waits for its source costs nothing. Call with the lock held.
    func mapped() throws(TranshipError) -> UnsafeMutableRawPointer {
        if let memory { return memory }
        let address = mmap(
            nil, capacityBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let address, address != MAP_FAILED else {
            throw TranshipError(
                .unclassified,
                "no memory for a buffer of \(ByteCount.format(Int64(capacityBytes))): "
                    + String(cString: strerror(errno)),
                hint: "lower limits.images, so that fewer images are in flight")
        }
        memory = address
        return address
    }

    /// The part of `length` bytes at `position` that lies in one piece.
    func offset(of position: Int64, length: Int) -> (offset: Int, count: Int) {
        let offset = Int(position % Int64(capacityBytes))
        return (offset, min(length, capacityBytes - offset))
    }

    /// Wakes the producer once half of the ring is free: less would cost a
    /// thread switch for every few bytes. Call with the lock held.
    func wakeWriterIfUseful() {
        if state.isWriterWaiting, freeBytes >= capacityBytes / 2 { monitor.signal(Self.canWrite) }
    }
}
