// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TranshipKit

/// The input of a hook: one JSON object. `docs/json.md` lists its members.
struct RunReport {
    let pipelineName: String
    let journalPath: String
    let status: ExitStatus
    /// The summary; nil if the run could not begin or continue.
    let summary: RunSummary?
    let error: TranshipError?
    /// The number of the run.
    let runID: Int64

    /// The maximum number of transfers and changes in the report.
    private static let entriesMax = 500

    /// - Parameter bytesMax: the maximum number of bytes. Transfers that do not fit are left out;
    ///   failed ones are the last to go.
    func text(bytesMax: Int) async throws(TranshipError) -> String {
        var members = summary?.json.compactMapValues(\.self) ?? [:]
        members["v"] = .integer(1)
        members["run"] = .integer(runID)
        members["type"] = .string("report")
        members["pipeline"] = .string(pipelineName)
        members["journal"] = .string(journalPath)
        // Unlike a summary, this includes the status of `--max-duration`.
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
        // Halve the number of entries until the text fits.
        var count = entries.count
        while true {
            members["entries"] = .array(Array(entries.prefix(count)))
            members["left_out"] = .integer(Int64(entries.count - count))
            let text = JSONValue.object(members).text()
            if text.utf8.count <= bytesMax || count == 0 { return text }
            count /= 2
        }
    }

    /// Returns the entries in this order: failures, images that the plan refused, completed copies,
    /// and changes of earlier versions.
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
