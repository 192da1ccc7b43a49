// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation

/// The output to standard error: messages, and on a terminal a changing drawing below them. There
/// is one for the process, because there is one standard error.
enum Log {
    private struct State {
        var writesTimes = false
        /// The messages that wait for the exit code; nil if messages are written at once.
        var held: [String]?
        /// The waiting messages that `--quiet` does not hide, because they are the only source of
        /// their information.
        var insisted: [String] = []
        var heldLength = 0
        var isHeldCut = false
        var drawing = Drawing()
        var showsTabProgress = false
    }

    private static let state = Guarded(State())

    /// The maximum number of bytes of messages that `--quiet` keeps. The oldest are dropped first.
    private static let heldLengthMax = 1 << 20

    /// Sets how messages are written from now on.
    ///
    /// - Parameters:
    ///   - times: true for logs, where each line begins with the time.
    ///   - holding: true if messages wait for ``end(_:)``.
    static func begin(times: Bool, holding: Bool) {
        state.withLock { state in
            state.writesTimes = times
            state.held = holding ? [] : nil
        }
    }

    static var writesTimes: Bool { state.withLock { $0.writesTimes } }

    /// Ends the messages of the process: removes the drawing, and prints the messages that
    /// `--quiet` kept if the exit code is not 0.
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

    /// Writes a message above the drawing, which stays on the screen below it. The message must
    /// already show its control characters.
    ///
    /// - Parameter insists: true for messages that `--quiet` does not hide.
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

    /// Returns the text with the time before each line (RFC 3339).
    private static func withTimes(_ text: String) -> String {
        let time = Timestamp.text(Timestamp.now())
        return text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { "\(time) \($0)\n" }.joined()
    }

    // MARK: The drawing

    /// Draws lines in place of the previous ones, each cut to the width of the terminal.
    ///
    /// - Parameter percent: the progress to show in the terminal's tab, if the terminal supports
    ///   that.
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

/// Lines that stay at the bottom of a terminal, and the text that keeps them there. Each text must
/// be written in one call, so that the screen never appears without the lines.
struct Drawing {
    private var lines: [String] = []
    /// The number of columns of each line on the screen.
    private var widths: [Int] = []

    /// Draws lines in place of the previous ones.
    ///
    /// - Parameter lines: the lines without control characters. Each is cut to the width of the
    ///   terminal. If they do not fit its height, the first ones are left out.
    mutating func replaced(by lines: [String], columns: Int, rows: Int) -> String {
        self.lines = lines
        return wiping(columns) + drawn(columns, rows)
    }

    /// Writes text that scrolls away, and the same lines below it.
    ///
    /// - Parameter text: the text, in whole lines.
    mutating func above(_ text: String, columns: Int, rows: Int) -> String {
        wiping(columns) + text + (lines.isEmpty ? "" : drawn(columns, rows))
    }

    /// Removes the lines. Returns an empty text if there are none.
    mutating func wiped(columns: Int) -> String {
        defer { self = Drawing() }
        return wiping(columns)
    }

    private mutating func drawn(_ columns: Int, _ rows: Int) -> String {
        let cut = lines.suffix(max(1, rows - 1)).map { $0.cut(toColumns: max(2, columns) - 1) }
        widths = cut.map(\.columnCount)
        return cut.joined(separator: "\n") + "\n"
    }

    /// Returns the text that removes the lines. If the terminal has become narrower, it has wrapped
    /// them, so they take more rows.
    private func wiping(_ columns: Int) -> String {
        guard !widths.isEmpty else { return "" }
        let columns = max(1, columns)
        let rows = widths.reduce(0) { $0 + max(1, ($1 + columns - 1) / columns) }
        // The cursor may be in a later column: a terminal echoes the key that interrupts.
        return "\r\u{1B}[\(rows)A\u{1B}[J"
    }
}

/// The progress in a terminal's tab or taskbar: OSC 9;4 of ConEmu, which other terminals have
/// adopted.
enum TabProgress {
    static let isUnderstood = isUnderstood(ProcessInfo.processInfo.environment)

    /// True for terminals that are known to support it; others would show a notification.
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
