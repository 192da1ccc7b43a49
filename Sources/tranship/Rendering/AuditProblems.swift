// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TranshipKit

/// The problems of a run apart from its transfers, each as a row of a table, under the names of
/// ``AuditFields/names``.
struct AuditProblems {
    let rows: [[String: String]]

    init(_ audit: RunAudit) {
        let status = audit.status
        let who = audit.facts?.who ?? ""
        var rows: [[String: String]] = []
        if let cause = status.end?.cause {
            rows.append([
                "name": audit.run.pipelineName, "state": "run failed",
                "started": Timestamp.text(audit.run.startedAt),
                "ended": audit.run.endedAt.map { Timestamp.text($0) } ?? "",
                "error": audit.naming(
                    projectsIn: [status.end?.unsaidPlace, cause.message].compactMap(\.self)
                        .joined(separator: ": ")), "code": cause.code.rawValue,
            ])
        }
        for absence in status.absences {
            rows.append([
                "name": absence.side == .source ? absence.name : "",
                "target": absence.side == .target ? absence.name : "", "state": "absent",
                "error": absence.failure.message, "code": absence.failure.code.rawValue,
            ])
        }
        rows += status.missed.map { ["state": "not found", "error": $0] }
        rows += status.refused.map { image in
            [
                "source_id": image.sourceID, "name": image.name, "target": image.targetKey,
                "state": image.words, "error": audit.naming(projectsIn: image.failure.message),
                "code": image.failure.code.rawValue,
            ]
        }
        self.rows = rows.map { row in row.merging(["who": who]) { own, _ in own } }
    }

    /// The values of each problem, in the order of the columns.
    var columns: [[String]] { rows.map { row in AuditFields.names.map { row[$0] ?? "" } } }

    /// Adds rows to the table of `-f`. JSON has these facts in the line of the run.
    func putRows() {
        for row in rows {
            var fields: [String: JSONValue?] = [:]
            for (key, value) in row where !value.isEmpty {
                fields[key == "error" ? "message" : key] = JSONValue.string(value)
            }
            JSONLine("report-problem", fields).put()
        }
    }
}
