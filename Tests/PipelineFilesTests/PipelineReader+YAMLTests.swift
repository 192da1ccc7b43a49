// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@testable import PipelineFiles

@Suite("Errors in YAML")
struct YAMLErrorTests {
    private static let empty = """
        p.yaml:1:1: the file is empty
        hint: start it with `version: 1`; tranship help pipeline has an example
        """

    private static let alias =
        "must be quoted, or YAML reads it as an alias, and no anchor has that name"

    private static let files = [
        BadFile("an empty file", "", empty),
        BadFile("comments only", "# nothing\n", empty),
        BadFile("an empty document", "---\n", empty),
        BadFile(
            "a sentence", "hello world\n",
            "p.yaml:1:1: a pipeline file must be a mapping, but this is \"hello world\""),
        BadFile(
            "a list", "- a\n- b\n",
            "p.yaml:1:1: a pipeline file must be a mapping, but this is a list"),
        BadFile(
            "a key without a colon", "version: 1\nname\n",
            """
            p.yaml:3:1: this is not YAML: could not find expected ':', while scanning a simple key
            hint: check the indentation and the quotes there and on the line above
            """),
        BadFile(
            "an open bracket", "version: [1\n",
            """
            p.yaml:1:10: the bracket that opens here is not closed
            hint: quote a value that starts with a bracket or holds one
            """),
        BadFile(
            "an open quote", "name: 'x\n", "p.yaml:1:7: the quote that opens here is never closed"),
        BadFile(
            "two documents", "version: 1\n---\nversion: 1\n",
            """
            p.yaml:2:1: a second YAML document starts here
            hint: remove the `---`, or make two files: a pipeline file holds one document
            """),
        BadFile(
            "a tab", "limits:\n\timages: 4\n",
            "p.yaml:2:1: YAML allows no tabs for indentation\nhint: indent with spaces"),
        BadFile(
            "a second colon", "version: 1\nname: a: b\n",
            """
            p.yaml:2:8: this is not YAML: a second `:` where a value was expected
            hint: quote a value that holds ": ", and check the indentation
            """),
        BadFile(
            "a reserved character", "name: @home\n",
            "p.yaml:1:7: a value that starts with @ must be quoted\nhint: write \"@home\""),
        BadFile(
            "a control character", "version: 1\nname: \u{7}x\n",
            """
            p.yaml:2:7: a character that YAML does not allow: U+0007
            hint: check that this is a pipeline file
            """),
        BadFile(
            "a duplicate key", "version: 1\nname: a\nlimits: {}\nname: b\n",
            """
            p.yaml has 3 mistakes
              p.yaml:1:1: a pipeline needs `sources`
              p.yaml:1:1: a pipeline needs `targets`
              p.yaml:4:1: duplicate key `name`, first used on line 2
                hint: keep one of them
            """
        ),
        BadFile(
            "a duplicate key, once in quotes",
            PipelineTexts.with(target: "  - cloud: beta\n    keep: 1\n    \"keep\": 2"),
            "p.yaml:8:5: duplicate key `keep`, first used on line 7\nhint: keep one of them"
        ),
        BadFile(
            "a key that is used twice in one line",
            "version: 1\nlimits: { images: 1, images: 2 }\n",
            """
            p.yaml has 4 mistakes
              p.yaml:1:1: a pipeline needs `name`
                hint: add a name: the default journal is named after it
              p.yaml:1:1: a pipeline needs `sources`
              p.yaml:1:1: a pipeline needs `targets`
              p.yaml:2:22: duplicate key `images`, first used in column 11
                hint: keep one of them
            """),
        BadFile(
            "several keys twice, and another mistake",
            PipelineTexts.with(
                source: "  - cloud: alpha\n    images: { name: a, 'name': b }",
                target: "  - cloud: beta\n    cloud: gamma\n    kep: 1"
            ) + "name: leave-beta\nname: c\n",
            """
            p.yaml has 5 mistakes
              p.yaml:5:24: duplicate key `name`, first used in column 15
              p.yaml:8:5: duplicate key `cloud`, first used on line 7
                hint: keep one of them
              p.yaml:9:5: unknown key `kep` in a cloud target
                hint: did you mean `keep`?
              p.yaml:10:1: duplicate key `name`, first used on line 2
              p.yaml:11:1: duplicate key `name`, first used on line 2
                hint: keep one of them
            """),
        BadFile(
            "a key that is twice, and a text that is not YAML",
            "version: 1\nlimits: { images: 1, images: 2 }\nname: a: b\n",
            """
            p.yaml has 2 mistakes
              p.yaml:2:22: duplicate key `images`, first used in column 11
                hint: keep one of them
              p.yaml:3:8: this is not YAML: a second `:` where a value was expected
                hint: quote a value that holds ": ", and check the indentation
            """),
        BadFile(
            "a key with an anchor that is twice", "version: 1\n&a name: b\n&b name: *a\n",
            """
            p.yaml has 3 mistakes
              p.yaml:1:1: a pipeline needs `sources`
              p.yaml:1:1: a pipeline needs `targets`
              p.yaml:3:1: duplicate key `name`, first used on line 2
                hint: keep one of them
            """),
        BadFile(
            "no space after the first colon", "version:1\nname: a\n",
            "p.yaml:1:1: a space is missing after `version:`\nhint: write `version: 1`"),
        BadFile(
            "no space after several colons",
            "version:1\nname: a\nsources:\n  - cloud:alpha\ntargets:\n  - cloud:beta # there\n",
            """
            p.yaml has 3 mistakes
              p.yaml:1:1: a space is missing after `version:`
                hint: write `version: 1`
              p.yaml:4:5: a space is missing after `cloud:`
                hint: write `cloud: alpha`
              p.yaml:6:5: a space is missing after `cloud:`
                hint: write `cloud: beta`
            """),
        BadFile(
            "no space after a colon near the end",
            PipelineTexts.with(more: "verify:proof\n\n# the order\norder: listed"),
            "p.yaml:7:1: a space is missing after `verify:`\nhint: write `verify: proof`"),
        BadFile(
            "no space after the colon of a source", PipelineTexts.with(source: "  - cloud:alpha"),
            "p.yaml:4:5: a space is missing after `cloud:`\nhint: write `cloud: alpha`"),
        BadFile(
            "no space after the colon of a source in braces",
            PipelineTexts.with(source: "  - {cloud:alpha}"),
            "p.yaml:4:6: a space is missing after `cloud:`\nhint: write `cloud: alpha`"),
        BadFile(
            "no space after colons in a block",
            PipelineTexts.with(
                source: "  - cloud: alpha\n    images:\n      name:noble\n      hidden:any"),
            """
            p.yaml has 2 mistakes
              p.yaml:6:7: a space is missing after `name:`
                hint: write `name: noble`
              p.yaml:7:7: a space is missing after `hidden:`
                hint: write `hidden: any`
            """),
        BadFile(
            "no space after a colon in braces",
            PipelineTexts.with(
                source: "  - cloud: alpha\n    images: {name:noble}",
                target: "  - cloud: beta\n    image: { visibility:private }"),
            """
            p.yaml has 2 mistakes
              p.yaml:5:14: a space is missing after `name:`
                hint: write `name: noble`
              p.yaml:8:14: a space is missing after `visibility:`
                hint: write `visibility: private`
            """),
        BadFile(
            "no space after the colon of a property",
            PipelineTexts.with(
                target: "  - cloud: beta\n    image: { properties: { set: {hw_disk_bus:scsi} } }"),
            "p.yaml:7:50: `hw_disk_bus:scsi` has no value\nhint: write a space after the colon"),
        BadFile(
            "no space after the colon of a secret",
            PipelineTexts.withURL("    auth:env:TOKEN"),
            "p.yaml:5:5: a space is missing after `auth:`\nhint: write `auth: …`"),
        BadFile(
            "spaces that are none for YAML",
            PipelineTexts.with(source: "  - cloud: alpha\n\u{A0}\u{A0}\u{A0}\u{A0}images: {}"),
            """
            p.yaml:5:1: unknown key `\u{A0}\u{A0}\u{A0}\u{A0}images` in a pipeline
            hint: type the spaces before it again: YAML does not take U+00A0 as a space
            """),
        BadFile(
            "a glob that starts with a star", PipelineTexts.with(source: "  - file: *.qcow2 # all"),
            "p.yaml:4:11: a value that starts with * \(alias)\nhint: write \"*.qcow2\""),
        BadFile(
            "a star and nothing else",
            PipelineTexts.with(source: "  - cloud: alpha\n    images:\n      name: *"),
            "p.yaml:6:13: a value that starts with * \(alias)\nhint: write \"*\""),
        BadFile(
            "a glob in a list in brackets",
            PipelineTexts.with(source: "  - cloud: alpha\n    exclude: { name: [*-test, a] }"),
            "p.yaml:5:23: a value that starts with * \(alias)\nhint: write \"*-test\""),
        BadFile(
            "an alias with a mistyped name",
            PipelineTexts.withURL(
                "    image: &ubuntu { name: a }\n  - file: a.iso\n    image: *ubunut"),
            "p.yaml:7:12: the alias *ubunut has no anchor above it\nhint: did you mean *ubuntu?"),
        BadFile(
            "a placeholder alone",
            PipelineTexts.with(target: "  - cloud: beta\n    image:\n      name: {name}"),
            """
            p.yaml:8:13: a value that starts with { must be quoted, or YAML reads it as a mapping
            hint: write "{name}"
            """),
        BadFile(
            "a placeholder alone, inside braces",
            PipelineTexts.with(
                target: "  - cloud: beta\n    image: { name: {name}, hidden: keep }"),
            """
            p.yaml:7:20: a value that starts with { must be quoted, or YAML reads it as a mapping
            hint: write "{name}"
            """),
        BadFile(
            "placeholders with text between",
            PipelineTexts.with(
                target: "  - cloud: beta\n    image:\n      name: {name}-{date}\n      hidden: keep"
            ),
            """
            p.yaml:8:13: a value that starts with { must be quoted, or YAML reads it as a mapping
            hint: write "{name}-{date}"
            """),
        BadFile(
            "a placeholder in a list entry", PipelineTexts.withURL("    series: {stem}"),
            """
            p.yaml:5:13: a value that starts with { must be quoted, or YAML reads it as a mapping
            hint: write "{stem}"
            """),
        BadFile(
            "brackets with text after them",
            PipelineTexts.with(target: "  - cloud: beta\n    image:\n      name: [old] x\n"),
            """
            p.yaml:8:13: a value that starts with [ must be quoted, or YAML reads it as a list
            hint: write "[old] x"
            """),
        BadFile(
            "a variable inside braces without quotes",
            PipelineTexts.with(source: "  - { cloud: ${CLOUD} }"),
            """
            p.yaml:4:5: inside [ ] and { } a value with ${…} must be quoted
            hint: write "${NAME}"
            """),
        BadFile(
            "a tag", PipelineTexts.with(more: "order: !!int 4"),
            """
            p.yaml:7:8: `order` has the YAML tag !!int
            hint: remove the tag, or quote a text that starts with !
            """),
        BadFile(
            "a key that is a list", PipelineTexts.with(more: "? [a]\n: b"),
            "p.yaml:7:3: a key of a pipeline file is not text\nhint: quote the key if it is meant as text"
        ),
    ]

