// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import MigrationJournal
public import MigrationModel

/// A change of the limits of a run in another process, made through its journal.
public struct LimitChange: Sendable {
    public let run: Run
    /// All limits that are set for the run now.
    public let limits: LimitOverride

    /// - Parameters:
    ///   - bandwidth: the new bandwidth; nil leaves it as it is.
    ///   - images: the new number of images at once; nil leaves it as it is.
    /// - Throws: ``TranshipError/Code/notFound`` if no process works on a run of this journal;
    ///   ``TranshipError/Code/journalMissing``, ``TranshipError/Code/journalFailed``.
    public static func make(
        journalPath: String, bandwidth: LimitOverride.Bandwidth?, images: LimitOverride.Images?
    ) async throws(TranshipError) -> LimitChange {
        let journal = try Journal.openForReading(path: journalPath)
        let last = try await journal.lastRun()
        guard let run = last, run.outcome == nil, Journal.holder(path: journalPath) != nil else {
            let words = last.map { run in
                run.isInterrupted
                    ? "run \(run.id) of \(run.pipelineName) was interrupted, and no process works on it"
                    : "run \(run.id) of \(run.pipelineName) has ended"
            }
            throw TranshipError(
                .notFound, "no run is active: \(words ?? "the journal \(journalPath) has none")",
                hint:
                    "start one first, and limit it while it is under way; `limits` in the pipeline "
                    + "file holds for every run")
        }
        let limits = try await Journal.openBesideRun(path: journalPath).override(
            bandwidth: bandwidth, images: images, of: run, at: Timestamp.now())
        return LimitChange(run: run, limits: limits)
    }

    /// Returns the path of the journal of a running pipeline.
    ///
    /// - Parameter pipeline: the name or the file of the pipeline, or the path of its journal; nil
    ///   is the only running pipeline.
    /// - Throws: ``TranshipError/Code/journalMissing`` for a pipeline that never ran;
    ///   ``TranshipError/Code/notFound`` if no pipeline is running;
    ///   ``TranshipError/Code/ambiguous`` if several are.
    public static func journal(
        of pipeline: String?, environment: [String: String]
    ) async throws(TranshipError) -> String {
        guard let pipeline else { return try running(environment) }
        if pipeline.hasSuffix(".sqlite") { return JournalPlace.absolute(pipeline) }
        let path = try await JournalPlace.find(pipeline, environment: environment)
        guard !FileManager.default.fileExists(atPath: path) else { return path }
        let names = JournalPlace.pipelineNames(environment: environment)
        throw TranshipError(
            .journalMissing, "no pipeline \(pipeline) has run here: there is no journal at \(path)",
            hint: Nearest.to(pipeline, in: names).map { "did you mean \($0)?" }
                ?? "name the journal with --journal PATH if it is in another place")
    }

    private static func running(_ environment: [String: String]) throws(TranshipError) -> String {
        let names = JournalPlace.pipelineNames(environment: environment).filter {
            Journal.holder(path: JournalPlace.path(pipelineName: $0, environment: environment))
                != nil
        }
        guard let name = names.first else {
            throw TranshipError(
                .notFound, "no run is active",
                hint: "start one first; if its journal is in another place, name it with "
                    + "--journal PATH")
        }
        guard names.count == 1 else {
            throw TranshipError(
                .ambiguous,
                "\(names.count) pipelines are running: \(names.joined(separator: ", "))",
                hint: "name one: `tranship limit RATE \(name)`")
        }
        return JournalPlace.path(pipelineName: name, environment: environment)
    }
}
