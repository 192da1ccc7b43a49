// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import MigrationModel
import TranshipKit

struct SeriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "series",
        abstract: "Show the series of a pipeline and their versions; go back to an earlier one.",
        subcommands: [
            SeriesListCommand.self, SeriesHistoryCommand.self, SeriesRollbackCommand.self,
        ])
}

/// The pipeline whose journal the command reads.
struct SeriesPipeline: ParsableArguments {
    @Argument(help: "The pipeline's name or file.", completion: .pipeline)
    var pipeline: String

    @OptionGroup var common: PipelineOptions

    func journalPath() async throws -> String {
        if let journal = common.journal { return journal }
        return try await JournalPlace.find(pipeline, environment: common.environment)
    }
}

struct SeriesListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract:
            "List the series that the journal knows, with the current version at each target.",
        discussion: """
              $ tranship series list nightly

            Asks no cloud. A series is all versions of one image of a URL, an index or a
            file.
            """,
        aliases: ["ls"])

    @OptionGroup var place: SeriesPipeline

    func run() async throws {
        var rendering = SeriesRendering(format: place.common.format)
        try await SeriesStatus.read(journalPath: try await place.journalPath()) {
            rendering.add($0)
        }
        rendering.finish()
    }
}

struct SeriesHistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "List the versions of a series at each target, the newest first.",
        discussion: """
              $ tranship series history nightly
              $ tranship series history nightly ubuntu-24.04

            Asks no cloud: it shows what runs of this journal made and changed.
            """)

    @OptionGroup var place: SeriesPipeline

    @Argument(help: "The series, as the pipeline file calls it. Default: all series.")
    var series: String?

    func run() async throws {
        var rendering = SeriesRendering(format: place.common.format, showsHistory: true)
        try await SeriesStatus.read(
            journalPath: try await place.journalPath(), series: series
        ) { rendering.add($0) }
        rendering.finish()
    }
}

struct SeriesRollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Make an earlier version of a series current again at every target.",
        discussion: """
              $ tranship series rollback nightly.yaml ubuntu-24.04
              $ tranship series rollback nightly.yaml ubuntu-24.04 1f0c9e3a --yes

            Shows, names and activates the earlier version, and does with the newer one what
            `previous` says; if it says nothing, hides it. Deletes nothing. Later runs keep
            the version until the source has one that is newer than all that the journal
            knows. Images that someone has edited or protected are left. Reads no source.
            Of a series with several sources, it is about one of them: the one that has the
            VERSION, or else the one whose version came last. Refuses a VERSION that several
            of them have. If someone has renamed, hidden or protected the earlier version,
            changes nothing and remembers nothing.
            Without --yes, only lists what it would do, with exit code 4 if there is any.
            """)

    @OptionGroup var pipeline: PipelineArgument

    @Argument(help: "The series, as the pipeline file calls it.")
    var series: String

    @Argument(
        help:
            "A VERSION of `series history`, the source's own version, or an image's id. Default: the newest before the current one."
    )
    var version: String?

    @OptionGroup var common: PipelineOptions

    @Flag(help: "Do it.")
    var yes = false

    func run() async throws {
        let talk = Talk(format: common.format, verbose: true)
        let run = try await pipeline.open(common, talk, plansOnly: !yes)
        let rollback = try await run.rollback(series: series, to: version)
        talk.endLine()
        let rendering = ByHandRendering(talk: talk)
        rendering.render(rollback)
        guard !rollback.goesBackAt.isEmpty else { throw EarlyExit(status: .someFailed) }
        guard yes else {
            rendering.hint(rollback.changes, "\(CommandWords.own) --yes")
            guard rollback.changes.contains(where: { $0.state == .planned }) else { return }
            throw EarlyExit(status: .differences)
        }
        let summary = try await run.carryOut(rollback)
        rendering.finish(summary)
        let status = summary.exitStatus
        if status != .done { throw EarlyExit(status: status) }
        if !rollback.isWhole(after: summary.changes) { throw EarlyExit(status: .someFailed) }
    }
}
