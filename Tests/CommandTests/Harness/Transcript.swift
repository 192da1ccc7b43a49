// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A text of commands with their required output:
///
///     # A title, and why it matters.
///     finally $ tranship image delete --missing-ok {{name}}
///     $ tranship image create {{name}} --format json | jq -r .status
///     queued
///     $ tranship image delete nothing
///     2> error: cloud "alpha" has no image of the name or id "nothing"
///     [1]
///
/// A command is for `sh`, and a backslash at its end continues it in the next line. After it come
/// the lines of its standard output, its standard error with `2> ` before each line, and its exit
/// code in brackets, which is 0 if it is left out. A line `...` stands for any lines. The
/// `finally` commands always run at the end, the last one first.
///
/// `{{word}}` is a known value: `{{name}}` is unique to the run, `{{dir}}` is the folder in which
/// the commands run, and `{{web}}` is the address of ``FaultyWeb``. `{{broken-cloud}} tranship …`
/// is a command on that server as a cloud, and `{{legacy-cloud}} tranship …` one on a legacy
/// cloud. In output, `{{UUID}}`, `{{TIME}}`, `{{HEX}}`, `{{NUMBER}}`, `{{WORD}}` and `{{TEXT}}`
/// stand for any text of that kind, and `{{word:UUID}}` also learns the word.
struct Transcript: Sendable {
    let file: URL
    var title = ""
    var steps: [Step] = []
    /// The `finally` commands in the order of the file.
    var endings: [Step] = []

    struct Step: Sendable {
        var line: Int
        var command: String
        var output: [String] = []
        var talk: [String] = []
        var status: Int32 = 0
    }

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Transcripts")

    /// The names in `TRANSHIP_TRANSCRIPTS`, separated by commas; all names without it.
    static let names: [String] = {
        if let names = ProcessInfo.processInfo.environment["TRANSHIP_TRANSCRIPTS"] {
            return names.split(separator: ",").map(String.init)
        }
        let files = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (files ?? []).filter { $0.hasSuffix(".txt") }.sorted()
    }()

    init(_ name: String) throws {
        file = Self.folder.appendingPathComponent(name)
        let text = try String(contentsOf: file, encoding: .utf8)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)[...]
        var number = 0
        var isEnding = false
        func next() -> String? {
            number += 1
            return lines.popFirst()
        }
        while var line = next() {
            let start = number
            if line.hasPrefix("#") {
                if title.isEmpty { title = String(line.drop { $0 == "#" || $0 == " " }) }
                continue
            }
            if line.isEmpty { continue }
            isEnding = line.hasPrefix("finally $ ")
            guard isEnding || line.hasPrefix("$ ") else {
                throw TranscriptError("\(name):\(start): no command: \(line)")
            }
            while line.hasSuffix("\\"), let more = next() { line += "\n" + more }
            let command = line.drop { $0 != "$" }.dropFirst(2)
            var step = Step(line: start, command: String(command))
            while let said = lines.first, Self.isSaid(said) {
                _ = next()
                if said.hasPrefix("2> ") {
                    step.talk.append(String(said.dropFirst(3)))
                } else if let status = Self.status(said) {
                    step.status = status
                } else {
                    step.output.append(said)
                }
            }
            if isEnding { endings.append(step) } else { steps.append(step) }
        }
    }

    private static func isSaid(_ line: String) -> Bool {
        !line.isEmpty && !line.hasPrefix("#") && !line.hasPrefix("$ ")
            && !line.hasPrefix("finally $ ")
    }

    /// Returns the exit code of a line such as `[130]`; nil for other lines.
    private static func status(_ line: String) -> Int32? {
        guard line.hasPrefix("["), line.hasSuffix("]") else { return nil }
        return Int32(line.dropFirst().dropLast())
    }
}

struct TranscriptError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
