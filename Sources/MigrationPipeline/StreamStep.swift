// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import MigrationModel

/// Reading, verifying and uploading as one step: one pass over the bytes, from
/// the source or from the spool.
///
/// Three tasks, each on its stage's queue, joined by one bounded ring. Whoever
/// fails first fails the ring; that ends the other two, and its error is the
/// step's. The upload gets the last bytes only after the digest of all of them
/// equals the promise, so wrong data never becomes an active image.
struct StreamStep: Sendable {
    let stages: Stages
    let queues: StageQueues
    let limiter: BandwidthLimiter?
    let monitor: RunMonitor
    var disk = SpoolDisk.real

    /// Half a mebibyte to a side: more makes nothing faster (measured up to 16).
    private static let ringBytes = 1 << 20

    /// - Parameter spooled: where the data lies; nil is at the source.
    func run(
        _ given: Transfer, from spooled: SpoolEntry? = nil, commit: @escaping Commit
    ) async throws(TranshipError) -> Outcome {
        var transfer = given
        if transfer.imageID != nil {
            switch try await stages.uploader.reconcile(transfer) {
            case .send(let next): transfer = next
            case .proceed(let next): return .advance(next)
            case .snooze(let next, let seconds, let reason):
                return .snooze(next, seconds: seconds, reason: reason)
            }
        }
        if transfer.state == .planned {
            transfer.move(to: .reading)
        }
        try await commit(transfer)

        let algorithm = try await stages.uploader.reportedAlgorithm(for: transfer)
        let verification = try stages.verifier.begin(transfer, reportedAlgorithm: algorithm)
        let ring = ByteRing(
            capacityBytes: Self.ringBytes, observers: verification.observers, withholdsEnd: true,
            limiter: limiter, runner: queues.observers)
        monitor.opened(transfer, ring)

        let opened = OneShot<SourceFacts>()
        let judged = OneShot<[Checksum]>()
        let source = transfer
        let latest = Guarded(transfer)
        let tally = ReadingTally(transfer, monitor)
        let commit: Commit = { transfer throws(TranshipError) in
            try await commit(transfer)
            latest.withLock { $0 = transfer }
        }
        let tallied: (Transfer) -> Transfer = { transfer in
            guard spooled == nil else { return transfer }
            var copy = transfer
            copy.reading = tally.reading(to: ring.writtenBytes)
            return copy
        }
        let result: Result<Reconciliation, TranshipError> = await withTaskGroup(
            of: Result<Reconciliation, TranshipError>?.self
        ) { group in
            group.addTask(executorPreference: queues.read) {
                if let spooled {
                    await read(spooled, source, into: ring, opened: opened)
                } else {
                    await read(source, into: ring, opened: opened, tally: tally)
                }
                return nil
            }
            group.addTask(executorPreference: queues.verify) {
                await judge(verification, ring, judged: judged)
                return nil
            }
            group.addTask(executorPreference: queues.upload) {
                await send(source, ring, opened: opened, judged: judged, commit: commit)
            }
            var sent: Result<Reconciliation, TranshipError>?
            for await result in group {
                if let result { sent = result }
            }
            return sent ?? .failure(TranshipError(.interrupted, "the upload did not start"))
        }
        switch result {
        case .success(.send(let next)), .success(.proceed(let next)):
            return .advance(tallied(next))
        case .success(.snooze(let next, let seconds, let reason)):
            return .snooze(tallied(next), seconds: seconds, reason: reason)
        case .failure(let error):
            var transfer = tallied(latest.withLock { $0 })
            if transfer.state == .sending, error.code == .conflict {
                // Refused before it was taken: what the record gets is another
                // host's, and not ours to give up.
                transfer.move(to: .registered)
                transfer.isEmptyNow()
            }
            if transfer != latest.withLock({ $0 }) { try await commit(transfer) }
            throw Self.first(ring.failure, error)
        }
    }

    /// What failed first is the cause of what failed after it. A refusal of the
    /// target fails the ring too, in the transport's words: the stage's own tell
    /// more.
    private static func first(_ inRing: TranshipError?, _ own: TranshipError) -> TranshipError {
        guard let inRing, inRing.answer?.status != own.answer?.status || own.answer == nil else {
            return own
        }
        return inRing
    }

    private func read(
        _ transfer: Transfer, into ring: ByteRing, opened: OneShot<SourceFacts>,
        tally: ReadingTally
    ) async {
        do throws(TranshipError) {
            try await stages.reader.read(transfer, from: nil, into: ring) { event in
                tally.take(event)
                if case .opened(let facts) = event { opened.settle(.success(facts)) }
            }
            ring.finishWriting()
            opened.settle(
                .failure(TranshipError(.sourceUnavailable, "the source ended unopened")))
        } catch {
            ring.fail(error.at(.source))
            opened.settle(.failure(ring.failure ?? error))
        }
    }

    private func read(
        _ spooled: SpoolEntry, _ transfer: Transfer, into ring: ByteRing,
        opened: OneShot<SourceFacts>
    ) async {
        do throws(TranshipError) {
            var facts = SourceFacts(sizeBytes: spooled.offsetBytes)
            if transfer.record.visibility == .shared, transfer.record.members != .drop {
                facts.members = try await stages.reader.facts(transfer).members
            }
            opened.settle(.success(facts))
            try await disk.blocking(at: ring) {
                Result { () throws(TranshipError) in try SpoolFile.pump(spooled, into: ring) }
            }
            ring.finishWriting()
        } catch {
            ring.fail(error)
            opened.settle(.failure(ring.failure ?? error))
        }
    }

    private func judge(
        _ verification: any RunningVerification, _ ring: ByteRing, judged: OneShot<[Checksum]>
    ) async {
        do throws(TranshipError) {
            let total = try await ring.finished()
            let computed = try verification.judge(totalBytes: total)
            ring.release()
            judged.settle(.success(computed))
        } catch {
            ring.fail(error)
            judged.settle(.failure(ring.failure ?? error))
        }
    }

    private func send(
        _ source: Transfer, _ ring: ByteRing, opened: OneShot<SourceFacts>,
        judged: OneShot<[Checksum]>, commit: @escaping Commit
    ) async -> Result<Reconciliation, TranshipError> {
        do throws(TranshipError) {
            let facts = try await opened.value()
            var transfer = source
            transfer.sizeBytes = facts.sizeBytes
            transfer.members = facts.members
            let registered = try await stages.uploader.register(transfer, commit: commit)
            guard case .send(let next) = registered else {
                ring.fail(TranshipError(.interrupted, "the target gets the data by another way"))
                return .success(registered)
            }
            transfer = next
            transfer.move(to: .sending)
            try await commit(transfer)
            monitor.sending(transfer)
            if facts.sizeBytes == 0 {
                // An empty body is complete with its header: nothing can be
                // withheld, so the judgement has to come first.
                _ = try await judged.value()
            }
            var sent = try await stages.uploader.send(transfer, from: ring)
            sent.computed = try await judged.value()
            sent.sizeBytes = ring.writtenBytes
            return .success(.proceed(sent))
        } catch {
            ring.fail(error)
            return .failure(error)
        }
    }
}
