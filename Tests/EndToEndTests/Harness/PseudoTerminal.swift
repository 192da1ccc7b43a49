// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import LabSupport
import TestSupport

/// A command in a terminal of its own, with its output and the resulting screen.
struct PseudoTerminal {
    /// Starts the command in a terminal of this size. After some seconds, the terminal changes its
    /// width, or the command gets the key that interrupts it.
    private static let program = """
        import fcntl, os, pty, select, struct, sys, termios, time
        columns, rows, resize, after, key = (int(word) for word in sys.argv[1:6])
        def size(fd, columns):
            fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        pid, fd = pty.fork()
        if pid == 0:
            size(1, columns)
            os.execv(sys.argv[6], sys.argv[6:])
        end = time.time() + after
        acted = after == 0
        while True:
            ready, _, _ = select.select([fd], [], [], 0.05)
            if not acted and time.time() > end:
                acted = True
                if resize:
                    size(fd, resize)
                    os.write(1, b"\\x00")
                if key:
                    os.write(fd, b"\\x03")
            if ready:
                try:
                    data = os.read(fd, 65536)
                except OSError:
                    break
                if not data:
                    break
                os.write(1, data)
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """

    var columns = 80
    var rows = 24
    /// The width after the change; nil keeps it.
    var resizedColumns: Int?
    var interrupts = false
    /// The time of the change or of the key.
    var afterSeconds = 0

    /// - Parameter journal: the path of the journal; nil for the place where commands look for it.
    func run(
        _ arguments: [String], in scene: Scene, term: String = "xterm", journal: String?,
        environment: [String: String] = [:]
    ) async throws -> (outcome: Outcome, screen: ScreenModel) {
        let command = try start(
            arguments, in: scene, term: term, journal: journal, environment: environment)
        return await end(of: command)
    }

    /// Starts the command. Its output shows the screen so far.
    func start(
        _ arguments: [String], in scene: Scene, term: String = "xterm", journal: String?,
        environment: [String: String] = [:]
    ) throws -> RunningCommand {
        try RunningCommand(
            [
                "-c", Self.program, "\(columns)", "\(rows)", "\(resizedColumns ?? 0)",
                "\(afterSeconds)", interrupts ? "1" : "0", StartedProcess.tranship.path,
            ] + arguments + (journal.map { ["--journal", $0] } ?? []),
            environment: scene.environment.merging(["TERM": term]) { $1 }
                .merging(environment) { $1 },
            folder: scene.folder, binary: Lab.python)
    }

    /// Waits for the end of a command that ``start(_:in:term:journal:environment:)`` returned.
    func end(of command: RunningCommand) async -> (outcome: Outcome, screen: ScreenModel) {
        let outcome = await command.outcome()
        var screen = ScreenModel(columns: columns)
        for part in outcome.output.split(separator: "\0", omittingEmptySubsequences: false)
            .enumerated()
        {
            if part.offset == 1, let resizedColumns { screen.resize(columns: resizedColumns) }
            screen.write(String(part.element))
        }
        return (outcome, screen)
    }
}

extension PseudoTerminal {
    func run(_ arguments: [String], in scene: Scene, term: String = "xterm") async throws -> (
        outcome: Outcome, screen: ScreenModel
    ) {
        try await run(arguments, in: scene, term: term, journal: scene.journal)
    }
}

/// The columns that a terminal gives to characters, as the C library reports them, and not as
/// Tranship counts them.
enum TerminalCells {
    /// `wcwidth` of X/Open, which the headers hide.
    private static let widthOfScalar: (@convention(c) (Int32) -> Int32)? = dlsym(nil, "wcwidth").map
    {
        unsafeBitCast($0, to: (@convention(c) (Int32) -> Int32).self)
    }

    static func width(of text: String) -> Int {
        let unicode = newlocale(1 << LC_CTYPE, "C.UTF-8", nil)
        let before = uselocale(unicode)
        defer {
            uselocale(before)
            freelocale(unicode)
        }
        guard let widthOfScalar else { preconditionFailure("the C library has no wcwidth") }
        return text.unicodeScalars.reduce(0) {
            $0 + max(0, Int(widthOfScalar(Int32(truncatingIfNeeded: $1.value))))
        }
    }
}

