// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import MigrationModel

/// Reading into the spool and verifying, as one step before the upload.
///
/// What is there after a crash is proved before it is trusted: the journal knows
/// how far the file was on the disk and the digest of all of that. From there
/// the source is asked for the rest, by the rules of ``SourceReader``.
struct SpoolStep: Sendable {
    let stages: Stages
    let queues: StageQueues
    let limiter: BandwidthLimiter?
    let monitor: RunMonitor
    let spool: Spool

    enum Ending: Sendable {
        /// The data is there, and the transfer in a state from which it is sent.
        case ready(Transfer, SpoolEntry)
        case ended(Outcome)
    }

    private static let ringBytes = 1 << 20
    /// When nothing wakes it before, in seconds.
    private static let waitSeconds = 15.0

    func run(_ given: Transfer, commit: @escaping Commit) async throws(TranshipError) -> Ending {
        var transfer = given
        if transfer.imageID != nil {
            // The target may have it all already.
            switch try await stages.uploader.reconcile(transfer) {
            case .send(let next): transfer = next
            case .proceed(let next): return .ended(.advance(next))
            case .snooze(let next, let seconds, let reason):
                return .ended(.snooze(next, seconds: seconds, reason: reason))
            }
        }
        let claimed: SpoolEntry
        switch try await spool.claim(transfer) {
        case .complete(let entry):
            return .ready(try await read(transfer, commit), entry)
        case .wait(let reason):
            return .ended(.snooze(transfer, seconds: Self.waitSeconds, reason: reason))
        case .fill(let entry): claimed = entry
        }
        let changesBefore = spool.changeCount
        let filled: Result<(Transfer, SpoolEntry), TranshipError>
        do throws(TranshipError) {
            if transfer.state == .read { transfer.move(to: .planned) }
            if transfer.state == .planned { transfer.move(to: .reading) }
            try await commit(transfer)
            filled = .success(try await fill(claimed, transfer, commit))
        } catch {
            filled = .failure(error)
        }
        try await spool.leave(claimed)
        do throws(TranshipError) {
            let (transfer, entry) = try filled.get()
            return .ready(try await read(transfer, commit), entry)
        } catch {
            guard error.cause is NoRoom else { throw error }
            if !spool.mayGetRoom(besides: claimed) {
                // More than that this one left it: room was made in the meantime.
                guard spool.changeCount == changesBefore + 1 else {
                    return .ended(.snooze(transfer, seconds: 0, reason: error.message))
                }
                // Several that are partly there can hold all the room and none be
                // completed: the last one that could go on gives up its own.
                guard spool.holdsPart(besides: claimed) else { throw error }
                try await spool.discard(claimed, unlessFilled: true)
            }
            if spool.isFirstToTellOfFullDisk() {
                monitor.note(
                    transfer, "\(error.message); what needs room waits until others are sent")
            }
            spool.waits(transfer)
            return .ended(.snooze(transfer, seconds: Self.waitSeconds, reason: error.message))
        }
    }

    /// All data lies proved in the spool.
    private func read(
        _ given: Transfer, _ commit: Commit
    ) async throws(TranshipError) -> Transfer {
        var transfer = given
        guard [.planned, .reading].contains(transfer.state) else { return transfer }
        if transfer.state == .planned { transfer.move(to: .reading) }
        transfer.move(to: .read)
        try await commit(transfer)
        return transfer
    }

    // MARK: Filling

    private func fill(
        _ given: SpoolEntry, _ transfer: Transfer, _ commit: Commit
    ) async throws(TranshipError) -> (Transfer, SpoolEntry) {
        let disk = spool.disk
        let file = try await spool.disk.blocking {
            Result { () throws(TranshipError) in try SpoolFile(given.path, disk: disk) }
        }
        var filling = Filling(transfer: transfer, entry: given)
        // What a killed process had read beyond what it wrote down comes again.
        let beyond = file.lengthBytes - given.offsetBytes
        if beyond > 0 {
            var reading = transfer.reading ?? SourceReading()
            reading.add(from: given.offsetBytes, countBytes: beyond)
            filling.transfer.reading = reading
        }
        do throws(TranshipError) {
            return try await attempt(&filling, file, commit)
        } catch {
            // Some of a part that lied may lie in the file by now. Or what came before
            // an interruption was wrong, which nothing could tell before all had come.
            let wasAsked = filling.start > 0
            guard
                error.code == .rangeNotSatisfiable || (error.code == .checksumMismatch && wasAsked)
            else { throw error }
            filling.entry = filling.entry.emptied
            try await spool.keep(filling.entry, filledBy: filling.transfer)
            guard wasAsked else { throw error }
            monitor.note(
                filling.transfer,
                "what lies in the spool cannot be continued and is read again: \(error.message)")
            return try await attempt(&filling, file, commit)
        }
    }

    private struct Filling {
        var transfer: Transfer
        var entry: SpoolEntry
        /// Where the reading under way began.
        var start: Int64 = 0
    }

    /// What the source said when it answered, and when it broke.
    private final class Opened: Sendable {
        let facts = Guarded<SourceFacts?>(nil)
        /// Why the reading ended early.
        let failure = Guarded<TranshipError?>(nil)