    @Test("have a place and a remedy", arguments: files)
    func told(file: BadFile) throws {
        let error = try #require(refusal(file.text))
        #expect(error.code == .invalidPipeline)
        #expect("\(error)" == file.message)
    }

    /// Nine levels of nine aliases: a file of a few lines that expands to 387 million values.
    @Test("aliases inside aliases are counted, not followed")
    func billionLaughs() throws {
        var text = "version: 1\na: &a x\n"
        for level in UnicodeScalar("b").value...UnicodeScalar("j").value {
            let name = String(UnicodeScalar(level) ?? "b")
            let inner = String(UnicodeScalar(level - 1) ?? "a")
            text +=
                "\(name): &\(name) [\(Array(repeating: "*\(inner)", count: 9).joined(separator: ", "))]\n"
        }
        let error = try #require(refusal(text))
        #expect(
            error.message == "p.yaml:8:4: more than 200000 values once aliases are expanded",
            "\(error)")
    }

    @Test("a hundred aliases are accepted and one more is not")
    func aliases() throws {
        func text(_ count: Int) -> String {
            let tags = Array(repeating: "*t", count: count).joined(separator: ", ")
            return PipelineTexts.withURL("    image: { name: &t a, tags: [\(tags)] }")
        }
        #expect(refusal(text(100)).map { "\($0)" } == nil)
        let error = try #require(refusal(text(101)))
        #expect(error.message == "p.yaml:5:433: more than 100 aliases")
    }

    /// Yams hashes a key with the values of all its aliases. For this one, that would take years.
    @Test("a key of nested aliases is refused at once")
    func keyOfAliases() throws {
        var text = "version: 1\na: &a [x, x, x, x, x, x, x, x, x]\n"
        for (level, name) in "bcdefghij".enumerated() {
            let inner = level == 0 ? "a" : String(Array("bcdefghij")[level - 1])
            text +=
                "\(name): &\(name) [\(Array(repeating: "*\(inner)", count: 2).joined(separator: ", "))]\n"
        }
        for key in [
            "? *j\n: x", "*j : x", "? [*i, *i]\n: x", "? { a: *j }\n: x", "z: { ? *j : x }",
        ] {
            let error = try #require(refusal(text + key + "\n"))
            #expect(error.message.contains(": a key is not text"), "\(error) for \(key)")
        }
    }

    /// An empty value has no position of its own and must not count as an alias.
    @Test("equal and empty values do not count as aliases")
    func equalValues() throws {
        let properties = (0..<300).map { "p\($0): \"\"" }.joined(separator: ", ")
        let tags = Array(repeating: "a", count: 300).joined(separator: ", ")
        let source = try urlSource(
            PipelineTexts.withURL("    image: { tags: [\(tags)], properties: { \(properties) } }"))
        #expect(source.image.tags == ["a"])
        #expect(source.image.properties.count == 300)
    }

    @Test("deep nesting is refused, at our limit and at libyaml's")
    func depth() throws {
        let deep =
            "version: " + String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
        #expect(
            try #require(refusal(deep)).message == "p.yaml:1:41: nested more than 32 levels deep")
        let deeper = String(repeating: "[", count: 5000)
        #expect(
            try #require(refusal(deeper)).message == "p.yaml:1:1: nested too deeply")
    }
}
