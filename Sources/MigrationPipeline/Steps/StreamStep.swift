// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import ImageFormats
internal import MigrationModel

/// Reads, verifies and uploads in one pass over the bytes, from the source or from the spool.
///
/// It runs three tasks, each on its stage's queue, joined by one bounded ring. The first task that
/// fails also fails the ring, which ends the other two. Its error is the step's error. The upload
/// gets the last bytes only after the digest of all bytes equals the promise, so wrong data never
/// becomes an active image.
struct StreamStep: Sendable {
    let ends: TransferEnds
    /// The ids at the target of the images that the record refers to, by property.
    let references: [String: String]
    let queues: StageQueues
    let limiter: BandwidthLimiter?
    let monitor: RunMonitor
    let disk: SpoolDisk

    /// 1 MiB, half for each side. More is not faster (measured up to 16 MiB).
    private static let ringBytes = 1 << 20

    /// The shared state of the three tasks of one pass.
    private struct Pass: Sendable {
        let transfer: Transfer
        let reader: any ImageSource
        let uploader: any ImageUploader
        /// The spooled file, or nil to read from the source.
        let spooled: SpoolEntry?
        let verification: any RunningVerification
        let ring: ByteRing
        let tally: ReadingTally
        let trip: Trip
        let opened = OneShot<SourceFacts>()
        let judged = OneShot<[Checksum]>()
        let sent = OneShot<Outcome>()
        /// The objection to data that is copied in spite of it.
        let objection = Guarded<TranshipError?>(nil)

        /// Adds the bytes from the source so far, and their proof. Bytes from the spool were
        /// counted when it was filled.
        func count(_ transfer: inout Transfer) {
            transfer.proof.published = spooled?.published ?? tally.published
            if spooled == nil { transfer.reading = tally.reading(to: ring.writtenBytes) }
        }

        /// The hint of our own check of the data, which is more exact than the target's refusal.
        var cure: String? { objection.withLock { $0?.hint } }
    }

