// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation

/// Everything that goes to standard error: messages, and below them, on a terminal, a drawing that
/// changes. One for the process, because there is one standard error.
enum Log {
    private struct State {
        var writesTimes = false
        /// Nil writes messages at once; otherwise they wait here for the exit code.
        var held: [String]?
        /// Those of them that `--quiet` does not hide: nothing else says what they say.
        var insisted: [String] = []
        var heldLength = 0
        var isHeldCut = false
        var drawing = Drawing()
        var showsTabProgress = false
    }

    private static let state = Guarded(State())

    /// The most bytes of messages that `--quiet` keeps: the oldest go first.
    private static let heldLengthMax = 1 << 20

    /// Sets how messages are written from now on.
    ///
    /// - Parameters:
    ///   - times: each line begins with the time, for logs.
    ///   - holding: messages wait for ``end(_:)``.
    static func begin(times: Bool, holding: Bool) {
        state.withLock { state in
            state.writesTimes = times
            state.held = holding ? [] : nil
        }
    }

    static var writesTimes: Bool { state.withLock { $0.writesTimes } }

    /// Ends the process's messages: wipes the drawing, and says what `--quiet` kept if the exit code
    /// is not 0.
    static func end(_ code: Int32) {
        wipe()
        state.withLock { state in
            guard let held = state.held else { return }
            state.held = nil
            guard code != 0 else {
                return Terminal.write(state.insisted.joined(), to: STDERR_FILENO)
            }
            if state.isHeldCut {
                Terminal.write("… earlier messages are left out\n", to: STDERR_FILENO)
            }
            Terminal.write(held.joined(), to: STDERR_FILENO)
        }
    }

    // MARK: Messages

    /// Writes a message above the drawing, which stays on the screen below it. Its controls are shown
    /// already.
    ///
    /// - Parameter insists: true for what `--quiet` does not hide.
    static func write(_ text: String, insists: Bool = false) {
        state.withLock { state in
            let lines = state.writesTimes ? Self.withTimes(text) : text + "\n"
            guard state.held != nil else {
                return Terminal.write(
                    state.drawing.above(lines, columns: Terminal.columns, rows: Terminal.rows),
                    to: STDERR_FILENO)
            }
            state.held?.append(lines)
            if insists { state.insisted.append(lines) }
            state.heldLength += lines.utf8.count
            while state.heldLength > heldLengthMax, let first = state.held?.first {
                state.heldLength -= first.utf8.count
                state.held?.removeFirst()
                state.isHeldCut = true
            }
        }
    }

    /// Each line with the time before it (RFC 3339).
    private static func withTimes(_ text: String) -> String {
        let time = Timestamp.text(Timestamp.now())
        return text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { "\(time) \($0)\n" }.joined()
    }

    // MARK: The drawing

    /// Draws lines in place of the previous ones, each cut to the width of the terminal.
    ///
    /// - Parameter percent: shown in the terminal's tab too, if the terminal can do that.
    static func draw(_ lines: [String], percent: Int? = nil) {
        let (columns, rows) = (Terminal.columns, Terminal.rows)
        state.withLock { state in
            guard state.held == nil else { return }
            var tab = ""
            if let percent, TabProgress.isUnderstood {
                tab = TabProgress.text(percent)
                state.showsTabProgress = true
            }
            let text = state.drawing.replaced(
                by: lines.map(\.withControlsShown), columns: columns, rows: rows)
            Terminal.write(tab + text, to: STDERR_FILENO)
        }
    }

    static func wipe() {
        state.withLock { state in
            var text = state.drawing.wiped(columns: Terminal.columns)
            if state.showsTabProgress { text += TabProgress.end }
            state.showsTabProgress = false
            if !text.isEmpty { Terminal.write(text, to: STDERR_FILENO) }
        }
    }
}

/// Lines that stay the last ones of a terminal, and the text that keeps them there. Each text is to be
/// written in one call, so that the screen is never seen without them.
struct Drawing {
    private var lines: [String] = []
    /// The columns that each line on the screen takes.
    private var widths: [Int] = []

    /// Draws lines in place of the previous ones.
    ///
    /// - Parameter lines: without controls. Each is cut to the width of the terminal; those that do
    ///   not fit its height are left out, the first ones first.
    mutating func replaced(by lines: [String], columns: Int, rows: Int) -> String {
        self.lines = lines
        return wiping(columns) + drawn(columns, rows)
    }

    /// Writes text that scrolls away, and the same lines below it.
    ///
    /// - Parameter text: whole lines.
    mutating func above(_ text: String, columns: Int, rows: Int) -> String {
        wiping(columns) + text + (lines.isEmpty ? "" : drawn(columns, rows))
    }

    /// Removes the lines; empty if there are none.
    mutating func wiped(columns: Int) -> String {
        defer { self = Drawing() }
        return wiping(columns)
    }

    private mutating func drawn(_ columns: Int, _ rows: Int) -> String {
        let cut = lines.suffix(max(1, rows - 1)).map { $0.cut(toColumns: max(2, columns) - 1) }
        widths = cut.map(\.columnCount)
        return cut.joined(separator: "\n") + "\n"
    }

    /// A terminal that has become narrower has wrapped the lines: they take more rows than lines.
    private func wiping(_ columns: Int) -> String {
        guard !widths.isEmpty else { return "" }
        let columns = max(1, columns)
        let rows = widths.reduce(0) { $0 + max(1, ($1 + columns - 1) / columns) }
        // The cursor may be in a later column: a terminal echoes the key that interrupts.
        return "\r\u{1B}[\(rows)A\u{1B}[J"
    }
}

/// The progress in a terminal's tab or taskbar: OSC 9;4 of ConEmu, which others took over.
enum TabProgress {
    static let isUnderstood = isUnderstood(ProcessInfo.processInfo.environment)

    /// Only terminals that are known to understand it: others show a notification.
    static func isUnderstood(_ environment: [String: String]) -> Bool {
        guard environment["TMUX"] == nil, environment["STY"] == nil else { return false }
        return environment["ConEmuANSI"] == "ON" || environment["WT_SESSION"] != nil
            || ["WezTerm", "ghostty"].contains(environment["TERM_PROGRAM"] ?? "")
    }

    static func text(_ percent: Int) -> String {
        "\u{1B}]9;4;1;\(min(100, max(0, percent)))\u{07}"
    }

    static let end = "\u{1B}]9;4;0;0\u{07}"
}
