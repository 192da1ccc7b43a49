// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import PipelineFiles
import TranshipKit

/// The options of every pipeline command.
struct PipelineOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The journal to use.",
            discussion: "Default: $XDG_STATE_HOME/tranship/NAME.sqlite", valueName: "path"))
    var journal: String?

    @Option(help: "text, or json for JSON Lines on standard output.")
    var format: OutputFormat = .text

    @Flag(name: .shortAndLong, help: "Show more: every step and every skipped image.")
    var verbose = false

    var environment: [String: String] { ProcessInfo.processInfo.environment }

    func journalPath(of pipeline: Pipeline) -> String {
        journal ?? JournalPlace.path(pipelineName: pipeline.name, environment: environment)
    }

    /// Opens the journal of a pipeline for a command that does not run it.
    ///
    /// - Parameter plansOnly: a run may have the journal meanwhile.
    func open(
        _ pipeline: Pipeline, _ talk: Talk, plansOnly: Bool = false
    ) async throws -> PipelineRun {
        try await PipelineRun(
            pipeline, journalPath: journalPath(of: pipeline), environment: environment,
            plansOnly: plansOnly, planning: talk.planning)
    }
}

enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

/// The pipeline file.
struct PipelineArgument: ParsableArguments {
    @Argument(
        help: ArgumentHelp("The pipeline file (docs/pipeline-format.md).", valueName: "pipeline"))
    var file: String

    func load() throws -> Pipeline {
        try Pipeline.load(file: file, environment: ProcessInfo.processInfo.environment)
    }
}
