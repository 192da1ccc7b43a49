// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TranshipKit

/// Prints the images of a run on standard output: a table with `-v`, or JSON Lines.
struct SummaryRendering {
    let format: OutputFormat
    let verbose: Bool

    /// The maximum number of images in the table. Failed ones come first.
    private static let rowsMax = 200

    func render(_ summary: RunSummary) async throws(TranshipError) {
        if format == .json {
            for image in summary.status.refused { image.json.put() }
            return JSONLine("summary", summary.json).put()
        }
        guard verbose else { return }
        var table = Table(["STATE", "NAME", "TARGET", "SIZE", "IMAGE", "PROOF OR ERROR"])
        var shown = 0
        let first: [TransferState] = [.failed, .unpublished]
        let rest = TransferState.allCases.filter { $0 != .skipped && !first.contains($0) }
        for state in first + rest {
            let transfers = try await summary.status.transfers(
                in: [state], limit: Self.rowsMax - shown)
            shown += transfers.count
            for transfer in transfers { table.add(row(transfer)) }
        }
        for image in summary.status.refused.prefix(Self.rowsMax - shown) {
            shown += 1
            table.add([
                image.words, image.name, image.targetKey,
                "-", "-", image.failure.code.rawValue,
            ])
        }
        table.put()
        let all = summary.status.outcomes.filter { $0.kind != .skipped }
            .reduce(0) { $0 + $1.images }
        if all > shown {
            Terminal.putSentence("… and \(all - shown) more, which `tranship status -v` lists")
        }
    }

    private func row(_ transfer: Transfer) -> [String] {
        let proof =
            transfer.failure?.code.rawValue
            ?? transfer.conversion.map { _ in "converted by the target" }
            ?? transfer.proofs.first.map {
                "\($0.algorithm.rawValue) \($0.value.prefix(12))…"
            }
        return [
            transfer.state.rest, transfer.source.displayName, transfer.targetKey,
            transfer.proof.sizeBytes.map { ByteCount.format($0) } ?? "?", transfer.imageID ?? "-",
            proof ?? "-",
        ]
    }
}

extension RefusedImage {
    /// The words for people: `refused` or `in conflict`.
    var words: String { action == .conflict ? "in conflict" : "refused" }

    /// The line of type `refused`.
    var json: JSONLine {
        JSONLine(
            "refused",
            [
                "action": .string(action.rawValue), "name": .string(name),
                "state": .string(words), "source": .string(sourceKey),
                "source_id": .string(sourceID), "target": .string(targetKey),
                "code": .string(failure.code.rawValue), "message": .string(failure.message),
                "hint": failure.hint.map { .string($0) },
            ])
    }
}

extension RunEnd {
    /// The error that ended the run; nil if the run completed.
    var causeJSON: JSONValue? {
        cause.map { cause in
            .object(
                [
                    "code": JSONValue.string(cause.code.rawValue),
                    "message": .string(cause.message),
                    "hint": cause.hint.map { .string($0) },
                    "place": place.map { .string($0) },
                ].compactMapValues(\.self))
        }
    }
}

extension RunStatus {
    /// The exit code of the run.
    var exitJSON: JSONValue? { end.map { .integer(Int64($0.exitStatus.rawValue)) } }

    /// The names that the run did not find; nil if it found all.
    var missedJSON: JSONValue? {
        missed.isEmpty ? nil : .array(missed.map { .string($0) })
    }

    /// Returns lines for people, each after its label: the cause of the end, and the names that the
    /// run did not find. Without labels, one fact per line.
    func endLines(labelled: Bool) -> [String] {
        func line(_ label: String, _ words: String) -> String {
            labelled ? label.padded(to: 14) + words : (label.isEmpty ? words : "\(label): \(words)")
        }
        var lines: [String] = []
        if let cause = end?.cause {
            // An interrupted run can still continue.
            let label = run.outcome == .failed ? "cause" : "not resumed"
            // A message may have a list after its first line.
            let message = cause.message.split(separator: "\n", omittingEmptySubsequences: false)
            lines.append(line(label, "\(cause.code): \(message[0])"))
            lines += message.dropFirst().map { labelled ? line("", String($0)) : "  \($0)" }
            if let place = end?.unsaidPlace { lines.append(line("", "at \(place)")) }
            if let hint = cause.hint { lines.append(line("", "hint: \(hint)")) }
        }
        return lines + missed.map { line("not found", $0) }
    }

    /// The number of images of the run for each result.
    var outcomesJSON: JSONValue {
        .object(
            Dictionary(
                uniqueKeysWithValues: ImageOutcome.allCases.map { outcome in
                    let tally = outcomes.first { $0.kind == outcome }
                    return (outcome.rawValue, .integer(Int64(tally?.images ?? 0)))
                }))
    }
}

extension [Absence] {
    /// Returns the names on one side, for JSON; nil if none is absent.
    func names(_ side: Absence.Side) -> JSONValue? {
        let names = filter { $0.side == side }.map(\.name).sorted()
        return names.isEmpty ? nil : .array(names.map { .string($0) })
    }

    /// The absences with their reasons, for programs; nil if none is absent.
    var json: JSONValue? {
        guard !isEmpty else { return nil }
        return .array(
            map { absence in
                .object(
                    [
                        "side": JSONValue.string(absence.side.rawValue),
                        "name": .string(absence.name),
                        "code": .string(absence.failure.code.rawValue),
                        "message": .string(absence.failure.message),
                        "hint": absence.failure.hint.map { .string($0) },
                    ].compactMapValues(\.self))
            })
    }
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
            "actions": .object(actions), "outcomes": status.outcomesJSON,
            "bytes_done": .integer(doneBytes),
            "exit_status": .integer(Int64(exitStatus.rawValue)),
            "interrupted": .bool(isInterrupted),
            "absent_sources": absences.names(.source), "absent_targets": absences.names(.target),
            "not_found": missed.isEmpty
                ? nil : .array(missed.map { .string($0) }),
            "reading": status.reading.json,
            "changes": .object(
                Dictionary(grouping: changes, by: \.state.rawValue)
                    .mapValues { .integer(Int64($0.count)) }),
            "stale": .array(status.staleWords.map { .string($0) }),
        ]
    }
}
