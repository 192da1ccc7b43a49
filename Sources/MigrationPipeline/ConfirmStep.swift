// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import MigrationModel

/// The second leg: what the target reports against what was sent and promised.
///
/// Where the reports prove nothing (another algorithm than expected, none at
/// all), the data is read back and hashed, because nothing is published
/// unproved.
struct ConfirmStep: Sendable {
    let stages: Stages
    let queues: StageQueues
    let monitor: RunMonitor

    func run(_ given: Transfer) async throws(TranshipError) -> Outcome {
        var transfer = given
        let report: TargetReport
        do {
            report = try await stages.uploader.report(transfer)
        } catch {
            guard error.code == .notFound else { throw error }
            // Somebody removed it before it was compared: copied again.
            transfer.abandonRecord()
            return .advance(transfer)
        }
        guard report.status == .active || report.status == .deactivated else {
            throw TranshipError(
                .unexpectedState,
                "image \(transfer.imageID ?? "?") at the target is \(report.status), "
                    + "where it has to be active to be compared",
                hint: "look at it with `openstack image show`, then run again")
        }
        transfer.heldStores = report.stores
        switch stages.verifier.compare(transfer, with: report) {
        case .match(let proofs):
            transfer.reported = proofs
            if transfer.record.verification == .paranoid {
                monitor.note(transfer, "reading it back")
                _ = try await readBack(transfer)
            }
            return .advance(confirmed(transfer, report))
        case .mismatch(let words):
            throw TranshipError(
                .verificationMismatch,
                "the target holds other bytes than were sent: \(words)",
                hint:
                    "the copy was discarded; run again, and look at the target's store if it stays")
        case .transformed(let words) where transfer.record.acceptsTransformed:
            transfer.remarks.append("transformed: \(words)")
            transfer.sizeBytes = report.sizeBytes
            transfer.reported = report.checksums
            return .advance(confirmed(transfer, report))
        case .transformed(let words):
            throw TranshipError(
                .verificationMismatch, "the target converted the data: \(words)",
                hint: "accept it with accept_transformed: true, or use method: upload, "
                    + "which converts nothing")
        case .unverifiable(let words):
            guard transfer.promise != nil || !transfer.computed.isEmpty else {
                if transfer.method.isServerSide {
                    // Chosen by hand, without anything to compare with.
                    transfer.remarks.append("unverifiable: \(words)")
                    return .advance(confirmed(transfer, report))
                }
                if transfer.isAdopted == true {
                    throw TranshipError(
                        .unverifiable,
                        "image \(transfer.imageID ?? "?") is a copy of ours, and nothing proves it: "
                            + words,
                        hint: "name the source's checksum in the pipeline, or delete that image")
                }
                // The digests died with the process that sent the bytes.
                return .advance(try await stages.uploader.abandon(transfer, isWrong: true))
            }
            monitor.note(transfer, "\(words); reading it back")
            transfer.reported = try await readBack(transfer)
            return .advance(confirmed(transfer, report))
        }
    }

    /// Proved: on to publishing, or first into the stores that are missing.
    private func confirmed(_ given: Transfer, _ report: TargetReport) -> Transfer {
        var transfer = given
        guard !report.missingStores.isEmpty else { return transfer.moved(to: .publishing) }
        if transfer.method.isImport, !transfer.record.allStoresMustSucceed {
            transfer.remarks.append("not in store \(report.missingStores.joined(separator: ", "))")
            return transfer.moved(to: .publishing)
        }
        transfer.isCopying = true
        return transfer.moved(to: .importing)
    }

    private func readBack(_ transfer: Transfer) async throws(TranshipError) -> [Checksum] {
        let known = transfer.computed.first ?? transfer.promise
        var expectation = transfer
        expectation.promise = known
        let verification = try stages.verifier.begin(
            expectation, reportedAlgorithm: known?.algorithm ?? .sha512)
        let ring = ByteRing(
            observers: verification.observers, hasReader: false, runner: queues.observers)
        do throws(TranshipError) {
            try await stages.uploader.readBack(transfer, into: ring)
            ring.finishWriting()
            return try verification.judge(totalBytes: try await ring.finished())
        } catch {
            ring.fail(error)
            let words =
                switch error.code {
                case .checksumMismatch: error.message
                // The judge's words are about sources.
                case .sourceTruncated:
                    "of \(expectation.sizeBytes ?? 0) bytes came \(ring.writtenBytes)"
                default: throw error
                }
            throw TranshipError(
                .verificationMismatch, "read back from the target: \(words)",
                hint:
                    "the copy was discarded; run again, and look at the target's store if it stays")
        }
    }
}
