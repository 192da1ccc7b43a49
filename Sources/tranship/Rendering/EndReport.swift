// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TranshipKit

/// The facts that a person needs when a run has ended: every image in one group, the bytes and time
/// of this run, and the next steps. Pure; ``init(_:pipeline:status:facts:)`` fills it from the
/// journal.
struct EndReport {
    /// Images with the same result for the same reason.
    struct Group: Equatable {
        var outcome: ImageOutcome
        var images: Int
        var sizeBytes: Int64 = 0
        /// The first names; empty for images that need no attention.
        var names: [String] = []
        /// The error's code, or the progress of the images.
        var reason = ""
        /// The services' messages without duplicates; for `status`, which has no earlier lines with
        /// them.
        var messages: [String] = []
    }

    /// A next step.
    struct Step: Equatable {
        var words: String
        /// The command to copy and paste.
        var command: String?

        init(_ words: String, command: String? = nil) {
            self.words = words
            self.command = command
        }

        var text: String { command.map { "\(words): \($0)" } ?? words }

        /// Returns the lines of the step. A command that does not fit gets its own line.
        func lines(number: Int, toColumns columns: Int) -> [String] {
            let line = "  \(number). \(text)"
            guard let command, line.columnCount > columns else {
                return line.wrapped(toColumns: columns, indent: 5)
            }
            return "  \(number). \(words):".wrapped(toColumns: columns, indent: 5)
                + ["     \(command)"]
        }
    }

    var pipeline: String
    var runID: Int64
    var status: ExitStatus
    /// The duration of this process, in seconds.
    var seconds: Int64
    /// The time of the end, in milliseconds since 1970.
    var endedAt: Int64
    /// The number of bytes that this process sent.
    var sentBytes: Int64
    var groups: [Group]
    /// Notes about repeated reads of the source, earlier versions, stale sources, and remarks.
    var notes: [String] = []
    /// The number of skipped images that are not at the target, because another image has their
    /// name there.
    var namesakes = 0
    /// The text that replaces the groups if there was nothing to do.
    var nothingToDo: String?
    var steps: [Step] = []
    /// The names in the pipeline that no image has, in words.
    var missed: [String] = []
    /// The error that ended the whole run.
    var cause: TranshipError?

    // MARK: On a terminal

    func lines(columns: Int) -> [String] {
        let usable = columns - 1
        if let nothingToDo, status == .done, steps.isEmpty {
            return (["\(pipeline): \(nothingToDo)"] + notes).flatMap {
                $0.wrapped(toColumns: usable, indent: 2)
            }
        }
        return [title(usable)] + rows(usable) + [traffic].compactMap(\.self).map { "  \($0)" }
            + notes.flatMap { "  \($0)".wrapped(toColumns: usable, indent: 4) } + next(usable)
    }

    private func title(_ usable: Int) -> String {
        let title =
            "\(pipeline): \(verdict) in \(ClockText.format(seconds)), exit \(status.rawValue)"
        let time = Timestamp.text(endedAt).replacing("T", with: " ")
        let gap = usable - title.columnCount - time.count
        return gap >= 2 ? title + String(repeating: " ", count: gap) + time : title
    }

    private var verdict: String {
        switch status {
        case .done: "finished"
        case .interrupted: "INTERRUPTED"
        case .limitReached, .retryableLeft: "NOT FINISHED"
        default: "finished WITH ERRORS"
        }
    }

    private func rows(_ usable: Int) -> [String] { rows(of: groups, usable) }

    private func rows(of groups: [Group], _ usable: Int) -> [String] {
        groups.flatMap { group -> [String] in
            let start =
                "  " + group.outcome.words.filled(toColumns: 13) + " "
                + "\(group.images)".filled(toColumns: 5, fromRight: true) + "   "
            guard !group.names.isEmpty else {
                return [start + (group.sizeBytes > 0 ? ByteCount.short(group.sizeBytes) : "")]
            }
            let reason = group.reason.isEmpty ? "" : "  " + group.reason
            let room = usable - start.columnCount - reason.columnCount
            let names = Self.list(group.names, count: group.images, toColumns: room)
            if names.columnCount <= room, !names.contains("…") { return [start + names + reason] }
            // The names get their own line.
            return [
                start + group.reason,
                "       "
                    + Self.list(group.names, count: group.images, toColumns: max(12, usable - 7)),
            ]
        }.map { line in
            String(line.reversed().drop { $0 == " " }.reversed()).cut(toColumns: usable)
        }
    }

