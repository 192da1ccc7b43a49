// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import MigrationModel
import TranshipKit

/// The options of `run` and `resume`.
struct RunOptions: ParsableArguments {
    @Flag(help: "On a signal, finish the images that are in flight.")
    var drain = false

    @Option(
        help: .value(
            "time", "Start no image after this time, and finish those in flight: 30m, 6h.",
            discussion: "If images are left then, the exit code is 8; the next run goes on."))
    var maxDuration: Span?

    @Option(
        help: .value(
            "file", "Write the result for Prometheus' textfile collector.",
            discussion: "The file is written beside its place and renamed. Its name ends in .prom.")
    )
    var metrics: String?

    func validate() throws {
        if let metrics, !metrics.hasSuffix(".prom") {
            throw ValidationError(
                "--metrics \(metrics): the collector reads only files that end in .prom")
        }
    }

    /// Writes the file of `--metrics`. A failure is said, and does not change the exit code.
    func writeMetrics(_ status: ExitStatus, of run: PipelineRun) async {
        guard let metrics else { return }
        do {
            let found = try await RunMetrics.read(journalPath: run.journalPath)
            let text = MetricsRendering(found, status, pipelineName: run.pipelineName).text
            try Data(text.utf8).write(to: URL(fileURLWithPath: metrics), options: .atomic)
            // The collector runs as another user, and nothing here is secret.
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o644], ofItemAtPath: metrics)
        } catch {
            Terminal.tell(
                "warning: cannot write --metrics \(metrics): \(TranshipError(wrapping: error).message)"
            )
        }
    }
}
