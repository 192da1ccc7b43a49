// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationJournal
public import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles
internal import Planning

extension PipelineRun {
    private static let undoPageTransfers = 200

    /// Removes what a run made at the targets, as long as it is what the run left. What an operator
    /// has changed since stays, with the names of the fields.
    ///
    /// The target reads each record again right before it deletes it.
    ///
    /// - Parameters:
    ///   - number: of the run.
    ///   - removes: false only lists; true removes at most ``deletesMax`` copies.
    ///   - each: called with every copy, after what was done about it.
    /// - Returns: how many copies met each fate; of ``Leftover/Fate/remove``, those that are left.
    /// - Throws: ``TranshipError/Code/notFound`` if the journal has no such run; as planning.
    public func undo(
        run number: Int64, removes: Bool, each: (UndoneCopy) async throws(TranshipError) -> Void
    ) async throws(TranshipError) -> [Leftover.Fate: Int] {
        guard let run = try await journal.run(number) else {
            throw TranshipError(
                .notFound, "the journal \(journal.path) has no run \(number)",
                hint: "its last run is \(try await journal.lastRun()?.id ?? 0)")
        }
        let opened = try await OpenedPipeline.open(
            pipeline, environment: environment, tuning: tuning, tell: tell)
        let changes = try await journal.changes(of: run, in: [.done]).count
        if changes > 0 {
            tell(
                .warning(
                    "run \(number) also changed \(changes) earlier versions of series, which stay as "
                        + "they are; `tranship series rollback` goes back to an earlier version"))
        }
        var tally: [Leftover.Fate: Int] = [:]
        var deletesLeft = removes ? deletesMax : 0
        var last: Int64 = 0
        while true {
            let page = try await journal.made(
                by: run, limit: Self.undoPageTransfers, after: last)
            guard let end = page.last else { return tally }
            last = end.id
            for transfer in page {
                var copy = UndoneCopy(transfer, .madeByRun(number))
                try await undo(&copy, in: opened, deletesLeft: &deletesLeft)
                tally[copy.fate, default: 0] += 1
                try await each(copy)
            }
        }
    }

    private func undo(
        _ copy: inout UndoneCopy, in opened: OpenedPipeline, deletesLeft: inout Int
    ) async throws(TranshipError) {
        let transfer = copy.transfer
        guard let target = opened.targets.first(where: { $0.opened.key == transfer.targetKey })
        else {
            (copy.fate, copy.reason) = (.keep, .targetNotInPipeline)
            return
        }
        var references: [String: String] = [:]
        for (property, key) in transfer.record.references {
            references[property] =
                try await journal.transfer(sourceKey: key, targetKey: transfer.targetKey)?.imageID
        }
        try await target.opened.uploader.undo(
            &copy, references: references, deletesLeft: &deletesLeft)
    }
}
