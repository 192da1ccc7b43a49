// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import Testing

@testable import PipelineFiles

@Suite struct PipelineSecretsTests {
    /// Every spelling holds the word `hunter` of a secret, or of a part of it.
    private static let spellings = [
        "    headers: { X-Key: hunter2 }",
        "    headers:\n      X-Key: \"hunter\\x32\"",
        "    headers:\n      X-Key: \"hunter\\\n        2\"\n      Y: z",
        "    headers:\n      X-Key: hunter$$2",
        "    headers:\n      X-Key: >-\n        hunter\n        two\n      Y: z",
        "    headers:\n      X-Key: |-\n        hunter2\n\n    image: { name: a }",
        "    headers:\n      X-Key: hunter\n        two",
        "    headers: { X-Key: 'hunter''2' }",
        "    headers: { X-Key: \"${NONE:-hunter2}\" }",
        "    headers: { X-Key: \"Bearer hunter2\" }",
        "    headers: { X-Key: \"hunter ${A}\" }",
        "    image: { name: &n hunter2 }\n    headers: { X-Key: *n }",
        "    headers: &h { X-Key: hunter2 }\n  - url: https://m.example/b.iso\n    headers: *h",
        "    headers: &h { X-Key: hunter2 }\n  - url: https://m.example/b.iso\n    headers: { <<: *h }",
        "  - url: https://m.example/b.iso?sig=hunter2",
        "  - url: \"https://m.example/b.iso\\x3fsig=hunter2\"",
        "  - url: >-\n      https://m.example/b.iso?sig=hunter2",
        "  - url: &u https://m.example/b.iso?x=${A}&sig=hunter2",
        "    checksum_file: https://m.example/SUMS?hunter2",
    ]

    @Test("however a secret is spelled, the journal's text is without it", arguments: spellings)
    func spelled(lines: String) throws {
        let text = PipelineTexts.withURL(lines)
        #expect(text.contains("hunter"))
        let pipeline = try parse(text, ["A": "env"])
        let kept = pipeline.textWithoutSecrets
        #expect(!kept.contains("hunter"), "\(kept)")
        #expect(kept.contains("<redacted>"))
        #expect(kept.contains("name: leave-alpha") && kept.contains("- cloud: beta"))
        // The rest is YAML with the keys of the file.
        #expect(pipeline.keyTexts["sources[0].url"] == "https://mirror.example/noble.iso")
        #expect(pipeline.keyTexts["targets[0].cloud"] == "beta")
        #expect(!pipeline.keyTexts.values.contains { $0.contains("hunter") })
    }

    @Test func `Values of variables are kept for a comparison, except secrets`() throws {
        let text = PipelineTexts.withURL(
            "    headers: { X-Key: \"${A}\" }\n    auth: env:A\n    image: { name: \"n ${B}\" }\n"
                + "  - url: https://m.example/${B}.iso?sig=${A}")
        let kept = try parse(text, ["A": "me:hunter2", "B": "nine"]).outsideTexts
        #expect(kept["sources[0].image.name (expanded)"] == "n nine")
        #expect(kept["sources[1].url (expanded)"]?.hasPrefix("https://m.example/nine.iso") == true)
        #expect(kept.count == 2 && !kept.values.contains { $0.contains("hunter") }, "\(kept)")
    }

    @Test(
        "values from the environment need no redaction",
        arguments: [
            "    headers: { X: \"${A}\", Authorization: \"Bearer ${A}\", Y: \"${A:-}\" }",
            "  - url: https://m.example/b.iso?x=${A}&sig=${A}", "  - url: https://m.example/b.iso?",
        ])
    func fromTheEnvironment(lines: String) throws {
        let text = PipelineTexts.withURL(lines)
        #expect(try parse(text, ["A": "b"]).textWithoutSecrets == text)
    }

    @Test(
        "the address in a comment is kept without its secrets",
        arguments: [
            ("# - url: https://m.example/a.iso?sig=hunter2", "https://m.example/a.iso?…"),
            (
                "# was https://me:hunter2@m.example/a.iso, until May",
                "https://m.example/a.iso, until"
            ),
            ("# Written by: tranship copy 'http://h/a?t=hunter2' b", "'http://h/a?…' b"),
        ])
    func comments(line: String, kept: String) throws {
        let text = PipelineTexts.withURL("    \(line)\n    cacert: a.pem  \(line)")
        let without = try parse(text, [:]).textWithoutSecrets
        #expect(!without.contains("hunter2"), "\(without)")
        #expect(without.components(separatedBy: kept).count == 3, "\(without)")
    }

    @Test("the values of variables that requests contain are known, each to its source")
    func variables() throws {
        let text = PipelineTexts.withURL(
            "    headers: { X: \"k=${A}:${B}\" }\n"
                + "  - url: https://m.example/${C}/b.iso?x=${A}\n"
                + "    image: { name: \"${NAME}\" }\n"
                + "    checksum_file: https://m.example/${D}/SUMS")
        let pipeline = try parse(
            text, ["A": "aaaa", "B": "bbbb", "C": "cccc", "D": "dddd", "NAME": "name"])
        let known = pipeline.sources.compactMap { source -> [String]? in
            guard case .url(let url) = source else { return nil }
            return url.variables.map(\.revealed)
        }
        #expect(known == [["aaaa", "bbbb"], ["aaaa", "cccc", "dddd"]])
    }

    @Test("a run goes on with a file that is unchanged, and with no other")
    func recall() throws {
        let file = FileManager.default.temporaryDirectory.path + "/recall-\(UUID()).yaml"
        defer { try? FileManager.default.removeItem(atPath: file) }
        let text = PipelineTexts.withURL("    headers: { X-Key: \"hunter\\x32\" }")
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        let kept = try Pipeline.load(file: file, environment: [:]).textWithoutSecrets
        let again = try Pipeline.recall(text: kept, file: file, environment: [:])
        guard case .url(let source) = again.sources[0] else { throw Missing(what: "url") }
        #expect(source.headers[0].value.revealed == "hunter2")
        try (text + "\norder: listed").write(toFile: file, atomically: true, encoding: .utf8)
        let error = #expect(throws: TranshipError.self) {
            try Pipeline.recall(text: kept, file: file, environment: [:])
        }
        #expect(error?.message.contains("has changed since the run began") == true)
    }

    @Test("the keys of a file, with their values as written")
    func keyTexts() throws {
        let text = PipelineTexts.with(
            target:
                "  - cloud: beta\n    image: { visibility: \"${V:-keep}\", tags: {} }\n    stores: [a, b]"
        )
        let keys = try parse(text).keyTexts
        #expect(keys["version"] == "1" && keys["targets[0].image.visibility"] == "${V:-keep}")
        #expect(keys["targets[0].image.tags"] == "{}" && keys["targets[0].stores[1]"] == "b")
    }
}
