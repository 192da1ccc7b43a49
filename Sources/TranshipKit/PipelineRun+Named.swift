// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import MigrationJournal
internal import MigrationModel
internal import PipelineFiles

extension PipelineRun {
    /// Reads the pipeline that a command names.
    ///
    /// - Parameters:
    ///   - word: a pipeline file, or the name of a pipeline that ran. If a file has that name, the
    ///     file is read.
    ///   - journalPath: the journal to look for the run in; nil is the place that ``JournalPlace``
    ///     names.
    /// - Throws: as ``init(file:journalPath:environment:plansOnly:planning:events:)``.
    static func pipeline(
        _ word: String, journalPath: String?, environment: [String: String],
        planning: (PlanningEvent) -> Void
    ) async throws(TranshipError) -> Pipeline {
        let path = JournalPlace.absolute(
            journalPath ?? JournalPlace.path(pipelineName: word, environment: environment))
        guard !JournalPlace.isFile(word), !FileManager.default.fileExists(atPath: word),
            FileManager.default.fileExists(atPath: path),
            let run = try await Journal.openForReading(path: path).lastRun(),
            run.pipelineName == word
        else { return try load(word, environment) }
        return try pipeline(of: run, environment: environment, planning: planning)
    }

    /// Reads the pipeline of a run: its present file, or the text in the journal if the file is
    /// gone.
    static func pipeline(
        of run: Run, environment: [String: String], planning: (PlanningEvent) -> Void
    ) throws(TranshipError) -> Pipeline {
        if run.isCopy {
            guard !Pipeline.lacksSecrets(run.pipelineText) else {
                throw TranshipError(
                    .invalidPipeline,
                    "the journal of \(run.pipelineName) does not keep the query of its URL, which may "
                        + "be secret",
                    hint: "run the same `tranship copy` command again")
            }
        } else if FileManager.default.fileExists(atPath: run.pipelineFile) {
            try OwnFile.checkNamedFile(run.pipelineFile)
            let pipeline = try load(run.pipelineFile, environment)
            guard pipeline.name == run.pipelineName else {
                throw TranshipError(
                    .usage,
                    "\(run.pipelineFile) is the pipeline \(pipeline.name) now, and run \(run.id) is of "
                        + run.pipelineName,
                    hint: "put the file of \(run.pipelineName) back, or name its file")
            }
            return pipeline
        } else {
            planning(.warning(.pipelineFileGone(file: run.pipelineFile)))
        }
        return try Pipeline.recall(
            text: run.pipelineText, file: run.pipelineFile, environment: environment)
    }

    /// Reads a pipeline file. One error has all of its mistakes.
    private static func load(
        _ file: String, _ environment: [String: String]
    ) throws(TranshipError) -> Pipeline {
        try Pipeline.load(file: file, environment: environment) { clouds, pipeline in
            NamedPlaces.mistakes(clouds, pipeline, environment: environment)
        }
    }
}
