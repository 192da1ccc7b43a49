// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import MigrationModel

/// Counts the bytes of one read and reports its interruptions.
final class ReadingTally: Sendable {
    private let transfer: Transfer
    private let monitor: RunMonitor
    private let startBytes: Int64
    private let promiser: Promiser?
    private let state: Guarded<SourceReading>
    private let tookBytes = Guarded<Int64?>(nil)
    private let proof = Guarded<PublishedProof?>(nil)
    private let whoAnswered = Guarded<String?>(nil)

    /// - Parameters:
    ///   - promiser: the party that promises the checksum of the data.
    ///   - startBytes: the offset at which the read begins.
    init(
        _ transfer: Transfer, _ monitor: RunMonitor, _ promiser: Promiser?,
        from startBytes: Int64 = 0
    ) {
        self.promiser = promiser
        self.transfer = transfer
        self.monitor = monitor
        self.startBytes = startBytes
        state = Guarded(transfer.reading ?? SourceReading())
    }

    func take(_ event: ReadingEvent) {
        switch event {
        case .opened(let facts):
            state.withLock { $0.save(startBytes) }
            whoAnswered.withLock { $0 = facts.whoAnswered }
        case .dropped(let byte, let error):
            monitor.note(transfer, .sourceBroke(afterBytes: byte, message: error.message))
        case .reopened(let byte):
            state.withLock { state in
                state.reopenings += 1
                // Without resuming, these bytes would have to be read again.
                state.save(byte)
            }
        case .took(let bytes): tookBytes.withLock { $0 = bytes }
        case .proved(let found): proof.withLock { $0 = found }
        case .cannotGoOn(let byte, let reason):
            state.withLock { $0.restarts += 1 }
            monitor.note(transfer, .sourceCannotContinue(afterBytes: byte, reason: reason))
        }
    }

    /// The proof of the published bytes, if the ring got other bytes.
    var published: PublishedProof? { proof.withLock { $0 } }

    /// Adds to an error about wrong data the server of the pool that sent it and the party that
    /// made the promise.
    func named(_ error: TranshipError) -> TranshipError {
        guard error.isOtherData, let who = whoAnswered.withLock({ $0 }),
            !error.isNaming(who)
        else { return error.ofPromise(promiser) }
        return error.adding(" (\(who))").ofPromise(promiser)
    }

    /// Returns the totals after this many bytes of this read; nil if there are none yet.
    func reading(to countBytes: Int64) -> SourceReading? {
        var reading = state.withLock { $0 }
        reading.add(from: startBytes, countBytes: tookBytes.withLock { $0 } ?? countBytes)
        return reading == SourceReading() ? nil : reading
    }
}