    /// Moves the data of a transfer to its target.
    ///
    /// - Parameter spooled: the spooled file with the data; nil to read from the source.
    func run(
        _ given: Transfer, from spooled: SpoolEntry? = nil, _ trip: Trip
    ) async throws(TranshipError) -> Outcome {
        let uploader = ends.uploader
        let found = try await trip.reconcile(given, at: uploader)
        guard case .send(var transfer) = found else { return found }
        if transfer.state == .planned { transfer.move(to: .reading) }
        try await trip.commit(transfer)
        if transfer.record.mayBeTooLarge {
            // The service may refuse the record, so create it before opening the source.
            let registered = try await uploader.register(
                transfer, references: references, commit: trip.commit)
            try await trip.answered(.target)
            guard case .send(let next) = registered else { return registered }
            transfer = next
        }

        let algorithm = try await uploader.reportedAlgorithm(for: transfer)
        let verification = try ends.verifier.begin(transfer, reportedAlgorithm: algorithm)
        let ring = ByteRing(
            capacityBytes: Self.ringBytes, observers: verification.observers, withholdsEnd: true,
            limiter: limiter, runner: queues.observers)
        monitor.opened(transfer, ring, isSent: true)
        let reader = try ends.source
        let pass = Pass(
            transfer: transfer, reader: reader, uploader: uploader,
            spooled: spooled, verification: verification, ring: ring,
            tally: ReadingTally(transfer, monitor, reader.promiser(of: transfer.source)),
            trip: trip)
        await withTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: queues.read) {
                if let spooled { await read(spooled, pass) } else { await read(pass) }
            }
            group.addTask(executorPreference: queues.verify) { await judge(pass) }
            group.addTask(executorPreference: queues.upload) { await send(pass) }
        }
        do throws(TranshipError) {
            return try await pass.sent.value().with(pass.count)
        } catch {
            var transfer = trip.committed
            pass.count(&transfer)
            if transfer.state == .sending, case .success(let computed) = await pass.judged.result()
            {
                // The service may have all data, and only its answer was lost.
                transfer.proof.computed = computed
                transfer.proof.sizeBytes = ring.writtenBytes
            }
            if transfer.state == .sending, error.code == .conflict {
                // The service refused the body at once: another host is filling the record, and its
                // data is not ours to discard.
                transfer.move(to: .registered)
                transfer.placement.yieldContents()
            }
            if transfer != trip.committed { try await trip.commit(transfer) }
            let first = Self.first(ring.failure, error)
            guard first.code == .formatRejected, let cure = pass.cure else {
                throw pass.tally.named(first)
            }
            throw first.hinting(cure)
        }
    }

    /// Returns the error that came first, because it caused the other. If the target refuses the
    /// data, the ring fails, too, with the transport's words; the stage's own words are better.
    private static func first(_ inRing: TranshipError?, _ own: TranshipError) -> TranshipError {
        guard let inRing, inRing.answer?.status != own.answer?.status || own.answer == nil else {
            return own
        }
        return inRing
    }

    private func read(_ pass: Pass) async {
        do throws(TranshipError) {
            try await pass.reader.read(pass.transfer, from: nil, into: pass.ring) { event in
                pass.tally.take(event)
                if case .opened(let facts) = event { pass.opened.settle(.success(facts)) }
            }
            pass.ring.finishWriting()
            pass.opened.settle(
                .failure(TranshipError(.sourceUnavailable, "the source ended unopened")))
        } catch {
            pass.ring.fail(error.at(.source))
            pass.opened.settle(.failure(pass.ring.failure ?? error))
        }
    }

    private func read(_ spooled: SpoolEntry, _ pass: Pass) async {
        let (transfer, ring) = (pass.transfer, pass.ring)
        do throws(TranshipError) {
            var facts = SourceFacts(sizeBytes: spooled.offsetBytes)
            if transfer.record.takesMembers {
                let now = try await pass.reader.facts(transfer)
                (facts.members, facts.memberAnswers) = (now.members, now.memberAnswers)
                try await pass.trip.answered(.source)
            }
            pass.opened.settle(.success(facts))
            try await disk.blocking(at: ring) { try SpoolFile.pump(spooled, into: ring) }
            ring.finishWriting()
        } catch {
            ring.fail(error)
            pass.opened.settle(.failure(ring.failure ?? error))
        }
    }

    private func judge(_ pass: Pass) async {
        do throws(TranshipError) {
            let total = try await pass.ring.finished()
            let computed = try pass.verification.judge(totalBytes: total)
            pass.ring.release()
            pass.judged.settle(.success(computed))
        } catch {
            pass.ring.fail(error)
            pass.judged.settle(.failure(pass.ring.failure ?? error))
        }
    }

    private func send(_ pass: Pass) async {
        do throws(TranshipError) {
            pass.sent.settle(.success(try await sending(pass)))
        } catch {
            pass.ring.fail(error)
            pass.sent.settle(.failure(error))
        }
    }

    private func sending(_ pass: Pass) async throws(TranshipError) -> Outcome {
        let facts = try await pass.opened.value()
        if pass.spooled == nil { try await pass.trip.answered(.source) }
        var transfer = pass.transfer
        transfer.proof.sizeBytes = facts.sizeBytes
        transfer.take(facts)
        // Check before the record exists, so that a refusal leaves no record.
        try await look(pass, &transfer)
        let registered = try await pass.uploader.register(
            transfer, references: references, commit: pass.trip.commit)
        try await pass.trip.answered(.target)
        guard case .send(let next) = registered else {
            pass.ring.fail(TranshipError(.interrupted, "the target gets the data by another way"))
            return registered
        }
        transfer = next
        transfer.move(to: .sending)
        transfer.placement.claimContents()
        try await pass.trip.commit(transfer)
        monitor.sending(transfer)
        if facts.sizeBytes == 0 {
            // An empty body is complete with its header. No byte can be withheld, so the digest has
            // to be judged first.
            _ = try await pass.judged.value()
        }
        var sent = try await pass.uploader.send(transfer, from: pass.ring)
        sent.proof.computed = try await pass.judged.value()
        sent.proof.sizeBytes = pass.ring.writtenBytes
        try await pass.trip.answered(.target)
        return .advance(sent)
    }

    private func look(_ pass: Pass, _ transfer: inout Transfer) async throws(TranshipError) {
        let look = DataLook(
            inspection: pass.reader.inspection, isAsRead: pass.spooled == nil)
        // The plan gives the same warning if it knew the size.
        if pass.reader.inspection == .refuses, let size = transfer.smallerThanSector {
            transfer.remark(.smallerThanSector(sizeBytes: size))
        }
        guard let objection = try await look.objection(to: transfer, in: pass.ring) else { return }
        pass.objection.withLock { $0 = objection }
        transfer.remark(.copiedAsIs(objection: objection.message))
    }
}

extension Transfer {
    /// The size of a raw disk that is shorter than a sector and has no checksum that proves it; nil
    /// for other data.
    fileprivate var smallerThanSector: Int64? {
        guard record.diskFormat == "raw", proof.promised == nil, source.published == nil,
            let sizeBytes, (1..<ImageHead.sectorBytes).contains(sizeBytes)
        else { return nil }
        return sizeBytes
    }
}
