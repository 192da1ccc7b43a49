// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import MigrationJournal
internal import MigrationModel
internal import PipelineFiles

/// The place of journals: `$XDG_STATE_HOME/tranship/NAME.sqlite`, by the XDG Base
/// Directory Specification; `~/.local/state` if it is not set.
public enum JournalPlace {
    /// The folder of all journals that were not put elsewhere by `--journal`.
    private static func folder(environment: [String: String]) -> String {
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
            return "\(state)/tranship"
        }
        let home = environment["HOME"] ?? NSHomeDirectory()
        return "\(home)/.local/state/tranship"
    }

    public static func path(pipelineName: String, environment: [String: String]) -> String {
        "\(folder(environment: environment))/\(pipelineName).sqlite"
    }

    /// The pipelines that have a journal in the folder of all journals, sorted.
    public static func pipelineNames(environment: [String: String]) -> [String] {
        let names = try? FileManager.default.contentsOfDirectory(
            atPath: folder(environment: environment))
        return (names ?? []).filter { name in
            name.hasSuffix(".sqlite")
                // The plans beside journals.
                && !name.hasSuffix(".plan.sqlite") && !name.hasSuffix(".check.sqlite")
        }.map { String($0.dropLast(".sqlite".count)) }.sorted()
    }

    /// The journal of a pipeline.
    ///
    /// - Parameter pipeline: its name or its file; nil is the pipeline that ran last.
    /// - Throws: ``TranshipError/Code/journalMissing`` if no pipeline ever ran;
    ///   ``TranshipError/Code/invalidPipeline`` for the file.
    public static func find(
        _ pipeline: String?, environment: [String: String]
    ) async throws(TranshipError) -> String {
        if let pipeline {
            let name =
                isFile(pipeline)
                ? try Pipeline.load(file: pipeline, environment: environment).name : pipeline
            return path(pipelineName: name, environment: environment)
        }
        guard let latest = await latest(environment: environment, interruptedOnly: false) else {
            throw TranshipError(
                .journalMissing, "there is no journal in \(folder(environment: environment))",
                hint: "run a pipeline with `tranship run`, or name its journal with --journal PATH")
        }
        return latest.path
    }

    /// True for the path of a pipeline file, false for what may be a pipeline's name.
    static func isFile(_ word: String) -> Bool {
        word.contains("/") || word.hasSuffix(".yaml") || word.hasSuffix(".yml")
    }

    /// The journal with the latest run, and that run; interrupted ones only, or
    /// any. Nil if there is none. Runs that failed before they were planned do not count as later
    /// than an interrupted one.
    ///
    /// A journal that cannot be read is passed over.
    static func latest(
        environment: [String: String], interruptedOnly: Bool
    ) async -> (path: String, run: Run)? {
        let folder = folder(environment: environment)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        var latest: (path: String, run: Run)?
        for name in names.sorted() where name.hasSuffix(".sqlite") {
            let path = "\(folder)/\(name)"
            guard let journal = try? Journal.openForReading(path: path),
                let run = try? await
                    (interruptedOnly
                    ? journal.lastRunWithWork() : journal.lastRun()),
                // A run that another process works on is not interrupted.
                !interruptedOnly || (run.isInterrupted && Journal.holder(path: path) == nil),
                run.startedAt > latest?.run.startedAt ?? 0
            else { continue }
            latest = (path, run)
        }
        return latest
    }

    /// The last run of a journal, or the latest one of all journals, if it was
    /// interrupted.
    static func interrupted(
        journalPath: String?, environment: [String: String]
    ) async throws(TranshipError) -> (path: String, run: Run)? {
        guard let path = journalPath.map(absolute) else {
            return await latest(environment: environment, interruptedOnly: true)
        }
        let run = try await Journal.openForReading(path: path).lastRunWithWork()
        return run.flatMap { $0.isInterrupted ? (path, $0) : nil }
    }

    /// Messages, the spool and `resume` refer to a journal from any folder.
    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    }
}