    /// Returns `a, b and 3 more`, with as many names as fit, and at least one.
    static func list(_ names: [String], count: Int, toColumns columns: Int) -> String {
        for shown in stride(from: min(names.count, 8), to: 1, by: -1) {
            let left = count - shown
            let text =
                names.prefix(shown).joined(separator: ", ") + (left > 0 ? " and \(left) more" : "")
            if text.columnCount <= columns { return text }
        }
        let more = count > 1 ? " and \(count - 1) more" : ""
        return (names.first ?? "").cutInMiddle(toColumns: columns - more.columnCount) + more
    }

    /// The words `4.8 MiB sent, 2.6 KiB/s`; nil if nothing was sent.
    private var traffic: String? {
        guard sentBytes > 0 else { return nil }
        return "\(ByteCount.short(sentBytes)) sent, "
            + RunScreen.rate(Double(sentBytes) / Double(max(1, seconds)))
    }

    private func next(_ usable: Int) -> [String] {
        guard !steps.isEmpty else { return [] }
        return ["Next:"]
            + steps.enumerated().flatMap { index, step in
                step.lines(number: index + 1, toColumns: usable)
            }
    }

    // MARK: In `status`

    /// The maximum number of different messages that are shown for one group.
    private static let messagesMax = 5

    /// Returns the images that were not successful, by their cause, with the services' messages,
    /// and the steps.
    func statusLines(columns: Int) -> [String] {
        let usable = columns - 1
        let bad = groups.filter { !$0.names.isEmpty }
        let causes = bad.flatMap { group in
            let shown = group.messages.prefix(Self.messagesMax)
            let left = group.messages.count - shown.count
            return rows(of: [group], usable).map { String($0.dropFirst(2)) }
                + shown.flatMap { "       \($0)".wrapped(toColumns: usable, indent: 9) }
                + (left > 0 ? ["       … and \(left) other messages, which -v lists"] : [])
        }
        return causes + next(usable)
    }

    // MARK: In a log

    /// Returns the lines before the last one; only notes and steps after a successful run.
    ///
    /// - Parameter columns: the width of a terminal that cannot draw. Lines in a file are not
    ///   wrapped.
    func logLines(columns: Int = 10_000) -> [String] {
        let bad = status == .done ? [] : rows(min(200, columns - 1)).map { String($0.dropFirst(2)) }
        return bad + notes + (steps.isEmpty ? [] : next(columns - 1))
    }

    /// The last line: the exit code, the counts, the time and the rate.
    var lastLine: String {
        let counts =
            ImageOutcome.allCases.compactMap { outcome -> String? in
                let count = groups.filter { $0.outcome == outcome }.reduce(0) { $0 + $1.images }
                return count == 0 ? nil : "\(count) \(outcome.words)"
            }
            + [
                namesakes > 0 ? "\(namesakes) left out for another of the name" : nil,
                missedWords, cause.map { "failed: \($0.code)" },
            ].compactMap(\.self)
        let what = nothingToDo ?? counts.joined(separator: ", ")
        return [
            "\(pipeline) run \(runID): exit \(status.rawValue)", what, traffic,
            "in \(ClockText.format(seconds))",
        ].compactMap(\.self).filter { !$0.isEmpty }.joined(separator: ", ")
    }

    private var missedWords: String? {
        missed.isEmpty
            ? nil : "not found: " + Self.list(missed, count: missed.count, toColumns: 200)
    }

    var json: JSONLine {
        var outcomes: [String: JSONValue] = [:]
        for group in groups {
            let before = outcomes[group.outcome.rawValue]?.integer ?? 0
            outcomes[group.outcome.rawValue] = .integer(before + Int64(group.images))
        }
        if namesakes > 0 {
            let others = outcomes["skipped"]?.integer ?? 0
            outcomes["skipped"] = .integer(others + Int64(namesakes))
        }
        return JSONLine(
            "end",
            [
                "pipeline": .string(pipeline), "run": .integer(runID),
                "exit_status": .integer(Int64(status.rawValue)), "seconds": .integer(seconds),
                "bytes_sent": .integer(sentBytes), "outcomes": .object(outcomes),
                "name_taken": namesakes > 0 ? .integer(Int64(namesakes)) : nil,
                "next": .array(steps.map { .string($0.text) }),
                "not_found": missed.isEmpty ? nil : .array(missed.map { .string($0) }),
                "cause": cause.flatMap { RunEnd($0).causeJSON },
            ])
    }
}

extension ImageOutcome {
    /// The words for people, after a run.
    var words: String {
        switch self {
        case .done, .failed, .unpublished, .refused: rawValue
        case .conflict: "in conflict"
        case .unfinished: "not finished"
        case .skipped: "already there"
        }
    }
}
