// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TranshipKit

/// A run in the text format of Prometheus, for the textfile collector.
///
/// It has no timestamps, because the collector refuses them. Times are values in seconds since
/// 1970.
struct MetricsRendering {
    private let metrics: RunMetrics?
    private let status: ExitStatus
    private let pipelineName: String

    /// - Parameter metrics: the metrics; nil if the run failed before it was in the journal.
    init(_ metrics: RunMetrics?, _ status: ExitStatus, pipelineName: String) {
        self.metrics = metrics
        self.status = status
        self.pipelineName = pipelineName
    }

    /// The lines of one metric, one for each value, after the lines that explain it.
    private struct Family {
        let name: String
        let help: String
        var samples: [(labels: [(String, String)], value: String)] = []

        var text: String {
            guard !samples.isEmpty else { return "" }
            let lines = samples.map { sample in
                let labels = sample.labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }
                return "\(name){\(labels.joined(separator: ","))} \(sample.value)\n"
            }
            return "# HELP \(name) \(help)\n# TYPE \(name) gauge\n" + lines.joined()
        }

        private static func escaped(_ value: String) -> String {
            value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
                .replacing("\n", with: "\\n")
        }
    }

    var text: String { families.map(\.text).joined() }

    private static let exitName = "tranship_run_exit_code"

    /// Returns the text of an earlier run with another exit code; nil if that text has no exit
    /// code.
    static func text(_ earlier: String, endingWith status: ExitStatus) -> String? {
        var isFound = false
        let lines = earlier.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard line.hasPrefix("\(exitName){"), let end = line.lastIndex(of: " ") else {
                return String(line)
            }
            isFound = true
            return "\(line[...end])\(status.rawValue)"
        }
        return isFound ? lines.joined(separator: "\n") : nil
    }

    private var families: [Family] {
        let pipeline = ("pipeline", pipelineName)
        let exit = Family(
            name: Self.exitName, help: "Exit code of the last run; 0 is success.",
            samples: [([pipeline], "\(status.rawValue)")])
        guard let metrics else { return [exit] }
        let cause = Family(
            name: "tranship_run_cause",
            help: "1, with the error code of what ended the last run as a whole.",
            samples: metrics.cause.map { [([pipeline, ("code", $0.code.rawValue)], "1")] } ?? [])
        let missed = Family(
            name: "tranship_run_not_found",
            help: "Names and conditions of the pipeline that no image met in the last run.",
            samples: [([pipeline], "\(metrics.missed.count)")])
        return [exit, cause, missed] + times(metrics, pipeline) + images(metrics, pipeline)
            + upstreams(metrics, pipeline)
    }

    private func times(_ metrics: RunMetrics, _ pipeline: (String, String)) -> [Family] {
        func family(_ name: String, _ help: String, _ value: Int64?) -> Family {
            Family(
                name: name, help: help,
                samples: value.map { [([pipeline], Self.seconds($0))] } ?? [])
        }
        let run = metrics.run
        let latest = Family(
            name: "tranship_latest_copy_time_seconds",
            help: "When a copy was last done at this target, since 1970.",
            samples: metrics.targets.compactMap { target in
                target.latestDoneAt.map { ([pipeline, ("target", target.key)], Self.seconds($0)) }
            })
        return [
            family(
                "tranship_run_start_time_seconds", "Start of the last run, since 1970.",
                run.startedAt),
            family(
                "tranship_run_end_time_seconds", "End of the last run, since 1970.", run.endedAt),
            family(
                "tranship_run_duration_seconds", "Duration of the last run.",
                run.endedAt.map { $0 - run.startedAt }),
            family(
                "tranship_last_success_time_seconds",
                "End of the last run without a failure, since 1970.", metrics.lastSuccessAt),
            latest,
        ]
    }

    private func images(_ metrics: RunMetrics, _ pipeline: (String, String)) -> [Family] {
        var images = Family(
            name: "tranship_run_images", help: "Images of the last run, by how they ended.")
        var bytes = Family(
            name: "tranship_run_done_bytes", help: "Bytes of the images that the last run copied.")
        for target in metrics.targets {
            let labels = [pipeline, ("target", target.key)]
            for state in [TransferState.done, .failed, .unpublished] {
                let tally = target.states.first { $0.kind == state }
                images.samples.append(
                    (labels + [("outcome", state.rawValue)], "\(tally?.images ?? 0)"))
                if state == .done {
                    bytes.samples.append((labels, "\(tally?.sizeBytes ?? 0)"))
                }
            }
            // Images that never began have failed, too.
            for (action, outcome) in [(PlanAction.refuse, "refused"), (.conflict, "conflict")] {
                let tally = target.refusals.first { $0.kind == action }
                images.samples.append((labels + [("outcome", outcome)], "\(tally?.images ?? 0)"))
            }
        }
        let plan = Family(
            name: "tranship_plan_images", help: "What the last run planned for the images.",
            samples: PlanAction.allCases.map { action in
                let count = metrics.planned.first { $0.kind == action }?.images ?? 0
                return ([pipeline, ("action", action.rawValue)], "\(count)")
            })
        let changes = Family(
            name: "tranship_run_changes", help: "Changes of earlier versions, by how they ended.",
            samples: Change.State.allCases.map { state in
                let count = metrics.changes.count { $0.state == state }
                return ([pipeline, ("state", state.rawValue)], "\(count)")
            })
        let absent = Family(
            name: "tranship_run_absent",
            help: "1 for each source and target that the last run had to do without.",
            samples: metrics.absences.map { absence in
                ([pipeline, ("side", absence.side.rawValue), ("name", absence.name)], "1")
            })
        return [images, bytes, plan, changes, absent]
    }

    private func upstreams(_ metrics: RunMetrics, _ pipeline: (String, String)) -> [Family] {
        let since = Family(
            name: "tranship_source_version_time_seconds",
            help:
                "Unix time at which a run first saw the current version of a series at its source.",
            samples: metrics.upstreams.map { upstream in
                (Self.labels(upstream, pipeline), Self.seconds(upstream.since))
            })
        let stale = Family(
            name: "tranship_source_version_stale",
            help: "1 if that version was older than stale_after when the last run began.",
            samples: metrics.upstreams.filter { $0.staleAfterSeconds != nil }.map { upstream in
                (
                    Self.labels(upstream, pipeline),
                    upstream.isStale(at: metrics.run.startedAt) ? "1" : "0"
                )
            })
        return [since, stale]
    }

    /// Returns the labels of a series. Several sources may share one series.
    private static func labels(
        _ upstream: Upstream, _ pipeline: (String, String)
    ) -> [(String, String)] {
        [pipeline, ("series", upstream.series)]
            + (upstream.placeWords.map { [("source", $0)] } ?? [])
    }

    private static func seconds(_ milliseconds: Int64) -> String {
        "\(milliseconds / 1000).\(String(milliseconds % 1000 + 1000).dropFirst())"
    }
}
