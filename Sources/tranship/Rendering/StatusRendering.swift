// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel

/// What the journal knows: one run, and for the last one also what others moved.
struct StatusRendering {
    let format: OutputFormat
    let verbose: Bool

    private static let pageImages = 100

    /// - Parameter number: of an earlier run; nil is the last one.
    /// - Throws: ``TranshipError/Code/notFound`` where the journal has no such run.
    func render(_ journal: Journal, run number: Int64? = nil) async throws(TranshipError) {
        let found =
            if let number { try await journal.run(number) } else { try await journal.lastRun() }
        guard let run = found else {
            if let number {
                let last = try await journal.lastRun()?.id ?? 0
                throw TranshipError(
                    .notFound, "the journal \(journal.path) has no run \(number)",
                    hint: "its last run is \(last)")
            }
            if format == .json { return JSONLine("status", ["run": .null]).put() }
            return Terminal.put("the journal \(journal.path) has no run yet")
        }
        let holder = Journal.holder(path: journal.path)
        let states = try await journal.tally(run: run)
        let all = try await journal.tally(run: nil)
        let attempts = try await journal.attemptCount(run: run)
        let reading = try await journal.readingTally(run: run)
        let outages = try await journal.outages(run: run)
        let plan = try await journal.plan(of: run)
        if format == .json {
            putJSON(run, holder, plan, states, all, attempts, reading, outages, journal.path)
        } else {
            tell(run, holder, plan, states, all, attempts, reading, journal.path)
            for outage in outages { tell(outage) }
        }
        // Everything for programs, and for those who ask for it.
        let isWhole = verbose || format == .json
        let listed = TransferState.allCases.filter {
            isWhole || $0 != .done && $0 != .skipped && $0 != .planned
        }
        var shown = 0
        while isWhole || shown == 0 {
            let page = try await journal.transfers(
                run: isWhole && number == nil ? nil : run, in: listed, limit: Self.pageImages,
                offset: shown)
            if page.isEmpty { break }
            shown += page.count
            let tries =
                isWhole
                ? try await journal.attempts(
                    of: page.map(\.id), run: number == nil ? nil : run) : [:]
            for transfer in page {
                if format == .json {
                    var members = transfer.jsonMembers
                    members["failed_tries"] = .array(
                        (tries[transfer.id] ?? []).map(\.jsonValue))
                    JSONLine("transfer", members).put()
                } else {
                    tell(transfer)
                    for attempt in tries[transfer.id] ?? [] { tell(attempt) }
                }
            }
        }
    }

    private func tell(
        _ run: Run, _ holder: String?, _ plan: RunPlan, _ states: [StateTally], _ all: [StateTally],
        _ attempts: Int, _ reading: SourceReading, _ path: String
    ) {
        Terminal.put("pipeline    \(run.pipelineName) (\(run.pipelineFile))")
        Terminal.put("journal     \(path)")
        Terminal.put(
            "run         \(run.id), started \(Timestamp.text(run.startedAt)), "
                + words(run, holder))
        let decided = plan.tallies.map { "\($0.action.rawValue) \($0.images)" }
        if !decided.isEmpty { Terminal.put("plan        " + decided.joined(separator: ", ")) }
        for tally in states { Terminal.put(words(tally)) }
        for refusal in plan.refusals where verbose {
            Terminal.put("refused     \(refusal.code): \(refusal.message)")
        }
        if attempts > 0 { Terminal.put("tries       \(attempts) failed") }
        if reading.readBytes > 0 { Terminal.put("sources     \(reading.words)") }
        if all != states {
            Terminal.put("in all      \(all.reduce(0) { $0 + $1.images }) images in this journal")
            for tally in all { Terminal.put("  " + words(tally)) }
        }
    }

    private func words(_ tally: StateTally) -> String {
        "\(tally.state.rawValue.padded(to: 12))\(tally.images) "
            + (tally.images == 1 ? "image, " : "images, ") + ByteCount.format(tally.sizeBytes)
    }

