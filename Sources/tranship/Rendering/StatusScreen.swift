// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TranshipKit

/// The screen of `status --watch`. Pure.
struct StatusScreen {
    /// An image that was not successful, or that the plan left out.
    struct Problem: Equatable {
        var word: String
        var name: String
        var target: String
        var reason: String
    }

    var run: Run
    /// The process that works on the run; nil if none does.
    var holder: LockHolder?
    /// The exit code if all remaining images succeed.
    var exitSoFar: ExitStatus = .done
    var live: LiveProgress?
    var problems: [Problem]
    var columns: Int
    var rows = 24
    /// The current time in milliseconds since 1970.
    var now: Int64

    var lines: [String] {
        let usable = columns - 1
        guard let live else { return [headline.cut(toColumns: usable)] + problemLines(rows - 2) }
        let screen = RunScreen(
            live: live, headline: "", columns: columns, rows: max(6, rows - problems.count - 1))
        let images = Array(screen.lines.dropFirst())
        let total = images.firstIndex { $0 == screen.total } ?? 0
        let room = rows - images.count - 2
        return [headline.cut(toColumns: usable), screen.total]
            + images[..<total] + problemLines(room) + images[(total + 1)...]
    }

    private var headline: String {
        let spent = ClockText.format((now - run.startedAt) / 1000)
        let process = holder?.processID.map { " (process \($0))" }
        let doing = run.plannedAt == nil ? "planning" : "running"
        let start = "\(run.pipelineName)   run \(run.id), \(doing) \(spent)"
        let exit = "   exit so far \(exitSoFar.rawValue)"
        let file = run.isCopy ? "" : "   \(run.pipelineFile)"
        // A narrower terminal gets fewer facts.
        let all = [start + (process ?? "") + exit + file, start + (process ?? "") + exit]
        return all.first { $0.columnCount < columns } ?? start + exit
    }

    private func problemLines(_ room: Int) -> [String] {
        guard !problems.isEmpty, room > 0 else { return [] }
        let shown = problems.count > room ? max(0, room - 1) : problems.count
        let usable = columns - 1
        let taken = 2 + 12 + 2
        let reasons = problems.map(\.reason.columnCount).max() ?? 0
        let longest = problems.map(\.name.withControlsShown.columnCount).max() ?? 0
        let name = max(8, min(longest, usable - taken - reasons - 2))
        var lines = problems.prefix(shown).map { problem in
            ("  " + problem.word.filled(toColumns: 12) + "  "
                + problem.name.withControlsShown.filled(toColumns: name) + "  " + problem.reason)
                .cut(toColumns: usable)
        }
        let left = problems.count - shown
        if left > 0 { lines.append("  … and \(left) more that failed or were refused") }
        return lines
    }
}

extension StatusScreen {
    /// The maximum number of problems that are read. The screen has room for fewer.
    private static let problemsMax = 100

    init(_ status: RunStatus) async throws(TranshipError) {
        let failed = try await status.transfers(
            in: [.failed, .unpublished], limit: Self.problemsMax)
        var problems = failed.map { transfer in
            Problem(
                word: transfer.state.rest, name: transfer.source.displayName,
                target: transfer.targetKey, reason: transfer.failure?.code.rawValue ?? "")
        }
        problems += status.refused.prefix(Self.problemsMax).map { image in
            Problem(
                word: image.words, name: image.name,
                target: image.targetKey, reason: image.failure.code.rawValue)
        }
        problems += status.missed.map { words in
            Problem(word: "not found", name: words, target: "", reason: "")
        }
        self.init(
            run: status.run, holder: status.holder,
            exitSoFar: try await RunSummary(status).exitStatus, live: status.live,
            problems: problems, columns: Terminal.columns, rows: Terminal.rows, now: Timestamp.now()
        )
    }
}
