// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import ByteStreams
internal import Digests
public import MigrationModel
public import MigrationPipeline

/// Proves each leg with OpenSSL digests, and computes no more digests than necessary.
///
/// First leg: compares the bytes read with the source's promise. Second leg: compares the bytes
/// sent with the target's report. If both use the same algorithm, one digest serves both.
public struct DigestVerifier: ChecksumVerifier {
    public init() {}

    public func begin(
        _ transfer: Transfer, reportedAlgorithm: Checksum.Algorithm
    ) throws(TranshipError) -> any RunningVerification {
        var algorithms = Set(
            [reportedAlgorithm] + [transfer.proof.promised?.algorithm].compactMap { $0 })
        if transfer.record.verification == .services,
            transfer.proof.promised?.algorithm == reportedAlgorithm
        {
            // Later, the target's own hash is compared with the promise, which proves both legs at
            // once.
            algorithms = []
        }
        return RunningDigests(
            digests: try [StreamingDigest](computing: algorithms), promise: transfer.proof.promised,
            promisedBytes: transfer.source.sizeBytes, sizeBinds: !transfer.source.hasMirrors,
            name: transfer.source.displayName)
    }

    public func compare(_ transfer: Transfer, with report: TargetReport) -> Verdict {
        let sent = transfer.sizeBytes
        if let format = report.diskFormat, let planned = transfer.record.diskFormat,
            format != planned
        {
            return .transformed(.diskFormat(sent: planned, found: format))
        }
        if let format = report.containerFormat, let planned = transfer.record.containerFormat,
            format != planned
        {
            return .transformed(.containerFormat(sent: planned, found: format))
        }
        // An import may decompress the data, so it grows. Data that is shorter than expected was
        // cut off.
        if let sent, let has = report.sizeBytes, sent < has, transfer.method.isImport,
            Self.differs(transfer, report)
        {
            return .transformed(.grown(sentBytes: sent, toBytes: has))
        }
        let expected =
            transfer.proof.computed + [transfer.proof.promised].compactMap { $0 }
            + transfer.source.checksums
        let comparison = Checksum.compare(expected, with: report.checksums)
        if case .other(let known, let reported) = comparison {
            let isSent = transfer.proof.computed.contains(known)
            return .mismatch(.checksum(known, isSent ? .sent : .promised, reported: reported))
        }
        if let sent, let has = report.sizeBytes, sent != has {
            let origin: DataDifference.Origin = transfer.method.isServerSide ? .promised : .sent
            return .mismatch(.size(bytes: sent, origin, reportedBytes: has))
        }
        guard case .same(let proofs) = comparison else {
            return .unverifiable(IncomparableDigests(reported: report.checksums, known: expected))
        }
        return .match(proofs)
    }

    /// Returns true if a hash shows other data. A different size alone may be a truncation.
    private static func differs(_ transfer: Transfer, _ report: TargetReport) -> Bool {
        let expected = transfer.proof.computed + [transfer.proof.promised].compactMap { $0 }
        if case .other = Checksum.compare(expected, with: report.checksums) { return true }
        return false
    }
}

/// The digests of one pass.
struct RunningDigests: RunningVerification {
    let digests: [StreamingDigest]
    let promise: Checksum?
    let promisedBytes: Int64?
    /// False if the server that stated the size may have had another version, as in a pool of
    /// mirrors.
    let sizeBinds: Bool
    let name: String

    var observers: [ByteRing.Observer] { digests.observers }

    func judge(totalBytes: Int64) throws(TranshipError) -> [Checksum] {
        let computed = try digests.finish()
        let own = computed.first { $0.algorithm == promise?.algorithm }
        // A matching checksum proves the data, whatever the size.
        if !sizeBinds, let promise, own?.matches(promise) == true { return computed }
        if let promisedBytes, promisedBytes != totalBytes, !sizeBinds {
            throw TranshipError(
                .sourceTruncated,
                "\(name) has changed since it was planned, or a mirror has another version: it had "
                    + "\(promisedBytes) bytes and has \(totalBytes) now",
                hint: "run again, which makes a new plan", leavesNothing: true)
        }
        if let promisedBytes, promisedBytes != totalBytes {
            throw TranshipError(
                .sourceTruncated,
                "the source of \(name) promised \(promisedBytes) bytes and gave \(totalBytes)",
                hint: "compare the source with its publisher", leavesNothing: true)
        }
        if let promise, let own, !own.matches(promise) {
            throw TranshipError(
                .checksumMismatch,
                "the bytes of \(name) do not match their checksum: "
                    + "promised \(promise), read \(own) over \(totalBytes) bytes",
                hint: "check the source: its data is damaged, or the checksum "
                    + "is for a different version of the file",
                leavesNothing: true)
        }
        return computed
    }
}
