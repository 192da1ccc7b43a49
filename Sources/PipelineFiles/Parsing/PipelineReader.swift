// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Yams

/// The state of one parse: the text for messages, the environment for values, and the keys in use
/// that are not built yet.
///
/// Used for one call, on one thread.
final class PipelineReader {
    let file: String
    let text: String
    let environment: [String: String]
    let baseDirectory: String
    let lines: [Substring]
    private(set) var unbuiltUses: [UnbuiltUse] = []

    init(text: String, file: String, environment: [String: String]) {
        self.file = file
        self.text = text.first == "\u{FEFF}" ? String(text.dropFirst()) : text
        self.environment = environment
        self.baseDirectory = FilePath.directory(of: file)
        self.lines = self.text.split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    }

    func position(_ mark: Mark?) -> FilePosition {
        FilePosition(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1)
    }

    func position(of node: Node) -> FilePosition { position(node.mark) }

    /// Returns an error about the file. All of them have this form.
    func refusal(_ position: FilePosition, _ message: String, hint: String? = nil)
        -> TranshipError
    {
        TranshipError(.invalidPipeline, "\(position): \(message)", hint: hint)
    }

    /// The rest of the line from a position on, without a comment.
    func source(at position: FilePosition) -> Substring {
        guard lines.indices.contains(position.line - 1) else { return "" }
        let line = lines[position.line - 1].unicodeScalars
        let rest = String(String.UnicodeScalarView(line.dropFirst(position.column - 1)))[...]
        return rest.firstRange(of: " #").map { rest[..<$0.lowerBound] } ?? rest
    }

    // MARK: Not built yet

    /// Records that the file uses the key at `path`. `value` is nil until the value has been read.
    func note(_ path: String, value: String?, at position: FilePosition) {
        for row in UnbuiltKey.all where row.path == path && row.covers(value) {
            unbuiltUses.append(UnbuiltUse(words: row.words, position: position))
        }
    }

    /// The error for the first key in the file that is not built yet. Its hint lists the others.
    func unbuiltRefusal() -> TranshipError? {
        let uses = unbuiltUses.sorted { $0.position < $1.position }
        guard let first = uses.first else { return nil }
        var seen = [first]
        for use in uses where !seen.contains(use) { seen.append(use) }
        let others = seen.dropFirst().map {
            "\($0.words) (line \($0.position.line))"
        }
        return TranshipError(
            .notBuiltYet, "\(first.position): \(first.words) not built yet",
            hint: others.isEmpty
                ? "remove it for now; docs/pipeline-format.md lists what is not built yet"
                : "also not built yet: "
                    + others.map {
                        $0.replacing(" are (", with: " (").replacing(" is (", with: " (")
                    }
                    .joined(separator: ", "))
    }
}

/// A documented key, or a value of one, that has no code yet.
///
/// The parser checks it like any other key and then refuses it, so that it is never ignored. When
/// you build one, delete its row here and its mark in `docs/pipeline-format.md`; nothing else
/// changes in this target.
struct UnbuiltKey {
    /// The path of keys that leads to the key. `[]` marks lists.
    let path: String
    /// The values that are not built. nil means all values.
    let values: [String]?
    /// The start of the message, with its verb: "`keep` is".
    let words: String

    static let all: [UnbuiltKey] = [
        row("sources[].archive", nil, "`archive` sources are"),
        row("sources[].series.several", ["true"], "a series with `several: true` is"),
        row("targets[].archive", nil, "`archive` targets are"),
        row("targets[].on_conflict", ["update"], "`on_conflict: update` is"),
        row("targets[].on_conflict", ["replace"], "`on_conflict: replace` is"),
        row("targets[].keep", nil, "`keep` is"),
        row("targets[].previous", nil, "`previous` is"),
        row("targets[].expired", nil, "`expired` is"),
    ]

    /// Returns true if the row covers this value. Until a value has been read (nil), only rows for
    /// all values cover the key.
    func covers(_ value: String?) -> Bool {
        guard let values else { return value == nil }
        return value.map(values.contains) ?? false
    }

    private static func row(_ path: String, _ values: [String]?, _ words: String) -> UnbuiltKey {
        UnbuiltKey(path: path, values: values, words: words)
    }
}

/// One use of such a key in a file.
struct UnbuiltUse: Equatable {
    let words: String
    let position: FilePosition
}