        var version: SourceVersion? { facts.withLock { $0?.version } }
    }

    /// One reading, from where the file ends or from the first byte.
    private func attempt(
        _ filling: inout Filling, _ file: SpoolFile, _ commit: Commit
    ) async throws(TranshipError) -> (Transfer, SpoolEntry) {
        let given = filling.transfer
        let algorithm = given.promise?.algorithm ?? .sha256
        var verification = try stages.verifier.begin(given, reportedAlgorithm: algorithm)
        var point = filling.entry.point
        if let asked = point, let digest = filling.entry.digest {
            let observers = verification.observers
            let isRight = try await spool.disk.blocking {
                Result { () throws(TranshipError) in
                    try file.goOn(at: asked.offsetBytes, digest, observers: observers)
                }
            }
            if !isRight {
                monitor.note(given, "what lies in the spool is damaged and is read again")
                verification = try stages.verifier.begin(given, reportedAlgorithm: algorithm)
                point = nil
            }
        }
        if point == nil {
            filling.entry = filling.entry.emptied
            try await spool.disk.blocking {
                Result { () throws(TranshipError) in try file.empty() }
            }
        }
        filling.start = point?.offsetBytes ?? 0
        let start = filling.start

        let ring = ByteRing(
            capacityBytes: Self.ringBytes, observers: verification.observers, limiter: limiter,
            runner: queues.observers)
        monitor.opened(given, ring)
        let tally = ReadingTally(given, monitor, from: start)
        let opened = Opened()
        let (reader, wanted) = (stages.reader, point)
        async let reading: Void = withTaskExecutorPreference(queues.read) {
            do throws(TranshipError) {
                try await reader.read(given, from: wanted, into: ring) { event in
                    tally.take(event)
                    if case .opened(let now) = event { opened.facts.withLock { $0 = now } }
                }
                ring.finishWriting()
            } catch {
                opened.failure.withLock { $0 = error }
                // What came before it broke is right, and is kept.
                error.code == .rangeNotSatisfiable ? ring.fail(error) : ring.finishWriting()
            }
        }
        var failure: TranshipError?
        do throws(TranshipError) {
            var isEnd = false
            while !isEnd {
                let size = opened.facts.withLock { $0?.sizeBytes } ?? given.source.sizeBytes
                var step: Int64 = min(
                    8 << 20, max(spool.disk.checkpointBytesMin, (size ?? .max) / 200))
                if let size {
                    try spool.reserve(&filling.entry, size, given)
                } else {
                    // In steps, up to all that the spool holds, and never beyond.
                    let next = file.offsetBytes + 1
                    let most = max(next, spool.place.maxBytes ?? .max)
                    try spool.reserve(
                        &filling.entry, min(most, Self.roundedUp(next, to: Spool.stepBytes)),
                        given)
                    step = min(step, filling.entry.reservedBytes - file.offsetBytes)
                }
                let count = step
                isEnd = try await spool.disk.blocking(at: ring, taking: count) {
                    Result { () throws(TranshipError) in
                        try file.append(ring, atMostBytes: count)
                    }
                }
                if !isEnd { try await checkpoint(&filling, file, opened.version, tally) }
            }
        } catch {
            failure = ring.failure ?? error
            ring.fail(error)
        }
        await reading
        if let failure = failure ?? opened.failure.withLock({ $0 }) {
            // As much as possible of what came is kept; the first error counts.
            if failure.code != .rangeNotSatisfiable {
                try? await checkpoint(&filling, file, opened.version, tally)
                try await commit(filling.transfer)
            }
            throw failure
        }
        do throws(TranshipError) {
            let total = start + (try await ring.finished())
            _ = try verification.judge(totalBytes: total)
        } catch {
            if error.code == .interrupted { throw error }
            filling.transfer.reading = tally.reading(to: file.offsetBytes - start)
            if error.code == .checksumMismatch, start > 0 { throw error }
            // Not what was promised: nothing of it is worth keeping.
            try await commit(filling.transfer)
            try await spool.discard(filling.entry)
            throw error
        }
        filling.entry.isComplete = true
        try await checkpoint(&filling, file, opened.version, tally)
        return (filling.transfer, filling.entry)
    }

    /// Brings what came to the disk, then into the journal, in this order.
    private func checkpoint(
        _ filling: inout Filling, _ file: SpoolFile, _ version: SourceVersion?,
        _ tally: ReadingTally
    ) async throws(TranshipError) {
        try await spool.disk.blocking {
            Result { () throws(TranshipError) in try file.sync() }
        }
        filling.entry.offsetBytes = file.offsetBytes
        filling.entry.digest = try file.prefixDigest()
        filling.entry.version = filling.entry.version ?? version
        filling.transfer.reading = tally.reading(to: file.offsetBytes - filling.start)
        try await spool.keep(filling.entry, filledBy: filling.transfer)
    }

    private static func roundedUp(_ bytes: Int64, to step: Int64) -> Int64 {
        (bytes + step - 1) / step * step
    }
}
