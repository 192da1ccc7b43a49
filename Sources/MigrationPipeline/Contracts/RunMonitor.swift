// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
public import MigrationModel

/// Counts the work under way: bytes, images, and the state of each image.
public final class RunMonitor: Sendable {
    private struct State {
        var active: [Int64: Active] = [:]
        /// Images that wait for their next step, at most ``waitingMax``.
        var waiting: [Int64: Transfer] = [:]
        /// The totals of images that are no longer in flight.
        var ended = RunProgress()
    }

    private struct Active {
        var transfer: Transfer
        var ring: ByteRing?
        /// True if the bytes that leave the ring go to the target, and not to the spool.
        var isSent = false

        func add(to progress: inout RunProgress) {
            guard let ring else { return }
            progress.movedBytes = progress.movedBytes.clampedSum(ring.readBytes)
            if isSent { progress.sentBytes = progress.sentBytes.clampedSum(ring.readBytes) }
        }
    }

    /// A constant, so that the memory for the display does not grow with the run.
    private static let waitingMax = 1000

    private let state = Guarded(State())
    private let sink: @Sendable (RunEvent) -> Void

    public init(sink: @escaping @Sendable (RunEvent) -> Void = { _ in }) {
        self.sink = sink
    }

    public func snapshot() -> RunProgress {
        state.withLock { state in
            var snapshot = state.ended
            for (_, entry) in state.active.sorted(by: { $0.key < $1.key }) {
                entry.add(to: &snapshot)
                snapshot.active.append((entry.transfer, entry.ring?.readBytes ?? 0))
            }
            snapshot.waiting = state.waiting.sorted { $0.key < $1.key }.map(\.value)
            return snapshot
        }
    }

    func started(_ transfer: Transfer) {
        state.withLock { state in
            state.waiting[transfer.id] = nil
            state.active[transfer.id] = Active(transfer: transfer)
        }
        sink(.started(transfer))
    }

    /// - Parameter isSent: false if the data goes to the spool.
    func opened(_ transfer: Transfer, _ ring: ByteRing, isSent: Bool) {
        state.withLock { state in
            // The spool uses another ring, so its bytes are added separately.
            state.active[transfer.id]?.add(to: &state.ended)
            state.active[transfer.id]?.ring = ring
            state.active[transfer.id]?.isSent = isSent
        }
    }

    func sending(_ transfer: Transfer) {
        state.withLock { $0.active[transfer.id]?.transfer = transfer }
        sink(.moved(transfer))
    }

    func note(_ transfer: Transfer, _ notice: TransferNotice) {
        sink(.note(transfer, notice))
    }

    /// Reports something about the run, not about a single image.
    package func notice(_ notice: RunNotice) {
        sink(.notice(notice))
    }

    /// Records that the scheduler is done with this transfer for now: the transfer ended, or waits
    /// for its next step.
    func left(_ transfer: Transfer, _ event: RunEvent) {
        state.withLock { state in
            state.active.removeValue(forKey: transfer.id)?.add(to: &state.ended)
            if transfer.state.isFinal {
                state.waiting[transfer.id] = nil
                state.ended.endedImages += 1
                if transfer.state == .failed || transfer.state == .unpublished {
                    state.ended.failedImages += 1
                }
                state.ended.endedBytes = state.ended.endedBytes.clampedSum(
                    transfer.sizeBytes ?? 0)
            } else if state.waiting.count < Self.waitingMax {
                state.waiting[transfer.id] = transfer
            }
        }
        sink(event)
    }
}
