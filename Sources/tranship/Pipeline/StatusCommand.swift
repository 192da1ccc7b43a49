// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
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

    @Argument(help: "The pipeline's name or file. Default: the pipeline that ran last.")
    var pipeline: String?

    @OptionGroup var common: PipelineOptions

    @Option(
        name: .customLong("run"),
        help: .value("number", "Show this run, as it ended. Default: the last one."))
    var runNumber: Int64?

    @Flag(help: "Show it again every 2 seconds until interrupted.")
    var watch = false

    func run() async throws {
        let path =
            if let journal = common.journal { journal } else {
                try await JournalPlace.find(pipeline, environment: common.environment)
            }
        let rendering = StatusRendering(format: common.format, verbose: common.verbose)
        repeat {
            let status = try await RunStatus.read(journalPath: path, run: runNumber)
            if watch, common.format == .text, Terminal.outputIsTerminal {
                print("\u{1B}[H\u{1B}[2J", terminator: "")
            }
            try await rendering.render(status, journalPath: path)
            if watch { try await Task.sleep(for: .seconds(2)) }
        } while watch
    }
}
