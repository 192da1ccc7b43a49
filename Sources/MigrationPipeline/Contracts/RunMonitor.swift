// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import ByteStreams
public import MigrationModel

/// What happens in a run, for progress and logs.
///
/// Bytes are not among the events: a progress display asks
/// ``RunMonitor/snapshot()`` as often as it draws.
public enum RunEvent: Sendable {
    case started(Transfer)
    case moved(Transfer)
    case waiting(Transfer, seconds: Double)
    case retrying(Transfer, error: TranshipError, seconds: Double)
    case ended(Transfer)
    case note(Transfer, String)
    /// Concerns the run, not a single image.
    case notice(String)
}

/// Counts the work under way: bytes, images, and the state of each image.
public final class RunMonitor: Sendable {
    /// One image in flight.
    public struct Active: Sendable {
        public var transfer: Transfer
        public var doneBytes: Int64
        /// Nil until the source has reported it.
        public var sizeBytes: Int64?
        /// Milliseconds since 1970.
        public var startedAt: Int64
    }

    /// The whole run at one moment.
    public struct Snapshot: Sendable {
        public var active: [Active] = []
        /// Bytes moved by this process, of ended and of active images.
        public var movedBytes: Int64 = 0
        /// Bytes of images that ended in this process.
        public var endedBytes: Int64 = 0
        public var endedImages = 0
    }

    private struct State {
        var active: [Int64: (transfer: Transfer, ring: ByteRing?, startedAt: Int64)] = [:]
        /// Without the active images.
        var left = Snapshot()
    }

    private let state = Guarded(State())
    private let sink: @Sendable (RunEvent) -> Void
    private let now: @Sendable () -> Int64

    public init(
        now: @escaping @Sendable () -> Int64,
        sink: @escaping @Sendable (RunEvent) -> Void = { _ in }
    ) {
        self.now = now
        self.sink = sink
    }

    public func snapshot() -> Snapshot {
        state.withLock { state in
            var snapshot = state.left
            for (_, entry) in state.active.sorted(by: { $0.key < $1.key }) {
                let bytes = entry.ring?.readBytes ?? 0
                snapshot.movedBytes += bytes
                snapshot.active.append(
                    Active(
                        transfer: entry.transfer, doneBytes: bytes,
                        sizeBytes: entry.transfer.proof.sizeBytes
                            ?? entry.transfer.source.sizeBytes,
                        startedAt: entry.startedAt))
            }
            return snapshot
        }
    }

    func started(_ transfer: Transfer) {
        let now = now()
        state.withLock { $0.active[transfer.id] = (transfer, nil, now) }
        sink(.started(transfer))
    }

    func opened(_ transfer: Transfer, _ ring: ByteRing) {
        state.withLock { state in
            // The spool uses another ring, so its bytes are counted apart.
            state.left.movedBytes += state.active[transfer.id]?.ring?.readBytes ?? 0
            state.active[transfer.id]?.ring = ring
        }
    }

    func sending(_ transfer: Transfer) {
        state.withLock { $0.active[transfer.id]?.transfer = transfer }
        sink(.moved(transfer))
    }

    func note(_ transfer: Transfer, _ text: String) {
        sink(.note(transfer, text))
    }

    func notice(_ text: String) {
        sink(.notice(text))
    }

    /// The scheduler is done with this transfer for now: it ended, or it waits for
    /// its next step.
    func left(_ transfer: Transfer, _ event: RunEvent) {
        state.withLock { state in
            if let entry = state.active.removeValue(forKey: transfer.id) {
                state.left.movedBytes += entry.ring?.readBytes ?? 0
            }
            if transfer.state.isFinal {
                state.left.endedImages += 1
                state.left.endedBytes = state.left.endedBytes.clampedSum(
                    transfer.proof.sizeBytes ?? transfer.source.sizeBytes ?? 0)
            }
        }
        sink(event)
    }
}
