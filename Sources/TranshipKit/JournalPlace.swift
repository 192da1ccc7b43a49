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
    /// Returns the folder of all journals, except those that `--journal` put elsewhere.
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

    /// Returns the pipelines that have a journal in the folder of all journals, sorted.
    public static func pipelineNames(environment: [String: String]) -> [String] {
        let names = try? FileManager.default.contentsOfDirectory(
            atPath: folder(environment: environment))
        return (names ?? []).filter { $0.hasSuffix(".sqlite") }
            .map { String($0.dropLast(".sqlite".count)) }.sorted()
    }

    /// Opens the journal of a pipeline. For a plan alone, does not lock the journal, and works
    /// without one.
    ///
    /// - Parameter journalPath: the path of the journal; nil is the default path for the pipeline's
    ///   name.
    static func journal(
        of pipeline: Pipeline, at journalPath: String?, environment: [String: String],
        plansOnly: Bool
    ) async throws(TranshipError) -> Journal {
        let path = absolute(
            journalPath ?? Self.path(pipelineName: pipeline.name, environment: environment))
        return plansOnly
            ? try .openIfPresent(path: path)
            : try await .open(path: path, hook: try KillPoint.hook(environment))
    }

    /// Returns the path of a pipeline's journal.
    ///
    /// - Parameter pipeline: the name or the file of the pipeline; nil is the pipeline that ran
    ///   last.
    /// - Throws: ``TranshipError/Code/journalMissing`` if no pipeline ever ran;
    ///   ``TranshipError/Code/invalidPipeline`` for a mistake in the file.
    public static func find(
        _ pipeline: String?, environment: [String: String]
    ) async throws(TranshipError) -> String {
        if let pipeline {
            let name =
                isFile(pipeline)
                ? try Pipeline.load(file: pipeline, environment: environment).name : pipeline
            return path(pipelineName: name, environment: environment)
        }
        var unreadable: [TranshipError] = []
        let found = await latest(
            environment: environment, interruptedOnly: false, &unreadable)
        guard let found else {
            throw unreadable.first ?? noJournal(environment)
        }
        return found.path
    }

    /// True for the path of a pipeline file, false for a word that may be a pipeline's name.
    static func isFile(_ word: String) -> Bool {
        word.contains("/") || word.hasSuffix(".yaml") || word.hasSuffix(".yml")
    }

    /// Returns the journal with the latest run, or with the latest interrupted run, and that run;
    /// nil if there is none. A run that failed before it was planned does not hide an earlier
    /// interrupted one.
    ///
    /// Passes over journals that cannot be read.
    ///
    /// - Parameter unreadable: gets the reason for each journal that cannot be read.
    static func latest(
        environment: [String: String], interruptedOnly: Bool, _ unreadable: inout [TranshipError]
    ) async -> (path: String, run: Run)? {
        var latest: (path: String, run: Run)?
        for name in pipelineNames(environment: environment) {
            let path = path(pipelineName: name, environment: environment)
            do throws(TranshipError) {
                let journal = try Journal.openForReading(path: path)
                let last =
                    try await interruptedOnly ? journal.lastRunWithWork() : journal.lastRun()
                guard let run = last,
                    // A run that another process works on is not interrupted.
                    !interruptedOnly || (run.isInterrupted && Journal.holder(path: path) == nil),
                    run.startedAt > latest?.run.startedAt ?? 0
                else { continue }
                latest = (path, run)
            } catch {
                // A journal that is empty or was removed just now has no run.
                if [.journalFailed, .journalTooNew].contains(error.code) {
                    unreadable.append(error)
                }
            }
        }
        return latest
    }

    /// Returns the last run of each pipeline, the latest first. Leaves out pipelines that never
    /// ran.
    ///
    /// - Parameter passedOver: called with the reason for each journal that cannot be read.
    /// - Throws: ``TranshipError/Code/journalMissing`` if no pipeline ever ran.
    public static func lastRuns(
        environment: [String: String], passedOver: (TranshipError) -> Void
    ) async throws(TranshipError) -> [RunStatus] {
        let names = pipelineNames(environment: environment)
        guard !names.isEmpty else { throw noJournal(environment) }
        var found: [RunStatus] = []
        for name in names {
            do throws(TranshipError) {
                let path = path(pipelineName: name, environment: environment)
                if let status = try await RunStatus.read(journalPath: path) { found.append(status) }
            } catch {
                // A journal that was removed just now has no run.
                if error.code != .journalMissing { passedOver(error) }
            }
        }
        return found.sorted {
            ($1.run.startedAt, $0.journalPath) < ($0.run.startedAt, $1.journalPath)
        }
    }

    private static func noJournal(_ environment: [String: String]) -> TranshipError {
        TranshipError(
            .journalMissing, "there is no journal in \(folder(environment: environment))",
            hint: "run a pipeline with `tranship run`, or name its journal with --journal PATH")
    }

    /// Returns the interrupted run of a journal, or the latest interrupted run of all journals; nil
    /// if there is none.
    ///
    /// - Parameter passedOver: called with the reason for each journal that cannot be read.
    static func interrupted(
        journalPath: String?, environment: [String: String],
        passedOver: (TranshipError) -> Void = { _ in }
    ) async throws(TranshipError) -> (path: String, run: Run)? {
        guard let path = journalPath.map(absolute) else {
            var unreadable: [TranshipError] = []
            let found = await latest(
                environment: environment, interruptedOnly: true, &unreadable)
            if found != nil { unreadable.forEach(passedOver) }
            return found
        }
        let run = try await Journal.openForReading(path: path).lastRunWithWork()
        return run.flatMap { $0.isInterrupted ? (path, $0) : nil }
    }

    /// Returns the absolute path: messages, the spool and `resume` refer to a journal from any
    /// folder.
    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    }
}
