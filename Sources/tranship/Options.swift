// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import TranshipKit

/// The options of every pipeline command.
struct PipelineOptions: ParsableArguments, NamesJournal {
    @Option(
        help: .value(
            "path", "The journal to use.",
            discussion: "Default: $XDG_STATE_HOME/tranship/NAME.sqlite"),
        completion: .file(extensions: ["sqlite"]))
    var journal: String?

    @Option(
        name: [.customLong("format"), .customShort("f")],
        help: "text, or json for JSON Lines on standard output.")
    var format: OutputFormat = .text

    @Flag(name: .shortAndLong, help: "Show more: every step and every skipped image.")
    var verbose = false

    var environment: [String: String] { ProcessInfo.processInfo.environment }
}

/// Options with `--journal`.
protocol NamesJournal {
    var journal: String? { get }
}

extension NamesJournal {
    /// The option for commands in hints; see ``CommandWords/journalOption(_:)``.
    var journalOption: String { CommandWords.journalOption(journal) }
}

enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

/// The pipeline file.
struct PipelineArgument: ParsableArguments {
    @Argument(
        help: .value(
            "pipeline",
            "The pipeline file (`tranship help pipeline`), or the name of a pipeline that ran."),
        completion: .pipeline)
    var file: String

    /// Reads the file and opens the journal of the pipeline.
    ///
    /// - Parameter plansOnly: true for commands that only plan. A run may use the journal
    ///   meanwhile.
    func open(
        _ common: PipelineOptions, _ talk: Talk, plansOnly: Bool = false
    ) async throws -> PipelineRun {
        try await open(journal: common.journal, talk, plansOnly: plansOnly)
    }

    /// Does the same for commands that print tables and only plan.
    func open(_ common: RowOptions, _ talk: Talk) async throws -> PipelineRun {
        try await open(journal: common.journal, talk, plansOnly: true)
    }

    private func open(
        journal: String?, _ talk: Talk, plansOnly: Bool
    ) async throws -> PipelineRun {
        try await PipelineRun(
            file: file, journalPath: journal,
            environment: ProcessInfo.processInfo.environment, plansOnly: plansOnly,
            planning: talk.planning, events: talk.event)
    }
}
