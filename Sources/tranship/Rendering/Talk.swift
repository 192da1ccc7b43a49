// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel

/// Reports events as they happen, as lines for people or as JSON Lines.
final class Talk: Sendable {
    let format: OutputFormat
    let verbose: Bool
    let style: ProgressStyle
    private let screen: Screen
    /// The notes about images for the end of a log, with one line for each kind.
    private let notes = Guarded(AlikeNotes())
    /// The wait reasons already printed for each image that waits for room in the spool.
    private let waits = Guarded<[Int64: Set<String>]>([:])

    init(format: OutputFormat, verbose: Bool, style: ProgressStyle = .standard) {
        self.format = format
        self.verbose = verbose
        self.style = style
        screen =
            style.isForLogs
            ? Screen(
                quietSince: Date().timeIntervalSince1970,
                lineSeconds: ProgressStyle.logSeconds, draws: style.draws)
            : Screen(draws: style.draws)
    }

    // MARK: Planning

    var planning: @Sendable (PlanningEvent) -> Void {
        { [self] event in
            switch event {
            case .listing(let what, let images):
                guard style.draws || style.writes else { return }
                screen.show("\(what): \(counted(images, "image")) listed so far")
            case .asking(let what, let number, let all):
                // A log gets the plan when it is complete.
                guard style.draws else { return }
                screen.show("planning: \(what) (\(number) of \(all))")
            case .warning(let warning):
                let text = CommandWords.hint(warning.words)
                if format == .json {
                    JSONLine("warning", ["code": .string(warning.code), "message": .string(text)])
                        .put()
                }
                line("warning: \(text)")
            }
        }
    }

    func endLine() { screen.wipe() }

    /// Returns the notes about single images that the log does not have yet.
    func takeNotes() -> [String] {
        notes.withLock { notes in
            defer { notes = AlikeNotes() }
            return notes.lines
        }
    }

    /// Prints the hints for absences, for a command that has no end report.
    func tellHints(of absences: [Absence]) {
        for absence in absences {
            guard let hint = absence.failure.hint else { continue }
            let whose = absences.count > 1 ? "\(absence.name): " : ""
            Terminal.tell("hint: \(whose)\(CommandWords.hint(hint))")
        }
    }

    // MARK: Running

    var event: @Sendable (RunEvent) -> Void {
        { [self] event in format == .json ? putJSON(event) : tell(event) }
    }

    private func tell(_ event: RunEvent) {
        switch event {
        case .started(let transfer) where verbose && transfer.wait.cause?.isForRoom != true:
            line("\(transfer.label): \(transfer.state.rawValue)")
        case .moved(let transfer) where verbose:
            line("\(transfer.label): now \(transfer.state.rawValue)")
        case .waiting(let transfer, let seconds) where verbose:
            // The transfer looks for room repeatedly, so each reason is printed once.
            if let cause = transfer.wait.cause, cause.isForRoom {
                let isNew = waits.withLock {
                    $0[transfer.id, default: []].insert(cause.code).inserted
                }
                guard isNew else { return }
            }
            line("\(transfer.label): waiting \(rounded(seconds)): \(transfer.wait.reason ?? "")")
        case .started, .moved, .waiting: break
        case .retrying(let transfer, let error, let seconds):
            line(
                "\(transfer.label): \(error.message)\n  "
                    + "\(transfer.wait.reason ?? "failed"), again in \(rounded(seconds))")
        case .note(let transfer, let notice) where verbose || !style.isForLogs:
            line("\(transfer.label): \(notice.words)")
        case .note(let transfer, let notice):
            notes.withLock { $0.add(transfer.label, notice.words) }
        case .waitsForEndpoint(let transfer, let notice) where verbose:
            line("\(transfer.label): \(notice.words)")
        case .waitsForEndpoint: break
        case .notice(let notice): line(notice.words)
        case .changed(let change):
            if change.state != .left || verbose { line(change.endedLine) }
            if let hint = change.failure?.hint { line("  hint: \(CommandWords.hint(hint))") }
        case .ended(let transfer): ended(transfer)
        }
    }

