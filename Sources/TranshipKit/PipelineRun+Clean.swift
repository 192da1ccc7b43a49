// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationJournal
public import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles
internal import Planning

extension PipelineRun {
    /// `limits.deletes` of the pipeline: how many records one ``clean(removes:each:)``
    /// deletes at most.
    public var deletesMax: Int { pipeline.limits.deletes }

    /// Records at the targets that hold no whole image, are ours, and are needed
    /// by no transfer.
    ///
    /// The target reads each again right before it deletes it.
    ///
    /// - Parameters:
    ///   - removes: false only lists them.
    ///   - each: called with every record, after what was done about it.
    /// - Returns: how many records met each fate; of ``Leftover/Fate/remove``,
    ///   those that are left.
    /// - Throws: as planning. That one record cannot be removed is a fate.
    public func clean(
        removes: Bool, each: (Leftover) async throws(TranshipError) -> Void
    ) async throws(TranshipError) -> [Leftover.Fate: Int] {
        let opened = try await OpenedPipeline.open(
            pipeline, environment: environment, tuning: tuning, tell: tell)
        var tally: [Leftover.Fate: Int] = [:]
        var deletesLeft = removes ? deletesMax : 0
        try await planner(in: opened, try Plan(beside: journal)).leftovers {
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

    /// A file of the spool that no transfer of the journal's last run waits for.
    public struct SpoolLeftover: Sendable {
        public let path: String
        /// The space that it takes on the disk, in bytes.
        public let diskBytes: Int64
        public var fate = Leftover.Fate.remove
        /// Why it could not be removed.
        public var failure: TranshipError?
    }

    /// Files of this journal's spool that no transfer of its last run waits for.
    /// The next run would remove them as well.
    ///
    /// - Parameters:
    ///   - removes: false only lists them.
    ///   - each: called with every file, after what was done about it.
    /// - Returns: how many files met each fate.
    public func cleanSpool(
        removes: Bool, each: (SpoolLeftover) -> Void
    ) async throws(TranshipError) -> [Leftover.Fate: Int] {
        var tally: [Leftover.Fate: Int] = [:]
        let orphans = try await Spool.orphans(
            in: spoolPlace, journal: journal, run: try await journal.lastRun())
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
