// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import ImageUploaders
internal import MigrationJournal
internal import MigrationModel
public import MigrationPipeline
internal import PipelineFiles
public import Planning

extension PipelineRun {
    /// Records at the targets that hold no whole image, are ours, and are needed
    /// by no transfer.
    ///
    /// ``Removal`` reads each again right before it deletes it, and deletes at
    /// most `limits.deletes`.
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
            pipeline, environment: environment, tuning: tuning)
        var tally: [Leftover.Fate: Int] = [:]
        var removal = Removal(deletesMax: pipeline.limits.deletes)
        try await planner(in: opened, try Plan(beside: journal)).leftovers {
            found throws(TranshipError) in
            var leftover = found
            if leftover.fate == .remove, let service = opened.service(leftover.image.targetKey) {
                leftover.settle(
                    try await removal.remove(
                        under: .clean(leftover.image, sizeBytes: leftover.sizeBytes), at: service,
                        isDryRun: !removes, nowUnixSeconds: Timestamp.now() / 1000))
            }
            tally[leftover.fate, default: 0] += 1
            try await each(leftover)
        }
        return tally
    }

    /// Files of this journal's spool that no transfer of its last run waits for.
    /// The next run would remove them as well.
    ///
    /// - Parameters:
    ///   - removes: false only lists them.
    ///   - each: called with every file, after what was done about it, and why
    ///     it could not be removed.
    /// - Returns: how many files met each fate.
    public func cleanSpool(
        removes: Bool, each: (Spool.Orphan, Leftover.Fate, TranshipError?) -> Void
    ) async throws(TranshipError) -> [Leftover.Fate: Int] {
        var tally: [Leftover.Fate: Int] = [:]
        let orphans = try await Spool.orphans(
            in: Self.spoolPlace(of: pipeline, journalPath: journal.path), journal: journal,
            run: try await journal.lastRun())
        for orphan in orphans {
            var fate = Leftover.Fate.remove
            var failure: TranshipError?
            if removes {
                do {
                    try Spool.remove(orphan.path)
                    fate = .removed
                } catch {
                    fate = .failed
                    failure = error
                }
            }
            tally[fate, default: 0] += 1
            each(orphan, fate, failure)
        }
        return tally
    }
}

extension Leftover {
    /// Takes over what came of its removal.
    fileprivate mutating func settle(_ outcome: Removal.Outcome) {
        switch outcome {
        case .removed: fate = .removed
        case .gone:
            fate = .removed
            reason = .goneMeanwhile
        case .removable: fate = .remove
        case .changed(let why):
            fate = .keep
            reason = why
        case .failed(let error), .refused(let error):
            fate = .failed
            reason = .removalFailed(message: error.message)
        case .toBeFilledAgain: fate = .keep
        }
    }
}
