// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// Goes on reading after a mistake, so that an operator sees all mistakes of a file at once.
extension PipelineReader {
    /// Notes a mistake. ``refusedFile()`` reports all of them.
    func refuse(_ mistake: TranshipError) {
        if knownMistakes.insert(mistake.message).inserted { mistakes.append(mistake) }
    }

    /// Reads one part of the file. If the part has a mistake, notes it and returns nil.
    func attempt<Value>(_ read: () throws -> Value?) -> Value? {
        do {
            return try read()
        } catch {
            refuse(TranshipError(wrapping: error))
            return nil
        }
    }

    /// Works as ``attempt(_:)``, but also returns nil if the part noted mistakes of its own.
    func attemptWhole<Value>(_ read: () throws -> Value?) -> Value? {
        let before = mistakes.count
        let value = attempt(read)
        return mistakes.count == before ? value : nil
    }

    /// The maximum length of the mistakes in one error, in bytes of UTF-8: as much as the message
    /// of an error holds (``TranshipError/message``), less the last lines. All mistakes of a file
    /// that a person wrote fit. A file of another kind has tens of thousands; those that do not fit
    /// are only counted.
    static let mistakesBytesMax = 9000

    /// Returns the error for a file with mistakes, in the order of the file; nil if there are none.
    ///
    /// A single mistake is an error of its own. Several mistakes are lines of one message, each
    /// with its hint on the next line.
    func refusedFile() -> TranshipError? {
        let start = FilePosition(file: file, line: 0, column: 0)
        let sorted = mistakes.enumerated()
            .map { (place: places[$0.element.message] ?? start, offset: $0.offset) }
            .sorted { ($0.place, $0.offset) < ($1.place, $1.offset) }
            .map { mistakes[$0.offset] }
        guard sorted.count > 1 else { return sorted.first }
        func words(_ hint: String) -> String {
            "    hint: \(isCopy ? CopyHint.words(hint) : hint)"
        }
        var lines = ["\(isCopy ? "the command" : file) has \(sorted.count) mistakes"]
        for (index, mistake) in sorted.enumerated() {
            var added = ["  \(mistake.message)"]
            // Consecutive mistakes may have the same hint. It follows the last of them.
            let isLast = index + 1 == sorted.count || sorted[index + 1].hint != mistake.hint
            if let hint = mistake.hint, isLast { added.append(words(hint)) }
            let text = (lines + added).joined(separator: "\n")
            guard index == 0 || text.utf8.count <= Self.mistakesBytesMax else {
                if let hint = mistake.hint, sorted[index - 1].hint == hint {
                    lines.append(words(hint))
                }
                lines.append(
                    "  and \(sorted.count - index) more, which are shown once these are corrected")
                break
            }
            lines += added
        }
        return TranshipError(.invalidPipeline, lines.joined(separator: "\n"))
    }
}
