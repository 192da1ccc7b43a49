// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import ExternalPrograms
public import MigrationModel
internal import PipelineFiles

extension PipelineRun {
    /// The time limit of a hook, in seconds.
    private static let hookSeconds = 60.0

    /// The maximum size of a report for a hook, in bytes: a report is a message, not an archive.
    public static let reportBytesMax = 60 << 10

    /// True if the pipeline has a hook for runs that end with this status.
    public func hasHook(for status: ExitStatus) -> Bool { hook(for: status) != nil }

    private func hook(for status: ExitStatus) -> [String]? {
        status == .done ? pipeline.hooks.onSuccess : pipeline.hooks.onFailure
    }

    /// Runs the pipeline's hook, if any, for a run that ended with this status.
    ///
    /// - Parameter report: the JSON text for the hook's standard input.
    /// - Throws: an error of the hook. It says nothing about the run.
    public func runHook(
        for status: ExitStatus, report: String
    ) async throws(TranshipError) {
        guard let words = hook(for: status) else { return }
        try await OperatorCommand(words).run(
            input: Array(report.utf8),
            environment: [
                "TRANSHIP_PIPELINE": pipeline.name, "TRANSHIP_EXIT_STATUS": "\(status.rawValue)",
            ], timeoutSeconds: tuning.hookSeconds ?? Self.hookSeconds)
    }
}
