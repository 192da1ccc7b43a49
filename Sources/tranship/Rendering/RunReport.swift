// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TranshipKit

/// What a hook gets on its standard input: one JSON object, of which `docs/json.md` lists the
/// members.
struct RunReport {
    let pipelineName: String
    let journalPath: String
    let status: ExitStatus
    /// Nil for a run that could not begin or go on.
    let summary: RunSummary?
    let error: TranshipError?
    /// The number of the run.
    let runID: Int64

    /// Transfers and changes that are looked at; what does not fit is counted.
    private static let entriesMax = 500

    /// - Parameter bytesMax: the most bytes of the text. Transfers that do not fit are left out,
    ///   those that failed last.
    func text(bytesMax: Int) async throws(TranshipError) -> String {
        var members = summary?.json.compactMapValues(\.self) ?? [:]
        members["v"] = .integer(1)
        members["run"] = .integer(runID)
        members["type"] = .string("report")
        members["pipeline"] = .string(pipelineName)
        members["journal"] = .string(journalPath)
        // Also that of `--max-duration`, which no summary knows.
        members["exit_status"] = .integer(Int64(status.rawValue))
        if let error {
            members["error"] = .object(
                [
                    "code": JSONValue.string(error.code.rawValue),
                    "message": .string(error.message.cut(to: 2000)),
                    "hint": error.hint.map { .string($0.cut(to: 2000)) },
                    "place": error.place.map { .string($0) },
                ].compactMapValues(\.self))
        }
        let entries = try await entries()
        // Each half of the rest as long as there is room.
        var count = entries.count
        while true {
            members["entries"] = .array(Array(entries.prefix(count)))
            members["left_out"] = .integer(Int64(entries.count - count))
            let text = JSONValue.object(members).text()
            if text.utf8.count <= bytesMax || count == 0 { return text }
            count /= 2
        }
    }

    /// What did not go well first: failures, then what the plan refused. Then what arrived, and what
    /// became of earlier versions.
    private func entries() async throws(TranshipError) -> [JSONValue] {
        guard let summary else { return [] }
        var entries: [JSONValue] = []
        for state in [TransferState.failed, .unpublished, .done] {
            if state == .done {
                for image in summary.status.refused.prefix(Self.entriesMax - entries.count) {
                    entries.append(image.json.value)
                }
            }
            let left = Self.entriesMax - entries.count
            for transfer in try await summary.status.transfers(in: [state], limit: left) {
                entries.append(.object(transfer.jsonMembers.compactMapValues(\.self)))
            }
        }
        for change in summary.changes.prefix(Self.entriesMax - entries.count) {
            entries.append(change.json("change").value)
        }
        return entries
    }
}
