// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import PipelineFiles
import Testing

@Suite("The whole file")
struct PipelineReaderPipelineTests {
    private static let nameHint =
        "hint: start with a letter or digit and use at most 100 characters; the default journal is named after it"

    private static func named(_ name: String) -> String {
        PipelineTexts.with().replacing("leave-alpha", with: name)
    }

    /// Returns a file with this line in place of its first one.
    private static func versioned(_ line: String) -> String {
        PipelineTexts.with().replacing("version: 1\n", with: line.isEmpty ? "" : line + "\n")
    }

    private static let files = [
        BadFile(
            "no version", versioned(""),
            "p.yaml:1:1: a pipeline needs `version`\nhint: write `version: 1`"
        ),
        BadFile(
            "a mistyped version", versioned("versoin: 1"),
            "p.yaml:1:1: unknown key `versoin` in a pipeline\nhint: did you mean `version`?"),
        BadFile(
            "a version in other letters", versioned("Version: 1"),
            "p.yaml:1:1: unknown key `Version` in a pipeline\nhint: did you mean `version`?"),
        BadFile(
            "a newer version", versioned("version: 2\nfrobnicate: { a: b }"),
            """
            p.yaml has 2 mistakes
              p.yaml:1:10: `version` is 2, which this version of tranship cannot read
                hint: write `version: 1`, unless a newer tranship is meant to read the file
              p.yaml:2:1: unknown key `frobnicate` in a pipeline
                hint: known keys: version, name, sources, targets, projects, transfer, spool, \
            verify, order, limits, hooks, journal, allow_empty
            """),
        BadFile(
            "no number of a version", versioned("version: 1.0"),
            "p.yaml:1:10: `version` is \"1.0\", not a whole number\nhint: write `version: 1`"),
        BadFile(
            "a mistyped list of sources",
            "version: 1\nname: a\nsource: [{ cloud: a }]\ntargets: [{ cloud: b }]\n",
            "p.yaml:3:1: unknown key `source` in a pipeline\nhint: did you mean `sources`?"),
        BadFile(
            "a block that is not indented",
            PipelineTexts.with(target: "  - cloud: beta\n    limits:\n    images: 4"),
            """
            p.yaml has 2 mistakes
              p.yaml:7:12: `limits` has no value
                hint: give it a value, or remove the key
              p.yaml:8:5: unknown key `images` in a cloud target
                hint: indent it, if it belongs to `limits`
            """),
        BadFile(
            "values in the place of mappings",
            PipelineTexts.with(
                source: "  - cloud: alpha\n    images: { size: 5GiB, properties: [a=b], "
                    + "visibility: all }",
                target: "  - cloud: beta\n    expired: hide"),
            """
            p.yaml has 4 mistakes
              p.yaml:5:21: `size` must be a mapping, but this is "5GiB"
                hint: write size: { min: 5GiB }, or max in the place of min
              p.yaml:5:39: `properties` must be a mapping, but this is a list
                hint: write properties: { key: value }
              p.yaml:5:58: `visibility` is "all", but must be one of private, shared, community, \
            public
                hint: leave the key out: then any visibility is meant
              p.yaml:8:14: `expired` must be a mapping, but this is "hide"
                hint: write expired: { action: hide, after: 90d }
            """),
        BadFile(
            "nothing but a version", "version: 1\n",
            """
            p.yaml has 3 mistakes
              p.yaml:1:1: a pipeline needs `name`
                hint: add a name: the default journal is named after it
              p.yaml:1:1: a pipeline needs `sources`
              p.yaml:1:1: a pipeline needs `targets`
            """),
        BadFile(
            "a name with a slash", named("../x"),
            "p.yaml:2:7: `name` is \"../x\", but must be letters, digits, \".\", \"_\" and \"-\"\n\(nameHint)"
        ),
        BadFile(
            "a name with other letters", named("läve"),
            "p.yaml:2:7: `name` is \"läve\", but must be letters, digits, \".\", \"_\" and \"-\"\n\(nameHint)"
        ),
        BadFile(
            "no sources", "version: 1\nname: a\ntargets: [{ cloud: b }]\n",
            "p.yaml:1:1: a pipeline needs `sources`"),
        BadFile(
            "an empty list of sources",
            "version: 1\nname: a\nsources: []\ntargets: [{ cloud: b }]\n",
            "p.yaml:3:10: `sources` is empty: it needs at least one entry"),
        BadFile(
            "an empty list of targets",
            PipelineTexts.with().replacing("\n  - cloud: beta", with: " []"),
            "p.yaml:5:10: `targets` is empty: it needs at least one entry"),
        BadFile(
            "one source without a dash",
            "version: 1\nname: a\nsources: { cloud: a }\ntargets: [{ cloud: b }]\n",
            "p.yaml:3:10: `sources` must be a list, but this is a mapping\nhint: start each entry with a dash"
        ),
        BadFile(
            "two sources of one series",
            PipelineTexts.withURL("    series: a\n  - url: https://b.example/c.iso\n    series: a"),
            """
            p.yaml:7:13: this source and the one at p.yaml:5:13 share the series "a"
            hint: give each its own `series` or `name`
            """),
        BadFile(
            "two sources of one name",
            PipelineTexts.withURL(
                "    image: { name: Ubuntu }\n  - file: a.iso\n    image: { name: Ubuntu }"),
            """
            p.yaml:7:20: this source and the one at p.yaml:5:20 share the series "Ubuntu"
            hint: give each its own `series` or `name`
            """),
        BadFile(
            "two sources of one stem", PipelineTexts.withURL("  - file: ./images/noble.qcow2"),
            """
            p.yaml:5:5: this source and the one at p.yaml:4:5 share the series "noble"
            hint: give each its own `series` or `name`
            """),
        BadFile(
            "a series that is another's name",
            PipelineTexts.withURL(
                "    series: \"x-{stem}\"\n  - file: a.iso\n    image: { name: x-noble }"),
            """
            p.yaml:7:20: this source and the one at p.yaml:5:13 share the series "x-noble"
            hint: give each its own `series` or `name`
            """),
    ]