    private func ended(_ transfer: Transfer) {
        waits.withLock { $0[transfer.id] = nil }
        let size = transfer.proof.sizeBytes.map { " (\(ByteCount.format($0)))" } ?? ""
        guard transfer.state != .done else {
            // A log has its totals at the end, and `status` has the images.
            guard verbose || !style.isForLogs else { return }
            return line("\(transfer.label): done\(size), as \(transfer.imageID ?? "?")")
        }
        let why = transfer.failure?.message ?? transfer.remarks.last?.words
        line(
            ([transfer.label, transfer.state.rawValue] + [why].compactMap(\.self))
                .joined(separator: ": "))
        if let hint = transfer.failure?.hint { line("  hint: \(CommandWords.hint(hint))") }
    }

    private func putJSON(_ event: RunEvent) {
        switch event {
        case .started(let transfer): put("started", transfer)
        case .moved(let transfer): put("moved", transfer)
        case .ended(let transfer): put("ended", transfer)
        case .waiting(let transfer, let seconds):
            put("waiting", transfer, ["seconds": .number(seconds)])
        case .retrying(let transfer, _, let seconds):
            put("retrying", transfer, ["seconds": .number(seconds)])
        case .note(let transfer, let notice), .waitsForEndpoint(let transfer, let notice):
            put(
                "note", transfer,
                ["code": .string(notice.code), "message": .string(notice.words)])
        case .changed(let change): change.json("change").put()
        case .notice(let notice):
            JSONLine(
                "notice", ["code": .string(notice.code), "message": .string(notice.words)]
            ).put()
        }
    }

    private func put(_ type: String, _ transfer: Transfer, _ more: [String: JSONValue] = [:]) {
        JSONLine(type, transfer.jsonMembers.merging(more) { $1 }).put()
    }

    func interrupted(journalPath: String) {
        if format == .json {
            JSONLine("interrupted", ["journal": .string(journalPath)]).put()
        }
        line("interrupted; the same command goes on")
    }

    /// Writes a line above the progress display.
    func line(_ text: String) { Terminal.tell(text) }

    private func rounded(_ seconds: Double) -> String {
        seconds < 10
            ? "\((seconds * 10).rounded() / 10)s" : TimeSpan.format(Int64(clamping: seconds))
    }
}

extension Transfer {
    /// The name of this transfer for people: image and target.
    var label: String { "\(source.displayName) -> \(targetKey)" }
}

/// A text that changes: on a terminal in place of the last one, otherwise as a line from time to
/// time.
final class Screen: Sendable {
    private static let drawSeconds = 0.25
    private let lineSeconds: Double
    private let draws: Bool
    private let lastLine: Guarded<(text: String, at: Double)>

    /// - Parameters:
    ///   - quietSince: a time in seconds since 1970. Without a terminal, ``show(_:)`` prints
    ///     nothing in the first `lineSeconds` after it.
    ///   - lineSeconds: the time between two lines without a terminal.
    init(
        quietSince: Double = 0, lineSeconds: Double = 5, draws: Bool = Terminal.draws
    ) {
        self.lineSeconds = lineSeconds
        self.draws = draws
        lastLine = Guarded(("", quietSince))
    }

    /// Calls `show` 4 times per second for a terminal, otherwise every 5 seconds.
    static func redrawing(
        onTerminal: Bool = Terminal.draws, _ show: @escaping @Sendable () -> Void
    ) -> Task<Void, Never> {
        Task {
            while true {
                do {
                    try await Task.sleep(for: .seconds(onTerminal ? drawSeconds : 5))
                } catch { return }
                show()
            }
        }
    }

    func show(_ text: String) {
        if draws { return draw([text]) }
        let now = Date().timeIntervalSince1970
        let isDue = lastLine.withLock { last in
            guard text != last.text, now - last.at >= lineSeconds else { return false }
            last = (text, now)
            return true
        }
        if isDue { Terminal.tell(text) }
    }

    /// Draws the lines in place of the previous ones.
    func draw(_ lines: [String]) { Log.draw(lines) }

    func wipe() { Log.wipe() }
}
