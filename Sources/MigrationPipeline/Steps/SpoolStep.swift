// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import MigrationModel

/// Reads an image into the spool and verifies it, as one step before the upload.
///
/// After a crash, it proves the file before it uses it: the journal has the flushed length and the
/// digest of those bytes. Then it asks the source for the rest, by the rules of ``ImageSource``.
struct SpoolStep: Sendable {
    let ends: TransferEnds
    let queues: StageQueues
    let limiter: BandwidthLimiter?
    let monitor: RunMonitor
    let spool: Spool

    enum Ending: Sendable {
        /// The data is complete, and the transfer is ready to send.
        case ready(Transfer, SpoolEntry, life: Int)
        case ended(Outcome)
    }

    private static let ringBytes = 1 << 20
    /// The seconds until the next check, unless the transfer is woken earlier.
    private static let waitSeconds = 15.0

    func run(_ given: Transfer, _ trip: Trip) async throws(TranshipError) -> Ending {
        // The target may already have all the data.
        let found = try await trip.reconcile(given, at: ends.uploader)
        guard case .send(let transfer) = found else { return .ended(found) }
        switch try await spool.claim(transfer) {
        case .complete(let entry, let life):
            return .ready(try await toRead(transfer, trip), entry, life: life)
        case .wait(let reason):
            if reason.isForRoom { try await spool.makeRoom() }
            return .ended(.snooze(transfer, seconds: Self.waitSeconds, reason: reason))
        case .fill(let entry): return try await fill(entry, transfer, trip)
        }
    }

    /// Fills the file that this transfer claimed, and then releases the claim.
    private func fill(
        _ claimed: SpoolEntry, _ given: Transfer, _ trip: Trip
    ) async throws(TranshipError) -> Ending {
        var transfer = given
        let removalsBefore = spool.removalCount
        var filled: Filling?
        var failure: TranshipError?
        do throws(TranshipError) {
            if transfer.state == .read { transfer.move(to: .planned) }
            if transfer.state == .planned { transfer.move(to: .reading) }
            try await trip.commit(transfer)
            filled = try await filling(claimed, transfer, trip)
        } catch {
            failure = error
        }
        let life = spool.life(of: claimed)
        var ending: Ending?
        do throws(TranshipError) {
            if let error = failure, error.cause is NoRoom {
                let outcome = try await noRoom(claimed, trip.committed, error, removalsBefore)
                ending = .ended(outcome)
            }
        } catch {
            failure = error
        }
        try await spool.leave(claimed)
        if let ending { return ending }
        if let filled {
            return .ready(try await toRead(filled.transfer, trip), filled.entry, life: life)
        }
        throw failure ?? TranshipError(.interrupted, "the spool was not filled")
    }

    /// Handles a full disk or a full spool, while no other transfer can fill the file.
    private func noRoom(
        _ claimed: SpoolEntry, _ transfer: Transfer, _ error: TranshipError,
        _ removalsBefore: Int
    ) async throws(TranshipError) -> Outcome {
        let reason = WaitReason.noRoom(message: error.message)
        try await spool.makeRoom()
        switch spool.shortage(of: claimed, removalsBefore: removalsBefore) {
        case .hasEnded: return .snooze(transfer, seconds: 0, reason: reason)
        case .stays: throw error
        case .blocksOthers: try await spool.discard(claimed)
        case .mayEnd: break
        }
        if spool.isFirstToTellOfFullDisk() {
            monitor.note(transfer, .spoolIsFull(message: error.message))
        }
        spool.waits(transfer)
        return .snooze(transfer, seconds: Self.waitSeconds, reason: reason)
    }

    /// Marks the data as complete and proved in the spool.
    private func toRead(
        _ given: Transfer, _ trip: Trip
    ) async throws(TranshipError) -> Transfer {
        var transfer = given
        guard transfer.state.isBeforeRecord, transfer.state != .read else { return transfer }
        if transfer.state == .planned { transfer.move(to: .reading) }
        transfer.move(to: .read)
        try await trip.commit(transfer)
        return transfer
    }

    // MARK: Filling

    struct Filling {
        var transfer: Transfer
        var entry: SpoolEntry
        /// The offset at which the current read began.
        var start: Int64 = 0
    }

    /// The shared state of the two ends of one read.
    private final class Reading: Sendable {
        let ring: ByteRing
        let tally: ReadingTally
        /// The source's facts, after it has answered.
        let facts = Guarded<SourceFacts?>(nil)
        /// The reason that the read ended early.
        let failure = Guarded<TranshipError?>(nil)

