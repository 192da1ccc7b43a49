// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import MigrationPipeline
import Planning
import Synchronization

/// Reports events as they happen, as lines for people or as JSON Lines.
final class Talk: Sendable {
    let format: OutputFormat
    let verbose: Bool
    private let lastListing = Mutex<(text: String, at: Date)>(("", .distantPast))
    /// The progress display. Wipe it before you write a line.
    let screen = Screen()

    init(format: OutputFormat, verbose: Bool) {
        self.format = format
        self.verbose = verbose
    }

    // MARK: Planning

    var planning: @Sendable (PlanningEvent) -> Void {
        { [self] event in
            switch event {
            case .listing(let what, let images): listing("\(what): \(images) images listed")
            case .warning(let text):
                if format == .json { JSONLine("warning", ["message": .string(text)]).put() }
                line("warning: \(text)")
            }
        }
    }

    private func listing(_ text: String) {
        // If the output is not a terminal, one line every few seconds is enough.
        let isDue = lastListing.withLock { last in
            guard Terminal.talkIsTerminal || Date().timeIntervalSince(last.at) > 3 else {
                return false
            }
            last = (text, Date())
            return true
        }
        guard isDue else { return }
        if Terminal.talkIsTerminal { screen.draw([text]) } else { Terminal.tell(text) }
    }

    func endLine() { screen.wipe() }

    // MARK: Running

    var event: @Sendable (RunEvent) -> Void {
        { [self] event in format == .json ? putJSON(event) : tell(event) }
    }

    private func tell(_ event: RunEvent) {
        switch event {
        case .started(let transfer):
            guard verbose else { return }
            line("\(transfer.label): \(transfer.state.rawValue)")
        case .moved(let transfer):
            guard verbose else { return }
            line("\(transfer.label): now \(transfer.state.rawValue)")
        case .waiting(let transfer, let seconds):
            guard verbose else { return }
            line("\(transfer.label): waiting \(rounded(seconds)): \(transfer.wait.reason ?? "")")
        case .retrying(let transfer, let error, let seconds):
            line(
                "\(transfer.label): \(error.message)\n  "
                    + "\(transfer.wait.reason ?? "failed"), again in \(rounded(seconds))")
        case .note(let transfer, let text):
            line("\(transfer.label): \(text)")
        case .notice(let text): line(text)
        case .ended(let transfer): ended(transfer)
        }
    }

    private func ended(_ transfer: Transfer) {
        let size = transfer.proof.sizeBytes.map { " (\(ByteCount.format($0)))" } ?? ""
        switch transfer.state {
        case .done: line("\(transfer.label): done\(size), as \(transfer.imageID ?? "?")")
        default:
            line(
                "\(transfer.label): \(transfer.state.rawValue): \(transfer.failure?.message ?? "")")
            if let hint = transfer.failure?.hint { line("  hint: \(hint)") }
        }
    }

    private func putJSON(_ event: RunEvent) {
        switch event {
        case .started(let transfer): JSONLine("started", transfer.jsonMembers).put()
        case .moved(let transfer): JSONLine("moved", transfer.jsonMembers).put()
        case .ended(let transfer): JSONLine("ended", transfer.jsonMembers).put()
        case .waiting(let transfer, let seconds):
            var members = transfer.jsonMembers
            members["seconds"] = .number(seconds)
            JSONLine("waiting", members).put()
        case .retrying(let transfer, _, let seconds):
            var members = transfer.jsonMembers
            members["seconds"] = .number(seconds)
            JSONLine("retrying", members).put()
        case .note(let transfer, let text):
            var members = transfer.jsonMembers
            members["message"] = .string(text)
            JSONLine("note", members).put()
        case .notice(let text): JSONLine("notice", ["message": .string(text)]).put()
        }
    }

    func interrupted(journalPath: String) {
        if format == .json {
            JSONLine("interrupted", ["journal": .string(journalPath)]).put()
        }
        line("interrupted; run again, or `tranship resume`, to go on")
    }

    /// Writes a line above the progress display.
    func line(_ text: String) { screen.line(text) }

    private func rounded(_ seconds: Double) -> String {
        seconds < 10 ? "\((seconds * 10).rounded() / 10)s" : TimeSpan.format(Int64(seconds))
    }
}

extension Transfer {
    /// The name of this transfer for people: image and target.
    var label: String { "\(source.displayName) -> \(targetKey)" }
}

/// A few lines at the bottom of the terminal that can be redrawn.
final class Screen: Sendable {
    private let drawnLines = Mutex(0)

    /// Draws the lines in place of the previous ones.
    func draw(_ lines: [String]) {
        let columns = Terminal.columns
        drawnLines.withLock { drawn in
            let cut = lines.map { String($0.prefix(columns - 1)) }
            Terminal.draw(Self.wiping(drawn) + cut.joined(separator: "\n") + "\n")
            drawn = cut.count
        }
    }

    func wipe() {
        drawnLines.withLock { drawn in
            guard drawn > 0 else { return }
            Terminal.draw(Self.wiping(drawn))
            drawn = 0
        }
    }

    /// Writes a permanent line above the next drawing.
    func line(_ text: String) {
        drawnLines.withLock { drawn in
            Terminal.draw(Self.wiping(drawn) + text + "\n")
            drawn = 0
        }
    }

    private static func wiping(_ lines: Int) -> String {
        lines == 0 ? "" : "\u{1B}[\(lines)A\u{1B}[J"
    }
}