    private func words(_ run: Run, _ holder: String?) -> String {
        if let holder, run.outcome == nil {
            return (run.plannedAt == nil ? "planning now" : "running now") + " (\(holder))"
        }
        guard let outcome = run.outcome else { return "killed; `tranship resume` goes on" }
        let end = run.endedAt.map { " \(Timestamp.text($0))" } ?? ""
        let hint = outcome == .interrupted ? "; `tranship resume` goes on" : ""
        return "\(outcome.rawValue)\(end)\(hint)"
    }

    private func tell(_ transfer: Transfer) {
        Terminal.put(
            "\(transfer.state.rawValue.padded(to: 12))\(transfer.label)"
                + (transfer.imageID.map { ", image \($0)" } ?? ""))
        if verbose {
            if let reading = transfer.reading { Terminal.put("            \(reading.words)") }
            Terminal.put(
                "            by \(transfer.method.rawValue): "
                    + (transfer.intent.methodReason?.words ?? ""))
            for proof in transfer.proof.reported { Terminal.put("            proved by \(proof)") }
        }
        for remark in transfer.remarks { Terminal.put("            \(remark)") }
        if let note = transfer.wait.reason { Terminal.put("            \(note)") }
        if let failure = transfer.failure {
            Terminal.put("            \(failure.code): \(failure.message)")
            if let hint = failure.hint { Terminal.put("            hint: \(hint)") }
        }
    }

    private func tell(_ attempt: Attempt) {
        Terminal.put(
            "            failed \(Timestamp.text(attempt.at)) in \(attempt.state.rawValue): "
                + "\(attempt.code): \(attempt.message)")
    }

    private func tell(_ outage: OutageRecord) {
        let end = outage.endedAt.map { "to \(Timestamp.text($0))" } ?? "and to the end"
        Terminal.put(
            "outage      \(outage.endpoint) from \(Timestamp.text(outage.beganAt)) \(end): "
                + "\(outage.code): \(outage.message)")
    }

    private func putJSON(
        _ run: Run, _ holder: String?, _ plan: RunPlan, _ states: [StateTally],
        _ all: [StateTally], _ attempts: Int, _ reading: SourceReading,
        _ outages: [OutageRecord], _ path: String
    ) {
        var planned: [String: JSONValue] = [:]
        for tally in plan.tallies {
            planned[tally.action.rawValue] = .object([
                "images": .integer(Int64(tally.images)), "bytes": .integer(tally.sizeBytes),
            ])
        }
        func members(_ tallies: [StateTally]) -> JSONValue {
            var members: [String: JSONValue] = [:]
            for tally in tallies {
                members[tally.state.rawValue] = .object([
                    "images": .integer(Int64(tally.images)), "bytes": .integer(tally.sizeBytes),
                ])
            }
            return .object(members)
        }
        JSONLine(
            "status",
            [
                "pipeline": .string(run.pipelineName), "journal": .string(path),
                "run": .integer(run.id), "started_at": .string(Timestamp.text(run.startedAt)),
                "ended_at": run.endedAt.map { .string(Timestamp.text($0)) },
                "outcome": run.outcome.map { .string($0.rawValue) },
                "holder": holder.map { .string($0) },
                "plan": .object(planned),
                "failed_tries": .integer(Int64(attempts)), "states": members(states),
                "states_in_all": members(all), "reading": reading.json,
                "outages": .array(outages.map(\.jsonValue)),
            ]
        ).put()
    }
}

extension Attempt {
    fileprivate var jsonValue: JSONValue {
        .object([
            "at": .string(Timestamp.text(at)), "state": .string(state.rawValue),
            "code": .string(code.rawValue),
            "message": .string(message),
        ])
    }
}

extension OutageRecord {
    fileprivate var jsonValue: JSONValue {
        .object([
            "endpoint": .string(endpoint), "began_at": .string(Timestamp.text(beganAt)),
            "ended_at": endedAt.map { .string(Timestamp.text($0)) } ?? .null,
            "code": .string(code.rawValue), "message": .string(message),
        ])
    }
}
