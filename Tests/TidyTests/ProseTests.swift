// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Words that `docs/style.md` rules out because a reader stumbles over them, in comments, messages,
/// pages, titles of tests, and scripts. A review finds the rest.
@Suite struct ProseTests {
    /// The patterns; `docs/style.md` has the words to write instead.
    private static let foreign = [
        #"\b[Ww]ho(m|se)?ever\b"#, #"\b([Nn]o|[Ss]ome|[Ee]very)body\b"#,
        // "There is no image" is fine, "a 404 is no answer" is not.
        #"(?<![Tt]here )\b(is|are|was|were) no (?!longer\b|more\b|such\b|less\b|fewer\b)"#,
        // An abbreviation stands for something; an image is at the target.
        #"\b[Ss]tands\b(?! for\b)"#, #"\b[Ss]tanding (there|here)\b"#,
        #"\b[Tt]ells\b"#, #"\banew\b"#,
    ].joined(separator: "|")

    private let foreign: NSRegularExpression

    init() throws {
        foreign = try NSRegularExpression(pattern: Self.foreign)
    }

    private func places(in text: String) -> [String] {
        text.components(separatedBy: "\n").enumerated().compactMap { index, line in
            let all = NSRange(line.startIndex..., in: line)
            guard let match = foreign.firstMatch(in: line, range: all),
                let range = Range(match.range, in: line)
            else { return nil }
            return "\(index + 1): \"\(line[range])\""
        }
    }

    /// Returns the files of the tests, the scripts and the lab, by their folder. A corpus is input
    /// for a program, and not prose.
    private func others() throws -> [String: [String]] {
        var files: [String: [String]] = [:]
        for folder in ["Tests", "scripts", "lab"] {
            let root = SourceTree.root.appendingPathComponent(folder)
            let all = try #require(FileManager.default.enumerator(atPath: root.path))
            for case let path as String in all {
                let parts = path.split(separator: "/")
                guard !parts.contains("Corpora"), path != "TidyTests/ProseTests.swift",
                    !parts.contains(where: { $0.hasPrefix(".") || $0 == "__pycache__" })
                else { continue }
                let part = parts.count > 1 ? "\(folder)/\(parts[0])" : folder
                files[part, default: []].append("\(folder)/\(path)")
            }
        }
        return files
    }

    /// Returns the words that were found, by target of the sources, by folder, or by page.
    private func found() throws -> [String: [String]] {
        var found: [String: [String]] = [:]
        for (part, paths) in try others() {
            for path in paths {
                let data = try? Data(contentsOf: SourceTree.root.appendingPathComponent(path))
                // Skips folders, and files without text.
                guard let text = data.flatMap({ String(validating: $0, as: UTF8.self) }) else {
                    continue
                }
                found[part, default: []] += places(in: text).map { "\(path):\($0)" }
            }
        }
        for file in try SourceTree.sources.get() {
            found["Sources/\(file.target)", default: []] += places(in: file.text).map {
                "\(file.path):\($0)"
            }
        }
        let pages = try FileManager.default.contentsOfDirectory(
            atPath: SourceTree.root.appendingPathComponent("docs").path
        ).filter { $0.hasSuffix(".md") }.map { "docs/\($0)" }
        try #require(pages.count > 10)
        // The page about the words has to show them.
        for page in pages + ["README.md", "CONTRIBUTING.md"] where page != "docs/style.md" {
            found[page] = places(in: try SourceTree.text(page)).map { "\(page):\($0)" }
        }
        return found.filter { !$0.value.isEmpty }
    }

    @Test func `Comments, messages and pages use plain words`() throws {
        for (part, places) in try found().sorted(by: { $0.key < $1.key })
        where !Exceptions.prose.contains(part) {
            for place in places { Issue.record("\(place) (docs/style.md)") }
        }
    }

    @Test func `Every exception still needs its pass`() throws {
        let found = try found()
        for part in Exceptions.prose.sorted() {
            #expect(found[part] != nil, "\(part) is clean: remove its exception")
        }
    }

    @Test func `The scanner finds the words and nothing else`() {
        let text = """
            whoever asks, and Nobody
            a 404 is no answer
            there is no answer, and it is no longer than that
            the image stands there; x stands for y
            """
        #expect(
            places(in: text) == [
                #"1: "whoever""#, #"2: "is no ""#, #"4: "stands""#,
            ])
    }
}
