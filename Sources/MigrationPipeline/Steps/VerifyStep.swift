// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import MigrationModel

/// The second leg of stage *verify*: compares the target's report with the sent bytes and the
/// promise.
///
/// If the report proves nothing (an unexpected algorithm, or none), it reads the data back and
/// hashes it. Nothing is published without proof.
struct VerifyStep: Sendable {
    let ends: TransferEnds
    let queues: StageQueues
    let monitor: RunMonitor

    func run(_ given: Transfer, _ trip: Trip) async throws(TranshipError) -> Outcome {
        var transfer = given
        let target = ends.target
        let uploader = target.uploader
        let report: TargetReport
        do {
            report = try await uploader.report(transfer)
        } catch {
            guard error.code == .notFound else { throw error }
            try await trip.answered(.target)
            transfer.abandonRecord(wasThere: !target.offer.givesIDsAgain)
            return try await trip.lostCopy(
                of: given, startingOver: transfer, isFinal: target.offer.givesIDsAgain)
        }
        try await trip.answered(.target)
        guard report.status == .active || report.status == .deactivated else {
            throw TranshipError(
                .unexpectedState,
                "image \(transfer.imageID ?? "?") at the target is \(report.status), "
                    + "where it has to be active to be compared",
                hint: "look at it with `openstack image show`, then run again",
                isTransient: report.status.isBeforeActive)
        }
        transfer.placement.heldStores = report.stores
        switch ends.verifier.compare(transfer, with: report) {
        case .match(let proofs):
            transfer.proof.reported = proofs
            transfer.noteUnconverted()
            if transfer.record.verification == .paranoid {
                monitor.note(transfer, .readingBack(because: nil))
                _ = try await readBack(transfer, from: uploader)
            }
            if let ended = try await nothingNew(transfer, report) { return .advance(ended) }
            return .advance(confirmed(transfer, report))
        case .mismatch(let difference):
            throw otherData(difference, transfer)
        case .transformed(let difference) where transfer.record.acceptsTransformed:
            return .advance(try await accepted(transfer, report, difference))
        case .transformed(let difference):
            let error = converted(difference, transfer, report)
            guard error.code == .transformed,
                let next = transfer.uploadedInstead(because: error)
            else { throw error }
            return .restart(next, after: error)
        case .unverifiable(let facts):
            return .advance(try await unverifiable(transfer, report, facts, from: uploader))
        }
    }

    /// Returns the transfer without its copy, if the target has a version with the same data; else
    /// nil.
    private func nothingNew(
        _ given: Transfer, _ report: TargetReport
    ) async throws(TranshipError) -> Transfer? {
        let digests = given.proof.computed + given.proof.reported + report.checksums
        guard given.placement.isFilledByUs, !given.holdsKeptID,
            let version = given.intent.known?.first(where: { $0.hasData(of: digests) }),
            // The version may have been deleted since the plan.
            let there = try await ends.uploader.record(version.imageID, withMembers: false),
            there.image.isWhole, version.hasData(of: there.image.checksums)
        else { return nil }
        var transfer = try await ends.uploader.abandon(given, isWrong: false)
        transfer.end(asSameDataAs: version, proof: given.proof)
        return transfer
    }

    /// Accepts data that the target converted, so that its report does not describe the source's
    /// data. If no digest of the sent bytes is known, checks that the source has the promised data.
    private func accepted(
        _ given: Transfer, _ report: TargetReport, _ difference: DataDifference
    ) async throws(TranshipError) -> Transfer {
        var transfer = given
        if transfer.proof.computed.isEmpty {
            if transfer.proof.promised != nil {
                monitor.note(given, .comparingSource)
                transfer.proof.computed = try await digests(ofSource: given, from: ends.uploader)
            } else if transfer.method.isServerSide {
                let nothing = IncomparableDigests(reported: report.checksums, known: [])
                transfer.remarkAnew(.unverifiable(nothing))
            } else if !transfer.placement.isAdopted {
                // The process that sent the bytes died, and its digests with it.
                return try await ends.uploader.abandon(transfer, isWrong: true)
            } else {
                throw unproved(given, .transformed(difference))
            }
        }
        transfer.remarkAnew(.transformed(difference))
        transfer.proof.sizeBytes = report.sizeBytes
        transfer.proof.reported = report.checksums
        return confirmed(transfer, report)
    }

    /// Handles a report that proves nothing: reads the data back if a checksum is known for it.
    private func unverifiable(
        _ given: Transfer, _ report: TargetReport, _ facts: IncomparableDigests,
        from uploader: any ImageUploader
    ) async throws(TranshipError) -> Transfer {
        var transfer = given
        guard transfer.proof.promised != nil || !transfer.proof.computed.isEmpty else {
            if transfer.method.isServerSide {
                // The pipeline file names this method, and there is no checksum to compare with.
                transfer.remarkAnew(.unverifiable(facts))
                return confirmed(transfer, report)
            }
            // A record under a kept id is not removed, and a new copy would be a second one. So try
            // to prove this one first.
            if transfer.placement.isAdopted || transfer.holdsKeptID {
                do {
                    return confirmed(
                        try await provedBySource(transfer, report, facts, from: uploader), report)
                } catch {
                    guard error.code == .unverifiable, !transfer.placement.isAdopted else {
                        throw error
                    }
                }
            }
            // The process that sent the bytes died, and its digests with it.
            return try await uploader.abandon(transfer, isWrong: true)
        }
        monitor.note(transfer, .readingBack(because: facts))
        transfer.proof.reported = try await readBack(transfer, from: uploader)
        transfer.noteUnconverted()
        return confirmed(transfer, report)
    }