        init(_ ring: ByteRing, _ tally: ReadingTally) {
            self.ring = ring
            self.tally = tally
        }
    }

    private func filling(
        _ given: SpoolEntry, _ transfer: Transfer, _ trip: Trip
    ) async throws(TranshipError) -> Filling {
        let disk = spool.disk
        let file = try await disk.blocking { try SpoolFile(given.path, disk: disk) }
        var filling = Filling(transfer: transfer, entry: given)
        // Bytes that a killed process read after its last checkpoint are read again.
        let beyond = file.lengthBytes - given.offsetBytes
        if beyond > 0 {
            var reading = transfer.reading ?? SourceReading()
            reading.add(from: given.offsetBytes, countBytes: beyond)
            filling.transfer.reading = reading
        }
        do throws(TranshipError) {
            try await attempt(&filling, file, trip)
        } catch {
            // The file may contain bytes that do not belong there. Or the bytes from before an
            // interruption were wrong, which shows only at the end.
            let wasAsked = filling.start > 0
            guard
                error.code == .rangeNotSatisfiable || (error.code == .checksumMismatch && wasAsked)
            else { throw error }
            filling.entry = filling.entry.emptied
            try await spool.keep(filling.entry, filledBy: filling.transfer)
            guard wasAsked else { throw error }
            monitor.note(filling.transfer, .spoolReadAgain(message: error.message))
            try await attempt(&filling, file, trip)
        }
        return filling
    }

    /// Reads once, from the end of the file or from the first byte.
    private func attempt(
        _ filling: inout Filling, _ file: SpoolFile, _ trip: Trip
    ) async throws(TranshipError) {
        let given = filling.transfer
        let (verification, point) = try await prepare(&filling, file)
        let ring = ByteRing(
            capacityBytes: Self.ringBytes, observers: verification.observers, limiter: limiter,
            runner: queues.observers)
        monitor.opened(given, ring, isSent: false)
        let reader = try ends.source
        let reading = Reading(
            ring,
            ReadingTally(
                given, monitor, reader.promiser(of: given.source), from: filling.start))
        async let read: Void = withTaskExecutorPreference(queues.read) {
            do throws(TranshipError) {
                try await reader.read(given, from: point, into: ring) { event in
                    reading.tally.take(event)
                    if case .opened(let now) = event { reading.facts.withLock { $0 = now } }
                }
                ring.finishWriting()
            } catch {
                reading.failure.withLock { $0 = error }
                // The bytes before the break are right, so they are kept.
                error.code == .rangeNotSatisfiable ? ring.fail(error) : ring.finishWriting()
            }
        }
        var failure: TranshipError?
        do throws(TranshipError) {
            if point == nil {
                // Data that will not be sent need not be spooled.
                let look = DataLook(inspection: reader.inspection, isAsRead: true)
                _ = try await look.objection(to: given, in: ring) {
                    reading.failure.withLock { $0 == nil }
                }
            }
            try await take(&filling, file, reading, trip)
        } catch {
            failure = ring.failure ?? error
            ring.fail(error)
        }
        await read
        if let failure, failure.cause is TooLong {
            // The data may be of another version, and the rest would not fit.
            filling.transfer.reading = reading.tally.reading(to: file.offsetBytes - filling.start)
            try await trip.commit(filling.transfer)
            try await spool.discard(filling.entry)
            throw reading.tally.named(failure)
        }
        if let failure = failure ?? reading.failure.withLock({ $0 }) {
            // Keep as many bytes as possible. The first error counts.
            if failure.code != .rangeNotSatisfiable {
                try? await checkpoint(&filling, file, reading)
                try await trip.commit(filling.transfer)
            }
            throw failure
        }
        try await judge(verification, &filling, file, reading, trip)
        filling.entry.published = reading.tally.published
        if let conversion = given.source.published?.conversion {
            // `qemu-img` reads the file from the disk.
            try await checkpoint(&filling, file, reading)
            try await convert(&filling, conversion)
            filling.entry.isComplete = true
            return try await spool.keep(filling.entry, filledBy: filling.transfer)
        }
        filling.entry.isComplete = true
        try await checkpoint(&filling, file, reading)
    }