    @Test("is refused with place and remedy", arguments: files)
    func told(file: BadFile) throws {
        let error = try #require(refusal(file.text))
        #expect(error.code == .invalidPipeline)
        #expect(ExitStatus(error.code) == .usage)
        #expect("\(error)" == file.message)
    }

    @Test("sources that may differ once they are planned are left to the plan")
    func leftToThePlan() {
        let texts = [
            "    image: { name: \"u-{date}\" }\n  - file: a.iso\n    image: { name: \"u-{date}\" }",
            "  - file: \"*.qcow2\"\n  - file: \"x/*.qcow2\"",
            "  - cloud: alpha\n  - cloud: alpha",
        ]
        for text in texts {
            #expect(refusal(PipelineTexts.withURL(text)).map { "\($0)" } == nil)
        }
    }

    @Test("names that may name a file are taken", arguments: ["a", "2026", "Leave_alpha.2-x"])
    func names(name: String) throws {
        #expect(try parse(Self.named(name)).name == name)
    }

    @Test("a spool is a path or a mapping")
    func spool() throws {
        func spool(_ text: String) throws -> SpoolSetting? {
            try parse(PipelineTexts.with(more: "spool: \(text)")).spool
        }
        let path = try spool("/var/tmp")
        #expect(path?.path == "/var/tmp" && path?.maxBytes == nil)
        let both = try spool("{ path: /x, max: 1GiB }")
        #expect(both?.path == "/x" && both?.maxBytes == 1 << 30)
        #expect(
            refusal(PipelineTexts.with(more: "spool: { max: 1GiB }"))?.message
                == "p.yaml:7:8: `spool` needs `path`")
    }
}
