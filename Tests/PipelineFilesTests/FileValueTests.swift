// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import Testing

@testable import PipelineFiles

/// Values that YAML would read as a number, a boolean, a date or null.
@Suite("Scalars")
struct FileValueTests {
    @Test(
        "are text where text is wanted, whatever YAML would make of them",
        arguments: [
            "24.10", "0123", "yes", "No", "on", "true", "1e3", "0x1F", "12:30:45", "2026-01-01",
            "1_000", ".inf", "NaN", "-0", "=", "00", "+1",
        ])
    func text(value: String) throws {
        let source = try urlSource(
            PipelineTexts.withURL(
                """
                    series: \(value)
                    image: { name: \(value), tags: [\(value)], properties: { os_version: \(value) } }
                """))
        #expect(source.image.properties == ["os_version": value])
        #expect(source.image.name.text == value)
        #expect(source.image.tags == [value])
        #expect(source.series?.text == value)
    }

    @Test("stay text as keys")
    func keys() throws {
        let source = try urlSource(
            PipelineTexts.withURL("    image: { properties: { 24.10: a, yes: b, 0123: c } }"))
        #expect(source.image.properties == ["24.10": "a", "yes": "b", "0123": "c"])
    }

    @Test(
        "quoted and in blocks are text, too", arguments: ["\"null\"", "'null'", "\"\\u006eull\""])
    func quoted(value: String) throws {
        let source = try urlSource(
            PipelineTexts.withURL("    image: { properties: { a: \(value) } }"))
        #expect(source.image.properties == ["a": "null"])
    }

