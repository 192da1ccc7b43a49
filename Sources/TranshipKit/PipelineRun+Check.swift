// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import ByteStreams
internal import ChecksumVerifiers
internal import MigrationJournal
public import MigrationModel
internal import MigrationPipeline
internal import Planning

extension PipelineRun {
    /// Compares the sources with the targets. Changes nothing at any cloud, and needs no lock of
    /// the journal: a run may work at the same time.
    ///
    /// - Parameters:
    ///   - downloads: true to read and hash all data of every copy.
    ///   - each: called with every image and target.
    /// - Returns: the number of images for each verdict, the names of the pipeline that no image
    ///   has, and the sources that could not be listed. Images of such sources are not compared; if
    ///   there is one, the check also does not look for copies without an image at the source.
    /// - Throws: as planning. An image that cannot be read is a verdict, not an error.
    public func check(
        downloads: Bool, each: (CheckedImage) async throws(TranshipError) -> Void
    ) async throws(TranshipError) -> (
        tally: [CheckedImage.Verdict: Int], missed: [MissedSelection], absences: [Absence]
    ) {
        let opened = try await OpenedPipeline.open(
            pipeline, environment: environment, tuning: tuning,
            mayLack: { _ in mayLackSources }, journal: journal, tell: tell)
        var tally: [CheckedImage.Verdict: Int] = [:]
        let missed = MissedSelections(of: opened.positions)
        let absent = AbsentSources(opened.sourceNames)
        let planner = planner(
            in: opened, try Plan(beside: journal, for: .check), missed: noting(missed),
            absent: absent.sink(ifAllowed: mayLackSources))
        try await planner.check(reading: downloads ? opened.reading : nil) {
            (checked) throws(TranshipError) in
            tally[checked.verdict, default: 0] += 1
            var named = checked
            named.projectNames = await opened.projectNames.names(of: checked.projectIDs)
            try await each(named)
        }
        warn(of: missed)
        warn(of: absent.all)
        return (tally, missed.all, absent.all)
    }
}

extension OpenedPipeline {
    /// The function that hashes the data of the sources and of the copies.
    var reading: DataReading {
        let stages = self.stages
        return DataReading { (end, transfer, algorithm) async throws(TranshipError) in
            try await stages.digest(end, transfer, algorithm)
        }
    }
}

extension Stages {
    /// Hashes all data of one end of a transfer.
    fileprivate func digest(
        _ end: DataReading.End, _ given: Transfer, _ algorithm: Checksum.Algorithm
    ) async throws(TranshipError) -> (checksum: Checksum, sizeBytes: Int64) {
        let source = try source(of: given)
        let uploader = try target(of: given).uploader
        // Only hash the data: the caller compares.
        var transfer = given
        transfer.proof.promised = nil
        transfer.intent.record.verification = .proof
        var unbound = transfer
        unbound.intent.source.sizeBytes = nil
        let verification = try verifier.begin(unbound, reportedAlgorithm: algorithm)
        let ring = ByteRing(observers: verification.observers, hasReader: false)
        return try await ring.carry {
            switch end {
            case .target: try await uploader.readBack(transfer, into: ring)
            case .source: try await source.read(transfer, from: nil, into: ring) { _ in }
            }
        } judgedBy: { _, total in
            guard let checksum = try verification.judge(totalBytes: total).first else {
                throw TranshipError(.unverifiable, "no digest was computed")
            }
            return (checksum, total)
        }.get()
    }
}
