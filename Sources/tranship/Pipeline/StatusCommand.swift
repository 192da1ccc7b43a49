// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import MigrationJournal
import PipelineFiles
import TranshipKit

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the images of a run, also while it is under way.",
        discussion: """
              $ tranship status
              $ tranship status nightly --format json
              $ tranship status nightly --run 3
            """)

    @Argument(
        help: ArgumentHelp(
            "The pipeline's name or file. Default: the pipeline that ran last.",
            valueName: "pipeline"))
    var pipeline: String?

    @OptionGroup var common: PipelineOptions

    @Option(
        name: .customLong("run"),
        help: ArgumentHelp(
            "Show this run, as it ended. Default: the last one.", valueName: "number"))
    var runNumber: Int64?

    @Flag(help: "Show it again every 2 seconds until interrupted.")
    var watch = false

    func run() async throws {
        let path = try await journalPath()
        let rendering = StatusRendering(format: common.format, verbose: common.verbose)
        repeat {
            let journal = try Journal.openForReading(path: path)
            if watch, common.format == .text, Terminal.outputIsTerminal {
                print("\u{1B}[H\u{1B}[2J", terminator: "")
            }
            try await rendering.render(journal, run: runNumber)
            if watch { try await Task.sleep(for: .seconds(2)) }
        } while watch
    }

    private func journalPath() async throws -> String {
        if let journal = common.journal { return journal }
        if let pipeline {
            if pipeline.contains("/") || pipeline.hasSuffix(".yaml") || pipeline.hasSuffix(".yml") {
                return common.journalPath(
                    of: try .load(file: pipeline, environment: common.environment))
            }
            return JournalPlace.path(pipelineName: pipeline, environment: common.environment)
        }
        let latest = await JournalPlace.latest(
            environment: common.environment, interruptedOnly: false)
        guard let latest else {
            throw TranshipError(
                .notFound,
                "there is no journal in \(JournalPlace.folder(environment: common.environment))",
                hint: "run a pipeline first, or name the journal with --journal PATH")
        }
        return latest.path
    }
}
