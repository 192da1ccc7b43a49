// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TranshipKit

/// Prints the result of a run: a table of its images and a summary line.
struct SummaryRendering {
    let format: OutputFormat

    /// Maximum number of images in the table. Failed ones come first.
    private static let rowsMax = 200

    func render(_ summary: RunSummary) async throws(TranshipError) {
        if format == .json { return putJSON(summary) }
        var table = Table(["STATE", "NAME", "TARGET", "SIZE", "IMAGE", "PROOF"])
        var shown = 0
        var remarks: [String] = []
        for state in [
            TransferState.failed, .unpublished, .planned, .reading, .read, .registered, .sending,
            .importing, .verifying, .publishing, .done,
        ] {
            let transfers = try await summary.status.transfers(
                in: [state], limit: Self.rowsMax - shown)
            shown += transfers.count
            for transfer in transfers {
                table.add(row(transfer))
                remarks += transfer.remarks.map { "\(transfer.label): \($0)" }
            }
        }
        table.put()
        for remark in remarks { Terminal.put(remark) }
        for (target, error) in summary.pausedTargets.sorted(by: { $0.key < $1.key }) {
            Terminal.tell("target \(target) was paused: \(error.message)")
        }
        for (target, error) in summary.absentTargets.sorted(by: { $0.key < $1.key }) {
            Terminal.tell("target \(target) did not answer: \(error.message)")
        }
        for (endpoint, error) in summary.deadEndpoints.sorted(by: { $0.key < $1.key }) {
            Terminal.tell("\(endpoint) did not answer any more: \(error.message)")
            Terminal.tell("hint: its images wait; run again, or `tranship resume`, when it is back")
        }
        let all = summary.status.states.reduce(0) { $0 + $1.images } - summary.images(in: .skipped)
        if all > shown { Terminal.put("… and \(all - shown) more") }
        if let words = summary.changes.tallyWords { Terminal.tell(words) }
        for words in summary.status.staleWords { Terminal.tell("warning: \(words)") }
        Terminal.tell(line(summary))
    }

    private func row(_ transfer: Transfer) -> [String] {
        let proof =
            transfer.failure?.code.rawValue
            ?? transfer.proof.reported.first.map {
                "\($0.algorithm.rawValue) \($0.value.prefix(12))…"
            }
        return [
            transfer.state.rawValue, transfer.source.displayName, transfer.targetKey,
            transfer.proof.sizeBytes.map { ByteCount.format($0) } ?? "?", transfer.imageID ?? "-",
            proof ?? "-",
        ]
    }

    private func line(_ summary: RunSummary) -> String {
        if summary.isNothingToDo, summary.images(.refuse) == 0 {
            let there = summary.images(.skip)
            return there == 0
                ? "nothing to do: no image is selected"
                : "nothing to do: all \(there) images are there"
        }
        var parts = ["\(summary.images(in: .done)) done (\(ByteCount.format(summary.doneBytes)))"]
        for (count, word) in [
            (summary.images(.skip), "skipped"), (summary.images(in: .failed), "failed"),
            (summary.images(in: .unpublished), "unpublished"),
            (summary.images(.conflict), "in conflict"), (summary.images(.refuse), "refused"),
        ] where count > 0 {
            parts.append("\(count) \(word)")
        }
        return parts.joined(separator: ", ")
            + (summary.status.reading.isRemarkable ? "; \(summary.status.reading.words)" : "")
    }

    private func putJSON(_ summary: RunSummary) { JSONLine("summary", summary.json).put() }
}

extension RunSummary {
    /// The members of a `summary` line, and of the report for a hook.
    var json: [String: JSONValue?] {
        var states: [String: JSONValue] = [:]
        for tally in status.states {
            states[tally.kind.rawValue] = .integer(Int64(tally.images))
        }
        var actions: [String: JSONValue] = [:]
        for tally in status.planned {
            actions[tally.kind.rawValue] = .integer(Int64(tally.images))
        }
        return [
            "run": .integer(status.run.id), "states": .object(states),
            "actions": .object(actions), "bytes_done": .integer(doneBytes),
            "exit_status": .integer(Int64(exitStatus.rawValue)),
            "interrupted": .bool(isInterrupted),
            "absent_targets": absentTargets.isEmpty
                ? nil : .array(absentTargets.keys.sorted().map { .string($0) }),
            "reading": status.reading.json,
            "changes": .object(
                Dictionary(grouping: changes, by: \.state.rawValue)
                    .mapValues { .integer(Int64($0.count)) }),
            "stale": .array(status.staleWords.map { .string($0) }),
        ]
    }
}
