// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationJournal
import MigrationModel

/// What the journal knows of its last run.
struct StatusRendering {
    let format: OutputFormat
    let verbose: Bool

    private static let rowsMax = 100

    func render(_ journal: Journal) async throws(MigrationError) {
        guard let run = try await journal.lastRun() else {
            if format == .json { return JSONLine("status", ["run": .null]).put() }
            return Terminal.put("the journal \(journal.path) has no run yet")
        }
        let holder = Journal.holder(path: journal.path)
        let states = try await journal.tally(run: run)
        let attempts = try await journal.attemptCount(run: run)
        let listed = verbose || format == .json
            ? TransferState.allCases
            : TransferState.allCases.filter { $0 != .done && $0 != .skipped && $0 != .planned }
        let transfers = try await journal.transfers(run: run, in: listed, limit: Self.rowsMax)
        if format == .json {
            return putJSON(run, holder, states, attempts, transfers, journal.path)
        }
        Terminal.put("pipeline    \(run.pipelineName) (\(run.pipelineFile))")
        Terminal.put("journal     \(journal.path)")
        Terminal.put("run         \(run.id), started \(Timestamp.text(run.startedAt)), \(words(run, holder))")
        for tally in states {
            Terminal.put(
                "\(tally.state.rawValue.padded(to: 12))\(tally.images) "
                    + (tally.images == 1 ? "image, " : "images, ")
                    + ByteCount.format(tally.sizeBytes))
        }
        if attempts > 0 { Terminal.put("tries       \(attempts) failed") }
        for transfer in transfers { tell(transfer) }
    }

    private func words(_ run: Run, _ holder: String?) -> String {
        if let holder, run.outcome == nil {
            return (run.plannedAt == nil ? "planning now" : "running now") + " (\(holder))"
        }
        guard let outcome = run.outcome else { return "killed; `tranship resume` goes on" }
        let end = run.endedAt.map { " \(Timestamp.text($0))" } ?? ""
        let hint = outcome == "interrupted" ? "; `tranship resume` goes on" : ""
        return "\(outcome)\(end)\(hint)"
    }

    private func tell(_ transfer: Transfer) {
        Terminal.put(
            "\(transfer.state.rawValue.padded(to: 12))\(transfer.label)"
                + (transfer.imageID.map { ", image \($0)" } ?? ""))
        if verbose {
            Terminal.put("            by \(transfer.method.rawValue): \(transfer.methodReason)")
            for proof in transfer.reported { Terminal.put("            proved by \(proof)") }
        }
        for remark in transfer.remarks { Terminal.put("            \(remark)") }
        if let note = transfer.note { Terminal.put("            \(note)") }
        if let failure = transfer.failure {
            Terminal.put("            \(failure.code): \(failure.message)")
            if let hint = failure.hint { Terminal.put("            hint: \(hint)") }
        }
    }

    private func putJSON(
        _ run: Run, _ holder: String?, _ states: [StateTally], _ attempts: Int,
        _ transfers: [Transfer], _ path: String
    ) {
        var tallies: [String: JSONValue] = [:]
        for tally in states {
            tallies[tally.state.rawValue] = .object([
                "images": .integer(Int64(tally.images)), "bytes": .integer(tally.sizeBytes),
            ])
        }
        JSONLine(
            "status",
            [
                "pipeline": .string(run.pipelineName), "journal": .string(path),
                "run": .integer(run.id), "started_at": .string(Timestamp.text(run.startedAt)),
                "ended_at": run.endedAt.map { .string(Timestamp.text($0)) },
                "outcome": run.outcome.map { .string($0) },
                "holder": holder.map { .string($0) },
                "failed_tries": .integer(Int64(attempts)), "states": .object(tallies),
            ]
        ).put()
        for transfer in transfers { JSONLine("transfer", transfer.jsonMembers).put() }
    }
}
