// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation

/// A reader of pipeline files, and of other files of the same form.
enum PipelineFile {
    /// Reads the file and removes a byte order mark. The standard input may also be a pipe.
    ///
    /// - Parameters:
    ///   - kind: the expected kind of file, for messages.
    ///   - example: a file name, for the hint if the path is a folder.
    ///   - hintIfMissing: the hint if the folder has no file with a similar name.
    static func read(
        _ file: String, kind: String = "pipeline file", example: String = "pipeline.yaml",
        hintIfMissing: String = "check the path; a relative path starts at the working directory"
    ) throws(TranshipError) -> String {
        let bytes: [UInt8]
        do {
            bytes = try WholeFile.read(file, bytesMax: Pipeline.fileBytesMax)
        } catch {
            throw switch error {
            case .unreadable(let words, let isMissing):
                refusal(
                    "cannot read the \(kind) \(file): \(words)",
                    hint: isMissing
                        ? nearest(to: file).map { "did you mean \($0)?" } ?? hintIfMissing : nil)
            case .special(let special):
                refusal(
                    "\(file) is \(special), not a \(kind)",
                    hint: special == "a directory"
                        ? "name a file in it, such as "
                            + (file.hasSuffix("/") ? file : "\(file)/") + example
                        : "name a regular file, or pass the text as /dev/stdin")
            case .larger:
                refusal(
                    "\(file) is larger than 1 MiB, too large for a \(kind)", hint: "check the path")
            }
        }
        return try text(bytes, file, kind: kind)
    }

    /// Returns the YAML file beside a missing one that was probably meant, with its path written in
    /// the same way.
    private static func nearest(to file: String) -> String? {
        let word = PathText.lastComponent(file)
        let folder = file.dropLast(word.count)
        let all = try? FileManager.default.contentsOfDirectory(
            atPath: folder.isEmpty ? "." : String(folder))
        let names = (all ?? []).filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.sorted()
        let whole = names.first { $0 == "\(word).yaml" || $0 == "\(word).yml" }
        return (whole ?? Nearest.to(word, in: names)).map { String(folder) + $0 }
    }

    static func text(
        _ bytes: [UInt8], _ file: String, kind: String = "pipeline file"
    ) throws(TranshipError) -> String {
        let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        let position = firstInvalid(bytes, file)
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw refusal("\(position): this is UTF-16", hint: "save the file as UTF-8")
        }
        throw refusal(
            "\(position): this is not UTF-8 text",
            hint: "save the file as UTF-8, and check that it is a \(kind)")
    }

    private static func firstInvalid(_ bytes: [UInt8], _ file: String) -> FilePosition {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var line = 1
        var column = 1
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            if scalar == "\n" {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
        return FilePosition(file: file, line: line, column: column)
    }

    private static func refusal(_ message: String, hint: String? = nil) -> TranshipError {
        TranshipError(.invalidPipeline, message, hint: hint)
    }
}
