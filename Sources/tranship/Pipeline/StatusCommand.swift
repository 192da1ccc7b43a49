// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import MigrationModel
import TranshipKit

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the images of a run, also while it is under way.",
        discussion: """
              $ tranship status
              $ tranship status nightly --format json
              $ tranship status nightly 3
              $ tranship status --all

            An earlier run is shown as it ended. --all has a line for each pipeline: when
            its last run began and ended, how, and with which exit code.
            """)

    @OptionGroup var place: RunArgument
    @OptionGroup var common: RowOptions

    @Flag(help: "Follow the run to its end: on a terminal in place, every second.")
    var watch = false

    @Flag(help: "The last run of every pipeline, in a line each; the latest first.")
    var all = false

    func run() async throws {
        if all { return try await showAll() }
        let path = try await place.journalPath(common)
        let rendering = StatusRendering(
            format: common.format, verbose: common.verbose, givenJournal: common.journal)
        if watch {
            let following = StatusWatch(path: path, runNumber: place.number, rendering: rendering)
            try await Interruption.guarding { try await following.follow() }
        }
        let status = try await RunStatus.read(journalPath: path, run: place.number)
        try await common.output.withRows(
            of: ["transfer", "refused"], Self.columns, more: Self.more
        ) {
            try await rendering.render(status, journalPath: path)
        }
    }

    private func showAll() async throws {
        let runs = try await JournalPlace.lastRuns(environment: common.environment) {
            Terminal.tell("warning: passed over: \($0.message)")
        }
        try await common.output.withRows(of: ["status"], Self.runColumns, more: Self.moreOfRuns) {
            try await AllRunsRendering(format: common.format).render(runs)
        }
    }

    private static let runColumns: [RecordList.Column] = [
        ("Pipeline", "pipeline"), ("Run", "run"), ("Started", "started_at"),
        ("Ended", "ended_at"), ("Outcome", "outcome"), ("Exit", "exit_status"),
    ]
    private static let moreOfRuns: [RecordList.Column] = [("Journal", "journal")]
    private static let columns: [RecordList.Column] = [
        ("State", "state"), ("Name", "name"), ("Target", "target"), ("Size", "size"),
        ("Image", "image_id"), ("Error", "error"),
    ]
    private static let more: [RecordList.Column] = [
        ("Source", "source"), ("Method", "method"), ("Attempts", "attempts"),
        ("Proofs", "proofs"), ("Note", "note"), ("Version", "version"),
    ]

    func validate() throws {
        if all, place.pipeline != nil || watch || common.journal != nil {
            throw ValidationError(
                "--all shows the last run of every pipeline: leave the name, --watch and --journal out, "
                    + "or --all")
        }
        if watch, common.output.record != nil {
            throw ValidationError(
                "--watch shows text or JSON Lines: leave -f out, or write -f json")
        }
    }
}

/// Follows a run until it ends or its process dies.
struct StatusWatch: Sendable {
    let path: String
    let runNumber: Int64?
    let rendering: StatusRendering

    /// The time between two lines without a terminal or with JSON Lines.
    private static let lineSeconds = 2.0

    /// Follows the run. Returns when no process works on it.
    func follow() async throws {
        let draws = rendering.format == .text && Terminal.outputIsTerminal && Terminal.draws
        defer { Log.wipe() }
        var told = ""
        while let status = try await running() {
            if draws {
                let screen = try await StatusScreen(status)
                let percent = screen.live.map {
                    RunScreen(live: $0, headline: "", columns: 80).percent
                }
                Log.draw(screen.lines, percent: percent)
            } else if rendering.format == .json {
                try await rendering.render(status, journalPath: path)
            } else if let live = status.live {
                let columns = Terminal.outputIsTerminal ? Terminal.columns : 200
                let line = RunScreen(live: live, headline: "", columns: columns).total
                if line != told { Terminal.put(line) }
                told = line
            }
            try await Task.sleep(for: .seconds(draws ? 1 : Self.lineSeconds))
        }
    }

    /// Returns the run's status; nil if the run has ended or its process has died.
    private func running() async throws(TranshipError) -> RunStatus? {
        // A process first writes the end of the run, and then gives up the journal. So if the first
        // look finds no process, the run may have ended since.
        guard let status = try await RunStatus.read(journalPath: path, run: runNumber),
            status.run.outcome == nil, status.holder != nil
        else { return nil }
        return status
    }
}
