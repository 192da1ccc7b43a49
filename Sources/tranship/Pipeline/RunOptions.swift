// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Foundation
import MigrationModel
import TranshipKit

/// The options of `run`, `resume` and `copy`.
struct RunOptions: ParsableArguments {
    @Flag(help: "On a signal, finish the images that are in flight.")
    var drain = false

    @Option(
        help: .value(
            "time", "Start no image after this time, and finish those in flight: 30m, 6h.",
            discussion: "If images are left then, the exit code is 8; the next run goes on."))
    var maxDuration: Span?

    @Option(
        help: .value(
            "file", "Write the result for Prometheus' textfile collector.",
            discussion: "The file is written beside its place and renamed. Its name ends in .prom."),
        completion: .file(extensions: ["prom"]))
    var metrics: String?

    @Option(
        help: .value(
            "how", "How to show progress: auto, tty, plain, quiet or json.",
            discussion:
                "auto: a drawing on a terminal, otherwise a line a minute if something moved. "
                + "quiet: none. json: as --format json. Default: $TRANSHIP_PROGRESS, or auto."))
    var progress: ProgressMode?

    @Flag(name: .shortAndLong, help: "Print only if the exit code is not 0.")
    var quiet = false

    /// Starts the messages of the run, and sets how they are written from now on.
    ///
    /// - Parameter plans: true for a command that only shows a plan. It writes no log, even if its
    ///   messages do not go to a terminal.
    func begin(
        _ format: OutputFormat, plans: Bool = false, isVerbose: Bool
    ) throws -> Talk {
        let mode = try ProgressMode.of(
            progress, environment: ProcessInfo.processInfo.environment)
        let isTerminal = plans || Terminal.talkIsTerminal
        let style =
            quiet
            ? ProgressStyle(draws: false, writes: false, isForLogs: true)
            : mode.style(isTerminal: isTerminal, canDraw: Terminal.draws)
        Log.begin(times: !isTerminal, holding: quiet)
        return Talk(
            format: mode == .json ? .json : format, verbose: isVerbose, style: style)
    }

    /// - Throws: `ValidationError` for an option that has no effect on a plan.
    func refuseForPlans() throws {
        let given = [
            ("--drain", drain), ("--max-duration", maxDuration != nil),
            ("--metrics", metrics != nil),
            ("--quiet", quiet),
        ]
        guard let (name, _) = given.first(where: \.1) else { return }
        throw ValidationError(
            "\(name) is for a copy, and --dry-run (-n) only shows the plan: leave out one of them")
    }

    func validate() throws {
        if let metrics, !metrics.hasSuffix(".prom") {
            throw ValidationError(
                "--metrics \(metrics): the collector reads only files that end in .prom")
        }
    }

    /// Replaces a file by renaming a new one over it, so that a reader sees either the old or the
    /// new text.
    ///
    /// - Throws: ``TranshipError/Code/targetFailed`` with the message of the C library.
    private static func replace(_ path: String, with text: String) throws(TranshipError) {
        let new = path + ".new"
        // It may be left by a killed run, or be a named pipe, which would block.
        unlink(new)
        guard let file = fopen(new, "wxe") else { throw failure(path) }
        let isWritten = fputs(text, file) >= 0
        // The collector runs as another user, and the file contains no secrets.
        let isReadable = fchmod(fileno(file), 0o644) == 0
        let number = errno
        guard fclose(file) == 0, isWritten, isReadable else {
            if !isWritten || !isReadable { errno = number }
            let failure = failure(path)
            unlink(new)
            throw failure
        }
        guard rename(new, path) == 0 else {
            let failure = failure(path)
            unlink(new)
            throw failure
        }
    }

    private static func failure(_ path: String) -> TranshipError {
        let number = errno
        let folder = PathText.folder(of: path)
        let hint =
            switch number {
            case EISDIR: "name a file in it: \(path)/tranship.prom"
            case ENOENT, ENOTDIR: "make the folder \(folder)"
            case ENOSPC, EDQUOT: "make room there"
            default: "check that you may write to \(folder)"
            }
        return TranshipError(.targetFailed, String(cString: strerror(number)), hint: hint)
    }

    /// Returns the metrics of the last run; nil also if a copy that never ran left no journal.
    private func lastRun(of run: PipelineRun) async throws(TranshipError) -> RunMetrics? {
        do throws(TranshipError) {
            return try await RunMetrics.read(journalPath: run.journalPath)
        } catch {
            guard error.code == .journalMissing else { throw error }
            return nil
        }
    }

    /// Writes the file of `--metrics`. Reports a failure, which does not change the exit code.
    func writeMetrics(_ status: ExitStatus, of run: PipelineRun) async {
        guard let metrics else { return }
        do throws(TranshipError) {
            let found = try await lastRun(of: run)
            let text = MetricsRendering(found, status, pipelineName: run.pipelineName).text
            try Self.replace(metrics, with: text)
        } catch {
            Self.tell(error, metrics)
        }
    }

    /// Writes the file of `--metrics` if the pipeline file cannot be used, for example because of a
    /// typing error. The exit code is new, and all other values stay as the last run left them.
    ///
    /// - Parameter file: the pipeline file. Without an earlier run, its name replaces the
    ///   pipeline's name.
    func writeMetrics(_ status: ExitStatus, ofFile file: String) {
        guard let metrics else { return }
        let last = FileManager.default.contents(atPath: metrics)
            .map { String(decoding: $0, as: UTF8.self) }
        let name = String(PathText.lastComponent(file).prefix { $0 != "." })
        do throws(TranshipError) {
            let text =
                last.flatMap { MetricsRendering.text($0, endingWith: status) }
                ?? MetricsRendering(nil, status, pipelineName: name).text
            try Self.replace(metrics, with: text)
        } catch {
            Self.tell(error, metrics)
        }
    }

    private static func tell(_ error: TranshipError, _ metrics: String) {
        let hint = error.hint.map { "\nhint: \($0)" } ?? ""
        Terminal.tell(
            "warning: cannot write --metrics \(metrics): \(error.message)\(hint)", insists: true)
    }
}