    /// Proves a copy of another process, which alone knew the digests: the source's data must equal
    /// the target's report. Sends nothing.
    private func provedBySource(
        _ given: Transfer, _ report: TargetReport, _ facts: IncomparableDigests,
        from uploader: any ImageUploader
    ) async throws(TranshipError) -> Transfer {
        guard given.source.published == nil, !report.checksums.isEmpty else {
            throw unproved(given, .nothingInCommon(facts))
        }
        monitor.note(given, .readingSource)
        var transfer = given
        transfer.proof.computed = try await digests(ofSource: given, from: uploader)
        switch ends.verifier.compare(transfer, with: report) {
        case .match(let proofs):
            transfer.proof.reported = proofs
            return transfer
        case .mismatch(let difference): throw unproved(given, .sourceHasOther(difference))
        case .transformed(let difference): throw unproved(given, .transformed(difference))
        case .unverifiable(let facts): throw unproved(given, .nothingInCommon(facts))
        }
    }

    private func unproved(
        _ transfer: Transfer, _ why: VerificationFailure.Unproved
    ) -> TranshipError {
        VerificationFailure.unproved(
            imageID: transfer.imageID, why, isPublished: transfer.source.published != nil
        ).error
    }

    /// Reads the source's data and returns its digests.
    ///
    /// - Throws: ``TranshipError/Code/checksumMismatch`` if the data differs from the source's
    ///   promise.
    private func digests(
        ofSource transfer: Transfer, from uploader: any ImageUploader
    ) async throws(TranshipError) -> [Checksum] {
        let algorithm = try await uploader.reportedAlgorithm(for: transfer)
        var hashed = transfer
        // The target's report cannot replace a digest of the source.
        hashed.intent.record.verification = .proof
        let verification = try ends.verifier.begin(hashed, reportedAlgorithm: algorithm)
        let reader = try ends.source
        let ring = ByteRing(
            observers: verification.observers, hasReader: false, runner: queues.observers)
        let judged = OneShot<[Checksum]>()
        await withTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: queues.read) {
                let result = await ring.carry {
                    try await reader.read(transfer, from: nil, into: ring) { _ in }
                } judgedBy: { _, total in
                    try verification.judge(totalBytes: total)
                }
                judged.settle(
                    result.mapError {
                        $0.ofPromise(reader.promiser(of: transfer.source)).at(.source)
                    })
            }
        }
        return try await judged.value()
    }

    /// Returns a proved copy in its next state: ready to publish, or to copy into missing stores.
    private func confirmed(_ given: Transfer, _ report: TargetReport) -> Transfer {
        var transfer = given
        guard !report.missingStores.isEmpty else { return transfer.moved(to: .publishing) }
        if transfer.method.isImport, !transfer.record.allStoresMustSucceed {
            transfer.remarkAnew(
                .missingStores(held: [], missing: report.missingStores, reason: nil))
            return transfer.moved(to: .publishing)
        }
        transfer.placement.isCopying = true
        return transfer.moved(to: .importing)
    }

    private func readBack(
        _ transfer: Transfer, from uploader: any ImageUploader
    ) async throws(TranshipError) -> [Checksum] {
        let known = transfer.proof.computed.first ?? transfer.proof.promised
        var expectation = transfer
        expectation.proof.promised = known
        let verification = try ends.verifier.begin(
            expectation, reportedAlgorithm: known?.algorithm ?? .sha512)
        let ring = ByteRing(
            observers: verification.observers, hasReader: false, runner: queues.observers)
        do throws(TranshipError) {
            return try await ring.carry {
                try await uploader.readBack(transfer, into: ring)
            } judgedBy: { _, total in
                try verification.judge(totalBytes: total)
            }.get()
        } catch {
            let sizeBytes = expectation.proof.sizeBytes ?? 0
            let reading: VerificationFailure.Reading =
                switch error.code {
                case .checksumMismatch: .otherBytes(message: error.message)
                // The error's message describes sources, but here the target was read.
                case .sourceTruncated where ring.writtenBytes >= expectation.proof.sizeBytes ?? .max:
                    .more(thanBytes: sizeBytes)
                case .sourceTruncated:
                    .fewer(
                        bytes: ring.writtenBytes, ofBytes: sizeBytes, isCut: error.isTransient)
                default: throw error
                }
            throw VerificationFailure.readBack(reading).error
        }
    }

    /// Returns the error for converted data. Another format is a conversion, not a mismatch: the
    /// sent bytes are proved. If only the size differs, the data may instead be damaged.
    private func converted(
        _ difference: DataDifference, _ transfer: Transfer, _ report: TargetReport
    ) -> TranshipError {
        let isConverted =
            report.diskFormat ?? transfer.record.diskFormat != transfer.record.diskFormat
            || report.containerFormat ?? transfer.record.containerFormat
                != transfer.record.containerFormat
        if !isConverted, transfer.method.isServerSide { return otherData(difference, transfer) }
        return VerificationFailure.transformed(
            difference, isConverted ? .converted : .decompressedOrDamaged,
            severalStores: transfer.record.stores.areSeveral
        ).error
    }

    /// Returns the error for other data than expected. If this process sent or hashed nothing, the
    /// data was compared with the source's promise, so the error names the promise.
    private func otherData(_ difference: DataDifference, _ transfer: Transfer) -> TranshipError {
        let promiser = (try? ends.source)?.promiser(of: transfer.source)
        let failure: VerificationFailure =
            transfer.method.isServerSide
            ? .fetchedOther(difference, promiser)
            : transfer.proof.computed.isEmpty
                ? .otherThanPromised(difference, promiser, transfer.record.verification)
                : .otherThanSent(difference)
        return failure.error
    }
}