    @Test(
        "that are null are refused",
        arguments: [
            ("null", "is null"), ("~", "is null"), ("Null", "is null"), ("", "has no value"),
        ])
    func null(value: String, words: String) throws {
        let error = try #require(
            refusal(PipelineTexts.withURL("    image: { properties: { os_x: \(value) } }")))
        #expect(error.code == .invalidPipeline)
        #expect(error.message.hasPrefix("p.yaml:5:"))
        #expect(error.message.hasSuffix(": `os_x` \(words)"))
        #expect(
            try #require(refusal(PipelineTexts.with(source: "  - cloud: \(value)")))
                .message.hasSuffix(": `cloud` \(words)"))
    }

    @Test("come from the environment in values, and nowhere else")
    func environment() throws {
        let environment = ["CLOUD": "alpha", "FLAG": "true", "COUNT": "7"]
        let text = PipelineTexts.with(
            source: "  - cloud: ${CLOUD}",
            target: """
                  - cloud: beta
                    accept_transformed: ${NONE:-false}
                    image: { properties: { set: { "${CLOUD}": "$${CLOUD}" }, drop: [] } }
                """,
            more: "limits: { images: \"${COUNT}\" }")
        let pipeline = try parse(text, environment)
        guard case .cloud(let source) = pipeline.sources[0],
            case .cloud(let target) = pipeline.targets[0]
        else { throw Missing(what: "clouds") }
        #expect(source.cloud.name == "alpha")
        #expect(pipeline.limits.images == 7)
        #expect(target.rules.image.properties.set == ["${CLOUD}": "${CLOUD}"])
    }

    /// The value may be a secret in the wrong place.
    @Test("of the environment are not shown in messages")
    func environmentIsNotShown() throws {
        let error = try #require(
            refusal(
                PipelineTexts.with(more: "limits: { images: \"${COUNT}\" }"), ["COUNT": "s3cret"]))
        #expect(
            "\(error)" == "p.yaml:7:19: `images` is \"${COUNT}\", not a whole number from 1 to 1000"
        )
    }

    private static let files = [
        BadFile(
            "a variable that is not set", PipelineTexts.with(source: "  - cloud: ${CLOUD}"),
            """
            p.yaml:4:12: `cloud` needs ${CLOUD}, which is not set in the environment
            hint: set CLOUD, or write ${CLOUD:-default}
            """),
        BadFile(
            "a variable that holds nothing", PipelineTexts.with(source: "  - cloud: ${CLOUD}"),
            "p.yaml:4:12: `cloud` is empty: \"${CLOUD}\" expands to nothing", ["CLOUD": ""]),
        BadFile(
            "an open variable", PipelineTexts.with(source: "  - cloud: a${CLOUD"),
            "p.yaml:4:12: `cloud` contains \"${\" without a closing brace\nhint: write $$ for a dollar sign"
        ),
        BadFile(
            "a variable that is none", PipelineTexts.with(source: "  - cloud: ${my-cloud}"),
            """
            p.yaml:4:12: `cloud` contains ${my-cloud}, which is not a variable name
            hint: use letters, digits and _ in names; write $$ for a dollar sign
            """),
        BadFile(
            "a variable in a default", PipelineTexts.with(source: "  - cloud: ${A:-${B}}"),
            """
            p.yaml:4:12: `cloud` has a default that names another variable
            hint: write plain text as the default, with $$ for a dollar sign
            """),
        BadFile(
            "another spelling of a boolean",
            PipelineTexts.with(target: "  - cloud: beta\n    accept_transformed: Yes"),
            """
            p.yaml:7:25: `accept_transformed` is "Yes", not true or false
            hint: write true or false; other YAML spellings are not supported
            """),
        BadFile(
            "no boolean at all", PipelineTexts.withURL("    image: { protected: 1 }"),
            "p.yaml:5:25: `protected` is \"1\", not true or false"),
        BadFile(
            "no number", PipelineTexts.withURL("    image: { min_disk: 4GiB }"),
            "p.yaml:5:24: `min_disk` is \"4GiB\", not a whole number from 0 to 2147483647"),
        BadFile(
            "an octal number", PipelineTexts.with(more: "limits: { images: 010 }"),
            "p.yaml:7:19: `images` is \"010\", not a whole number from 1 to 1000"),
        BadFile(
            "a negative number", PipelineTexts.with(more: "limits: { deletes: -1 }"),
            "p.yaml:7:20: `deletes` is \"-1\", not a whole number from 0 to 1000000"),
        BadFile(
            "a number out of range", PipelineTexts.with(more: "limits: { images: 0 }"),
            "p.yaml:7:19: `images` is \"0\", not a whole number from 1 to 1000"),
        BadFile(
            "a number beyond all ranges",
            PipelineTexts.with(more: "limits: { attempts: 99999999999999999999 }"),
            "p.yaml:7:21: `attempts` is \"99999999999999999999\", not a whole number from 1 to 1000"
        ),
        BadFile(
            "no bytes",
            PipelineTexts.with(source: "  - cloud: a\n    images: { size: { min: 1Gib } }"),
            """
            p.yaml:5:28: `min` is "1Gib", not a number of bytes
            hint: write it as 512MiB or 50GB; the units are B KiB MiB GiB TiB kB MB GB TB
            """),
        BadFile(
            "a rate without a time", PipelineTexts.with(more: "limits: { bandwidth: 200MiB }"),
            "p.yaml:7:22: `bandwidth` is \"200MiB\", not a rate in bytes a second\nhint: write it as 200MiB/s"
        ),
        BadFile(
            "a rate of nothing", PipelineTexts.with(more: "limits: { bandwidth: 0/s }"),
            "p.yaml:7:22: `bandwidth` is \"0/s\", not a rate in bytes a second\nhint: write it as 200MiB/s"
        ),
        BadFile(
            "a span without a unit",
            PipelineTexts.with(target: "  - cloud: b\n    expired: { action: hide, after: 90 }"),
            "p.yaml:7:37: `after` is \"90\", not a time span\nhint: write it as 30s, 15m, 24h or 90d"
        ),
        BadFile(
            "no moment",
            PipelineTexts.with(source: "  - cloud: a\n    images: { updated_after: 2026-02-30 }"),
            """
            p.yaml:5:30: `updated_after` is "2026-02-30", not a time or a time span
            hint: write it as 2026-01-01, 2026-01-01T12:00:00Z or 7d
            """),
        BadFile(
            "no word of the few", PipelineTexts.with(more: "transfer: strem"),
            """
            p.yaml:7:11: `transfer` is "strem", but must be one of auto, stream, spool
            hint: did you mean stream?
            """),
        BadFile(
            "no word of the few in a list",
            PipelineTexts.with(source: "  - cloud: a\n    images: { visibility: [public, all] }"),
            "p.yaml:5:36: an entry of `visibility` is \"all\", but must be one of "
                + "private, shared, community, public\nhint: leave the key out: then any "
                + "visibility is meant"),
        BadFile(
            "an empty list",
            PipelineTexts.with(source: "  - cloud: a\n    images: { name: [] }"),
            "p.yaml:5:21: `name` is an empty list\nhint: remove the key instead"),
        BadFile(
            "a list for one value", PipelineTexts.with(source: "  - cloud: [a, b]"),
            """
            p.yaml:4:12: `cloud` must be one value, but this is a list
            hint: quote it if the brackets are part of the text
            """),
        BadFile(
            "a mapping for one value", PipelineTexts.with(source: "  - cloud:\n      name: a"),
            "p.yaml:5:7: `cloud` must be one value, but this is a mapping"),
        BadFile(
            "a value for a mapping", PipelineTexts.with(more: "limits: 4"),
            "p.yaml:7:9: `limits` must be a mapping, but this is \"4\""),
        BadFile(
            "nothing for a mapping", PipelineTexts.with(more: "limits:"),
            "p.yaml:7:8: `limits` has no value\nhint: give it a value, or remove the key"),
        BadFile(
            "null for a mapping", PipelineTexts.with(more: "limits: null"),
            "p.yaml:7:9: `limits` is null\nhint: give it a value, or remove the key"),
        BadFile(
            "nothing for conditions", PipelineTexts.with(source: "  - cloud: a\n    images:"),
            "p.yaml:5:12: `images` has no value\nhint: give it a value, or remove the key"),
        BadFile(
            "nothing for what is left out",
            PipelineTexts.with(source: "  - cloud: a\n    exclude:"),
            "p.yaml:5:13: `exclude` has no value\nhint: give it a value, or remove the key"),
        BadFile(
            "an empty text for conditions",
            PipelineTexts.with(source: "  - cloud: a\n    images: ''"),
            "p.yaml:5:13: `images` must be a mapping, but this is \"\"\n"
                + "hint: write conditions, or remove the key"),
        BadFile(
            "nothing for a block with a form of its own",
            PipelineTexts.with(source: "  - cloud: a\n    images: { size: }"),
            "p.yaml:5:21: `size` has no value\n"
                + "hint: write size: { min: 5GiB }, or max in the place of min"),
        BadFile(
            "nothing for a list",
            "version: 1\nname: a\nsources:\ntargets: [{ cloud: b }]\n",
            "p.yaml:3:9: `sources` has no value\nhint: start each entry with a dash"),
        BadFile(
            "nothing for a command", PipelineTexts.with(more: "hooks:\n  on_failure:"),
            "p.yaml:8:14: `on_failure` has no value\n"
                + "hint: write each word by itself, such as [notify, --failed]; no shell reads them"
        ),
        BadFile(
            "an empty text", PipelineTexts.with(more: "order: \"\""), "p.yaml:7:8: `order` is empty"
        ),
        BadFile(
            "a zero byte", PipelineTexts.with(source: "  - cloud: \"a\\0b\""),
            "p.yaml:4:12: `cloud` contains a zero byte"),
        BadFile(
            "a tilde", PipelineTexts.with(source: "  - file: ~/images/a.iso"),
            """
            p.yaml:4:11: `file` starts with ~, which only a shell expands
            hint: write ${HOME}/images/a.iso
            """),
    ]

    @Test("that are wrong are refused with place and remedy", arguments: files)
    func told(file: BadFile) throws {
        let error = try #require(refusal(file.text, file.environment))
        #expect(error.code == .invalidPipeline)
        #expect("\(error)" == file.message)
    }

    @Test("a single value counts as a list of one")
    func oneOrMore() throws {
        let one = try cloudSource(
            PipelineTexts.with(
                source:
                    "  - cloud: a\n    images: { name: x, id: y, visibility: public, status: queued, tags: t }"
            ))
        let list = try cloudSource(
            PipelineTexts.with(
                source: "  - cloud: a\n    images: { name: [x], id: [y], visibility: [public], "
                    + "status: [queued], tags: [t] }"))
        #expect(one == list)
        #expect(one.selection.ids == ["y"])
    }

    @Test("of bytes, rates and spans are counted")
    func numbers() throws {
        let pipeline = try parse(
            PipelineTexts.with(
                source:
                    "  - cloud: a\n    images: { size: { min: 1.5 KiB, max: 2TB }, updated_after: 7d }",
                more: "limits: { bandwidth: 1.5GiB/s, images: 1000, attempts: 1, deletes: 0 }"))
        #expect(
            pipeline.limits
                == PipelineLimits(
                    images: 1000, bandwidth: BandwidthSchedule(rest: 1_610_612_736), attempts: 1,
                    deletes: 0))
        guard case .cloud(let source) = pipeline.sources[0] else { throw Missing(what: "cloud") }
        #expect(source.selection.sizeMinBytes == 1536)
        #expect(source.selection.sizeMaxBytes == 2_000_000_000_000)
        #expect(source.selection.updatedAfter == .span(seconds: 604_800))
    }
}