/// A terminal without scrolling that wraps long lines again when its width changes, as desktop
/// terminals do. Knows the few sequences that Tranship writes.
struct ScreenModel {
    private(set) var columns: Int
    /// The rows, each with a flag if it continues in the next one. A wide character takes two
    /// cells, and the second one is nil.
    private var cells: [(text: [Character?], wraps: Bool)] = [([], false)]
    private var row = 0
    private var column = 0
    /// Sequences that the model does not know.
    private(set) var unknown: [String] = []

    init(columns: Int) { self.columns = columns }

    /// The rows without blanks at their ends.
    var lines: [String] {
        cells.map { row in
            var text = row.text
            while text.last == " " { text.removeLast() }
            return String(text.compactMap(\.self))
        }
    }

    /// The rows that were longer than the terminal.
    var longRows: [String] {
        zip(lines, cells).compactMap { $1.wraps ? $0 : nil }
    }

    mutating func write(_ text: String) {
        var rest = Array(text.unicodeScalars)[...]
        var run = String.UnicodeScalarView()
        func isPlain(_ scalar: Unicode.Scalar) -> Bool {
            scalar.value >= 0x20 && scalar != "\u{7F}"
        }
        while let scalar = rest.first {
            if isPlain(scalar) {
                run.append(scalar)
                rest = rest.dropFirst()
                continue
            }
            for character in String(run) { put(character) }
            run = .init()
            rest = rest.dropFirst()
            switch scalar {
            case "\r": column = 0
            case "\n": newRow()
            case "\u{1B}": rest = escape(rest)
            default: unknown.append("\(scalar.value)")
            }
        }
        for character in String(run) { put(character) }
    }

    private mutating func put(_ character: Character) {
        let width = character.isASCII ? 1 : TerminalCells.width(of: String(character))
        if column + width > columns {
            cells[row].wraps = true
            newRow()
            column = 0
        }
        while cells[row].text.count < column + width { cells[row].text.append(" ") }
        guard width > 0 else { return }
        cells[row].text[column] = character
        if width == 2 { cells[row].text[column + 1] = nil }
        column += width
    }

    private mutating func newRow() {
        row += 1
        if row == cells.count { cells.append(([], false)) }
    }

    private mutating func escape(
        _ given: ArraySlice<Unicode.Scalar>
    ) -> ArraySlice<Unicode.Scalar> {
        var rest = given.dropFirst()
        guard given.first == "[" else {
            // An operating system command ends with a bell.
            guard given.first == "]", let bell = rest.firstIndex(of: "\u{07}") else {
                unknown.append("ESC \(given.first.map { String($0) } ?? "")")
                return rest
            }
            return rest[(bell + 1)...]
        }
        let digits = rest.prefix { ("0"..."9").contains($0) }
        rest = rest.dropFirst(digits.count)
        let count = Int(String(String.UnicodeScalarView(digits))) ?? 0
        switch rest.first {
        case "A": row = max(0, row - max(1, count))
        case "J":
            cells.removeSubrange((row + 1)...)
            cells[row] = (Array(cells[row].text.prefix(column)), false)
        default: unknown.append("CSI \(rest.first.map { String($0) } ?? "")")
        }
        return rest.dropFirst()
    }

    /// Joins wrapped rows and wraps them again; the cursor stays at the end.
    mutating func resize(columns new: Int) {
        var logical: [[Character?]] = [[]]
        for (text, wraps) in cells {
            logical[logical.count - 1] += text
            if !wraps { logical.append([]) }
        }
        logical.removeLast()
        columns = new
        cells = logical.flatMap { line -> [(text: [Character?], wraps: Bool)] in
            guard !line.isEmpty else { return [([], false)] }
            return stride(from: 0, to: line.count, by: new).map { start in
                (
                    text: Array(line[start..<min(line.count, start + new)]),
                    wraps: start + new < line.count
                )
            }
        }
        row = cells.count - 1
        column = 0
    }
}
