// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

/// All mistakes of a file are in one error.
@Suite("PipelineReader+Mistakes")
struct PipelineReaderMistakesTests {
    @Test("mistakes of all parts are listed in the order of the file, each with its hint")
    func listed() throws {
        let error = try #require(
            refusal(
                """
                version: 1
                name: two words
                sources:
                  - cloud: alpha
                    images: { hidden: yes, status: [activ, queued], size: { min: 1QB } }
                  - url: ftp://mirror.example/noble.iso
                    checksum: sha256:12
                    image: { disk_frmat: raw, min_disk: -1 }
                  - file: ./a.qcow2
                    image: { properties: { owner: me }, tags: [a, "", b] }
                targets:
                  - cloud: beta
                    method: uplod
                    image: { visibility: publik, properties: { drop: [] , rename: { a: size } } }
                verfy: proof
                limits: { images: 0 }
                """))
        #expect(error.code == .invalidPipeline)
        #expect(error.hint == nil)
        let lines = error.message.split(separator: "\n").map(String.init)
        #expect(lines.first == "p.yaml has 15 mistakes")
        let places = lines.filter { $0.hasPrefix("  p.yaml:") }.map { line in
            line.dropFirst("  p.yaml:".count).prefix { $0 != ":" }
        }
        #expect(
            places == [
                "2", "5", "5", "5", "6", "7", "8", "8", "10", "10", "13", "14", "14", "15", "16",
            ])
        #expect(lines.contains("    hint: did you mean active?"))
        #expect(lines.contains("    hint: did you mean `disk_format`?"))
        #expect(lines.contains("    hint: did you mean `verify`?"))
        #expect(
            lines.contains("    hint: write true or false; other YAML spellings are not supported"))
    }

    @Test("the mistakes below a mistyped key are found with it")
    func belowMistypedKeys() throws {
        let error = try #require(
            refusal(
                """
                version: 1
                name: night
                source:
                  - cluod: alpha
                    image: { nmae: [] }
                  - cloud: alpha
                    images: { stauts: [activ] }
                target:
                  - cloud: beta
                    imag: { visibilty: publik }
                limit: { image: 0 }
                """))
        let found = error.message.matches(of: /p\.yaml:(?<line>\d+):\d+: (?<words>[^\n]*)/)
            .map { "\($0.line) \($0.words.split(separator: " ").prefix(3).joined(separator: " "))" }
        #expect(
            found == [
                "3 unknown key `source`", "4 unknown key `cluod`", "5 unknown key `image`",
                "5 unknown key `nmae`", "5 `nmae` is an",
                "7 unknown key `stauts`", "7 an entry of", "8 unknown key `target`",
                "10 unknown key `imag`", "10 unknown key `visibilty`",
                "10 `visibilty` is \"publik\",",
                "11 unknown key `limit`", "11 unknown key `image`", "11 `image` is \"0\",",
            ], "\(error.message)")
    }

    @Test("a wrong value makes no second mistake out of what depends on it")
    func dependants() throws {
        // A file without a name to render, a list to sign, a version to downgrade, or a table of
        // projects.
        let texts = [
            PipelineTexts.with(source: "  - url: ftp://mirror.example/\n    latest: '['"),
            PipelineTexts.withURL("    checksum_file: ftp://a/b\n    signed_by: a.gpg"),
            PipelineTexts.withURL("    latest: ''\n    allow_downgrade: true"),
            PipelineTexts.with(
                target: "  - cloud: beta\n    image: { owner: projects }",
                more: "projects: { a: '' }"),
            PipelineTexts.with(target: "  - cloud: beta\n    image: { owner: { a: '' } }"),
            PipelineTexts.with(target: "  - cloud: beta\n    expired: { action: later }"),
        ]
        let counts = texts.map { text in
            refusal(text)?.message.split(separator: "\n").count { $0.contains("p.yaml:") }
        }
        #expect(counts == [2, 1, 2, 1, 1, 1])
    }

    @Test("rules between parts hold beside a broken part")
    func rulesBetweenParts() throws {
        let error = try #require(
            refusal(
                PipelineTexts.with(
                    source: "  - url: https://a.example/x.iso\n  - url: https://b.example/x.iso\n"
                        + "  - url: nothing")))
        #expect(error.message.contains("share the series \"x\""))
        #expect(error.message.contains("p.yaml:6:10: `url` is not an http or https address"))
    }

    @Test("one mistake is an error of its own, with its hint")
    func one() throws {
        let error = try #require(refusal(PipelineTexts.with(more: "verfy: proof")))
        #expect(error.message == "p.yaml:7:1: unknown key `verfy` in a pipeline")
        #expect(error.hint == "did you mean `verify`?")
    }

    @Test("all mistakes of a file are shown")
    func many() throws {
        let keys = (1...60).map { "wrong_\($0): 1" }.joined(separator: "\n")
        let error = try #require(refusal(PipelineTexts.with(more: keys)))
        let lines = error.message.split(separator: "\n")
        #expect(lines.first == "p.yaml has 60 mistakes")
        #expect(lines.count { $0.contains("unknown key") } == 60)
        // Consecutive mistakes with one hint show it once.
        #expect(lines.count { $0.hasPrefix("    hint: known keys:") } == 1)
        #expect(lines.last?.hasPrefix("    hint: known keys:") == true)
    }

    @Test("what a message does not hold is counted, after the hint of what it shows")
    func tooMany() throws {
        let keys = (1...500).map { "wrong_\($0): 1" }.joined(separator: "\n")
        let error = try #require(refusal(PipelineTexts.with(more: keys)))
        let lines = error.message.split(separator: "\n")
        let shown = lines.count { $0.contains("unknown key") }
        #expect(shown > 100)
        #expect(lines.count { $0.hasPrefix("    hint: known keys:") } == 1)
        #expect(
            lines.last
                == "  and \(500 - shown) more, which are shown once these are corrected")
    }

    /// Such a file is of another kind, for example a list of packages.
    @Test("tens of thousands of mistakes are read in the time of their size")
    func thousands() throws {
        func seconds(_ count: Int) -> Double {
            let keys = (1...count).map { "package_number_\($0): 1" }.joined(separator: "\n")
            let clock = ContinuousClock()
            var message: String?
            let time = clock.measure {
                message = refusal(PipelineTexts.with(more: keys))?.message
            }
            #expect(message?.contains("p.yaml has \(count) mistakes") == true)
            return time / .seconds(1)
        }
        let few = seconds(3000)
        let many = seconds(12_000)
        #expect(many < few * 9, "\(few) s, \(many) s")
    }

    @Test("a secret that is beside a mistake is not repeated")
    func secrets() throws {
        let error = try #require(
            refusal(
                PipelineTexts.withURL(
                    "    headers: { X-Key: [hunter2], \"a b\": hunter2 }\n    auth: hunter2\n"
                        + "    zzz: 1")))
        #expect(error.message.contains("p.yaml has 4 mistakes"))
        #expect(!error.message.contains("hunter2"))
    }
}
