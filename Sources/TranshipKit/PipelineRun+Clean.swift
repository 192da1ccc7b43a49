// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationJournal
public import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles
internal import Planning

extension PipelineRun {
    /// The limit `limits.deletes` of the pipeline: the maximum number of records that one
    /// ``clean(removes:each:)`` deletes.
    public var deletesMax: Int { pipeline.limits.deletes }

    /// Lists or deletes the records at the targets that hold no whole image, are ours, and are
    /// needed by no transfer.
    ///
    /// The target reads each record again right before it deletes the record.
    ///
    /// - Parameters:
    ///   - removes: false to only list the records.
    ///   - each: called with every record, after the record was handled.
    /// - Returns: the number of records for each fate; ``Leftover/Fate/remove`` counts those that
    ///   are left.
    /// - Throws: ``TranshipError/Code/placeChanged`` if a target leads to another place than in its
    ///   last run; as planning. A record that cannot be removed is a fate, not an error.
    public func clean(
        removes: Bool, each: (Leftover) async throws(TranshipError) -> Void
    ) async throws(TranshipError) -> [Leftover.Fate: Int] {
        let opened = try await OpenedPipeline.open(
            pipeline, environment: environment, tuning: tuning, tell: tell)
        try await expectLastPlaces(opened)
        try await tellOfOtherTargets(than: opened)
        var tally: [Leftover.Fate: Int] = [:]
        var deletesLeft = removes ? deletesMax : 0
        try await planner(in: opened, try Plan(beside: journal, for: .run)).leftovers {
            found throws(TranshipError) in
            var leftover = found
            let target = opened.targets.first { $0.opened.key == found.image.targetKey }
            if leftover.fate == .remove, let uploader = target?.opened.uploader {
                try await uploader.clean(&leftover, deletesLeft: &deletesLeft)
            }
            tally[leftover.fate, default: 0] += 1
            try await each(leftover)
        }
        return tally
    }

    /// Warns of unfinished records at targets that the pipeline file no longer names: `clean` does
    /// not look at such targets.
    private func tellOfOtherTargets(than opened: OpenedPipeline) async throws(TranshipError) {
        let known = Set(opened.targets.map(\.opened.key)).union(opened.absent.keys)
        let states = TransferState.allCases.filter {
            ![.done, .skipped, .unpublished].contains($0)
        }
        let left = try await journal.transfers(run: nil, in: states, limit: 1000).filter {
            $0.imageID != nil && !known.contains($0.targetKey)
        }
        for (target, transfers) in Dictionary(grouping: left, by: \.targetKey).sorted(by: {
            $0.key < $1.key
        }) {
            tell(
                .warning(
                    .targetNotNamed(
                        targetKey: target, imageIDs: transfers.prefix(5).compactMap(\.imageID),
                        count: transfers.count)))
        }
    }

    /// A file of the spool that no transfer of the journal's last run waits for.
    public struct SpoolLeftover: Sendable {
        public let path: String
        /// The space that it takes on the disk, in bytes.
        public let diskBytes: Int64
        public var fate = Leftover.Fate.remove
        /// The reason why the file could not be removed.
        public var failure: TranshipError?
    }

    /// Lists or removes the files of this journal's spool that no transfer of its last run waits
    /// for. The next run would remove them as well.
    ///
    /// - Parameters:
    ///   - removes: false to only list the files.
    ///   - each: called with every file, after the file was handled.
    /// - Returns: the number of files for each fate.
    public func cleanSpool(
        removes: Bool, each: (SpoolLeftover) -> Void
    ) async throws(TranshipError) -> [Leftover.Fate: Int] {
        var tally: [Leftover.Fate: Int] = [:]
        let orphans = try await Spool.orphans(
            in: spoolPlace, journal: journal, run: try await journal.lastRunWithWork())
        for orphan in orphans {
            var file = SpoolLeftover(path: orphan.path, diskBytes: orphan.diskBytes)
            if removes {
                do {
                    try Spool.remove(orphan.path)
                    file.fate = .removed
                } catch {
                    (file.fate, file.failure) = (.failed, error)
                }
            }
            tally[file.fate, default: 0] += 1
            each(file)
        }
        return tally
    }
}
