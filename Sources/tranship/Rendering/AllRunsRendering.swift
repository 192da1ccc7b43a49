// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TranshipKit

/// The last run of every pipeline, one line each.
struct AllRunsRendering {
    let format: OutputFormat

    func render(_ runs: [RunStatus]) async throws(TranshipError) {
        guard format == .text else {
            let rendering = StatusRendering(format: format, verbose: false)
            for status in runs {
                let soFar = status.isUnderWay ? try await RunSummary(status).exitStatus : nil
                rendering.putJSON(status, soFar, status.journalPath)
            }
            return
        }
        var table = Table(["PIPELINE", "RUN", "STARTED", "ENDED", "OUTCOME", "EXIT"])
        for status in runs {
            table.add([
                status.run.pipelineName, "\(status.run.id)", Timestamp.text(status.run.startedAt),
                status.run.endedAt.map { Timestamp.text($0) } ?? "-", status.outcomeWord,
                status.end.map { "\($0.exitStatus.rawValue)" } ?? "-",
            ])
        }
        table.put()
        if runs.isEmpty { Terminal.put("no pipeline has a run yet") }
    }
}

extension RunStatus {
    var isUnderWay: Bool { run.outcome == nil && holder != nil }

    /// The state of the run: `done`, `failed`, `interrupted`, `adopted`, `killed`, `planning now`
    /// or `running now`.
    var outcomeWord: String {
        if let outcome = run.outcome { return outcome.rawValue }
        guard holder != nil else { return "killed" }
        return run.plannedAt == nil ? "planning now" : "running now"
    }
}
