// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation

/// Writes data to standard output and messages to standard error.
enum Terminal {
    /// True if a drawing on standard error can change in place. A dumb terminal cannot move the
    /// cursor up, and an empty `TERM` names no terminal. If `TERM` is not set, a normal terminal is
    /// assumed.
    static var draws: Bool {
        isatty(STDERR_FILENO) == 1
            && !["dumb", ""].contains(ProcessInfo.processInfo.environment["TERM"] ?? "xterm")
    }
    static var talkIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
    static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Refuses to write image data to a terminal.
    ///
    /// - Parameter file: the output file; `-` is standard output.
    static func refuseData(to file: String) throws(TranshipError) {
        guard file == "-", outputIsTerminal else { return }
        throw TranshipError(
            .usage, "standard output is a terminal", hint: "name a file, or use a pipe")
    }

    /// The maximum length of messages and lines, which repeat names and answers from outside.
    private static let messageCharactersMax = 20_000

    /// Writes a message to standard error. Its first line begins at the margin, and all others are
    /// indented, so that text from outside with a line end cannot look like our own message.
    ///
    /// - Parameter insists: true for messages that `--quiet` does not hide.
    static func tell(_ text: String, insists: Bool = false) {
        let shown = text.cut(to: messageCharactersMax).linesShown
        Log.write(
            talkIsTerminal ? shown.linesWrapped(toColumns: columns - 1) : shown, insists: insists)
    }

    /// Writes a line that fits the terminal, or that must not be broken.
    static func tellFitted(_ line: String) {
        Log.write(line.cut(to: messageCharactersMax).withControlsShown)
    }

    /// Writes our own text, such as a help page.
    static func tellWhole(_ text: String) { Log.write(text) }

    /// Writes an error to standard error, with its hint.
    ///
    /// - Parameter name: the thing that failed, if several may fail.
    static func tell(_ error: TranshipError, of name: String? = nil) {
        tell("error: \(name.map { "\($0): " } ?? "")\(error.message)")
        if let hint = error.hint { tell("hint: \(CommandWords.hint(hint))") }
    }

    /// Writes one line for people to standard output.
    static func put(_ line: String) {
        // Standard output and standard error may be the same terminal.
        if outputIsTerminal { Log.wipe() }
        write(line.cut(to: messageCharactersMax).withControlsShown + "\n", to: STDOUT_FILENO)
    }

    /// Writes a sentence, or a title and words, to standard output. On a terminal, breaks it
    /// between words.
    static func putSentence(_ text: String) {
        guard outputIsTerminal else { return put(text) }
        let shown = text.cut(to: messageCharactersMax).withControlsShown
        let lines = shown.linesWrapped(toColumns: columns - 1)
        for line in lines.split(separator: "\n", omittingEmptySubsequences: false) {
            put(String(line))
        }
    }

    /// Writes our own text, such as a file, to standard output.
    static func putWhole(_ text: String) { write(text, to: STDOUT_FILENO) }

    /// Writes JSON, which already escapes its control characters, to standard output.
    static func putJSON(_ text: String, end: String = "\n") {
        write(text + end, to: STDOUT_FILENO)
    }

    /// The first error of a write to standard output. Ignores a closed pipe (`… | head`).
    static var outputFailure: TranshipError? {
        let number = failureNumber.withLock { $0 }
        guard number != 0, number != EPIPE else { return nil }
        return TranshipError(
            .targetFailed, "cannot write standard output: \(String(cString: strerror(number)))")
    }

    /// False after standard output was closed or failed. Commands then request nothing more from
    /// the cloud.
    static var takesOutput: Bool {
        guard failureNumber.withLock({ $0 }) == 0 else { return false }
        // Detect a pipe without a reader even before the first write, because tables are written
        // only at the end.
        var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        return poll(&output, 1, 0) <= 0 || output.revents & Int16(POLLERR) == 0
    }

    private static let failureNumber = Guarded<Int32>(0)

    /// The width of the terminal in columns; 80 if unknown.
    static var columns: Int { size.columns }

    /// The height of the terminal in lines; 24 if unknown.
    static var rows: Int { size.rows }

    private static var size: (columns: Int, rows: Int) {
        for descriptor in [STDERR_FILENO, STDOUT_FILENO] {
            var size = winsize()
            if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
                return (Int(size.ws_col), size.ws_row > 0 ? Int(size.ws_row) : 24)
            }
        }
        let environment = ProcessInfo.processInfo.environment
        func number(_ name: String) -> Int? {
            environment[name].flatMap(Int.init).flatMap { (2...10_000).contains($0) ? $0 : nil }
        }
        return (number("COLUMNS") ?? 80, number("LINES") ?? 24)
    }

    /// Writes the text in one call, so that lines from several threads do not mix.
    static func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 {
                let number = errno
                if number == EINTR { continue }
                if descriptor == STDOUT_FILENO {
                    failureNumber.withLock { $0 = $0 == 0 ? number : $0 }
                }
                return
            }
            offset += count
        }
    }
}

extension String {
    /// The text as by ``withControlsShown``, for a message of several lines. All lines after the
    /// first are indented.
    var linesShown: String {
        split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { index, line in
            let shown = String(line).withControlsShown
            return index == 0 || shown.hasPrefix("  ") || shown.isEmpty ? shown : "  " + shown
        }.joined(separator: "\n")
    }
}