    /// Proves the bytes in the file. Returns the point at which to continue, or nil if the file was
    /// emptied and reading starts at the first byte.
    private func prepare(
        _ filling: inout Filling, _ file: SpoolFile
    ) async throws(TranshipError) -> (any RunningVerification, ReadingPoint?) {
        let given = filling.transfer
        let algorithm = given.proof.promised?.algorithm ?? .sha256
        var verification = try ends.verifier.begin(given, reportedAlgorithm: algorithm)
        if let point = filling.entry.point, let digest = filling.entry.digest {
            let observers = verification.observers
            let isRight = try await spool.disk.blocking {
                try file.goOn(at: point.offsetBytes, digest, observers: observers)
            }
            if isRight {
                filling.start = point.offsetBytes
                return (verification, point)
            }
            monitor.note(given, .spoolReadAgain(message: nil))
            verification = try ends.verifier.begin(given, reportedAlgorithm: algorithm)
        }
        filling.start = 0
        filling.entry = filling.entry.emptied
        try await spool.disk.blocking { try file.empty() }
        return (verification, nil)
    }

    /// Writes all bytes from the source into the file.
    private func take(
        _ filling: inout Filling, _ file: SpoolFile, _ reading: Reading, _ trip: Trip
    ) async throws(TranshipError) {
        let ring = reading.ring
        var hasAnswered = false
        var isEnd = false
        while !isEnd {
            let size =
                reading.facts.withLock { $0?.sizeBytes } ?? filling.transfer.source.sizeBytes
            var step: Int64 = min(
                8 << 20, max(spool.disk.checkpointBytesMin, (size ?? .max) / 200))
            if let size {
                try spool.reserve(&filling.entry, size, filling.transfer)
            } else {
                // Reserve in steps, up to the limit of the spool.
                let next = file.offsetBytes + 1
                let most = max(next, spool.place.maxBytes ?? .max)
                try spool.reserve(
                    &filling.entry, min(most, Self.roundedUp(next, to: Spool.stepBytes)),
                    filling.transfer)
                step = min(step, filling.entry.reservedBytes - file.offsetBytes)
            }
            // Take one byte more than declared, to notice a longer source before it fills the disk.
            let count = size.map { min(step - 1, max(0, $0 - file.offsetBytes)) + 1 } ?? step
            isEnd = try await spool.disk.blocking(at: ring, taking: count) {
                try file.append(ring, atMostBytes: count)
            }
            if let size, file.offsetBytes > size { throw Self.tooLong(filling.transfer, size) }
            if !hasAnswered, reading.facts.withLock({ $0 != nil }) {
                hasAnswered = true
                try await trip.answered(.source)
            }
            if !isEnd { try await checkpoint(&filling, file, reading) }
        }
    }

    /// The cause of an error: the source sent more than it declared.
    private struct TooLong: Error {}

    private static func tooLong(_ transfer: Transfer, _ sizeBytes: Int64) -> TranshipError {
        TranshipError(
            .sourceTruncated,
            "\(transfer.source.displayName) has more than the \(sizeBytes) bytes that it declared",
            hint: "plan again: the source may have changed since it was planned", cause: TooLong())
    }

    /// Compares all bytes with the source's promise.
    private func judge(
        _ verification: any RunningVerification, _ filling: inout Filling, _ file: SpoolFile,
        _ reading: Reading, _ trip: Trip
    ) async throws(TranshipError) {
        do throws(TranshipError) {
            let total = filling.start + (try await reading.ring.finished())
            _ = try verification.judge(totalBytes: total)
        } catch {
            if error.code == .interrupted { throw error }
            let named = reading.tally.named(error)
            filling.transfer.reading = reading.tally.reading(to: file.offsetBytes - filling.start)
            if error.code == .checksumMismatch, filling.start > 0 { throw named }
            // The bytes do not match the promise, so keep none of them.
            try await trip.commit(filling.transfer)
            try await spool.discard(filling.entry)
            throw named
        }
    }

    /// Flushes the bytes to the disk and then records them in the journal, in this order.
    private func checkpoint(
        _ filling: inout Filling, _ file: SpoolFile, _ reading: Reading
    ) async throws(TranshipError) {
        try await spool.disk.blocking { try file.sync() }
        filling.entry.offsetBytes = file.offsetBytes
        filling.entry.digest = try file.prefixDigest()
        filling.entry.version = filling.entry.version ?? reading.facts.withLock { $0?.version }
        filling.transfer.reading = reading.tally.reading(to: file.offsetBytes - filling.start)
        try await spool.keep(filling.entry, filledBy: filling.transfer)
    }

    private static func roundedUp(_ bytes: Int64, to step: Int64) -> Int64 {
        (bytes + step - 1) / step * step
    }
}
