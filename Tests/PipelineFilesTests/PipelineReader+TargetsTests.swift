// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import Testing

@testable import PipelineFiles

@Suite("Targets")
struct PipelineReaderTargetsTests {
    private static func target(_ line: String) -> String {
        PipelineTexts.with(target: "  - cloud: beta\n    \(line)")
    }

    private static let files = [
        BadFile(
            "of no kind", PipelineTexts.with(target: "  - method: auto"),
            "p.yaml:6:5: a target needs one of `cloud`, `archive`"),
        BadFile(
            "of a kind of source", PipelineTexts.with(target: "  - file: a"),
            "p.yaml:6:5: a target needs one of `cloud`, `archive`"),
        BadFile(
            "an archive with a key of clouds",
            PipelineTexts.with(target: "  - archive: a\n    method: upload"),
            "p.yaml:7:5: unknown key `method` in an archive target\nhint: known keys: archive, image, "
                + "on_conflict, keep, previous, expired, limits"),
        BadFile(
            "an archive with owners",
            PipelineTexts.with(target: "  - archive: a\n    image: { owner: { a: b } }"),
            "p.yaml:7:12: an archive keeps every image's owner as at the source, so its `image` has no "
                + "`owner`\nhint: write it in the pipeline that reads the archive"),
        BadFile(
            "with a mistyped method", target("method: glance-driect"),
            "p.yaml:7:13: `method` is \"glance-driect\", but must be one of auto, upload, "
                + "glance-direct, web-download, glance-download\nhint: did you mean glance-direct?"),
        BadFile(
            "with a store twice", target("stores: [a, a]"),
            "p.yaml:7:13: `stores` names \"a\" twice"),
        BadFile(
            "with no store", target("stores: []"),
            "p.yaml:7:13: `stores` is an empty list\nhint: remove the key instead"),
        BadFile(
            "with a rule that is none", target("image: { protected: yes }"),
            "p.yaml:7:25: `protected` is \"yes\", but must be one of keep, true, false"
                + "\nhint: write true or false; other YAML spellings are not supported"),
        BadFile(
            "with an owner table of nothing", target("image: { owner: {} }"),
            "p.yaml:7:21: `owner` maps no project\nhint: remove the key instead"),
        BadFile(
            "with an owner star that is not quoted", target("image: { owner: { *: a } }"),
            "p.yaml:7:23: a value that starts with * must be quoted, or YAML reads it as an alias, "
                + "and no anchor has that name\nhint: write \"*\""),
        BadFile(
            "that set a field as a property",
            target("image: { properties: { set: { min_disk: \"4\" } } }"),
            "p.yaml:7:35: `min_disk` is a field of every image, not a property\n"
                + "hint: write the fields that you can set beside `properties`, not inside it"),
        BadFile(
            "that rename two to one",
            target("image: { properties: { rename: { a: c, b: c } } }"),
            "p.yaml:7:44: `rename` gives both `a` and `b` the name `c`"),
        BadFile(
            "that delete and do not say when", target("expired: { action: delete }"),
            "p.yaml:7:14: `expired` needs `after`\nhint: write `after: 90d`"),
        BadFile(
            "with an unknown placeholder", target("image: { name: \"{nam}\" }"),
            "p.yaml:7:20: `name` is \"{nam}\", but {nam} is not a placeholder here\n"
                + "hint: did you mean {name}?"),
    ]

    @Test("are refused", arguments: files)
    func told(file: BadFile) throws {
        let error = try #require(refusal(file.text))
        #expect(error.code == .invalidPipeline)
        #expect("\(error)" == file.message)
    }

    @Test("take rules for the records")
    func rules() throws {
        let target = try cloudTarget(
            PipelineTexts.with(
                target: """
                      - cloud: beta
                        region: south
                        interface: admin
                        project: tenant
                        method: glance-direct
                        stores: fast
                        on_conflict: rename
                        image:
                          name: "{name}-{date}"
                          visibility: community
                          protected: false
                          hidden: true
                          keep_id: false
                          members: drop
                          properties: { set: { a: "1" }, drop: "b*", rename: { c: d } }
                          tags: { add: x, drop: [y, "z*"] }
                    """))
        #expect(target.cloud.region == "south")
        #expect(target.cloud.interface == "admin")
        #expect(target.cloud.project == "tenant")
        #expect(target.rules.method == .glanceDirect)
        #expect(target.rules.stores == .named(["fast"]))
        #expect(target.rules.onConflict == .rename)
        #expect(target.rules.image.name.placeholders == [.name, .date])
        #expect(target.rules.image.visibility == .set(.community))
        #expect(target.rules.image.visibility.value(keeping: .public) == .community)
        #expect(target.rules.image.protected == .set(false))
        #expect(target.rules.image.hidden == .set(true))
        #expect(target.rules.image.members == .drop)
        #expect(
            target.rules.image.properties
                == PropertyRules(set: ["a": "1"], drop: [Glob("b*")], rename: ["c": "d"]))
        #expect(target.rules.image.tags == TagRules(add: ["x"], drop: [Glob("y"), Glob("z*")]))
    }

    @Test(
        "say how a copy gets the id of its source",
        arguments: [
            ("false", nil), ("true", .required), ("prefer", PlannedRecord.KeptID.preferred),
        ])
    func keptID(word: String, kept: PlannedRecord.KeptID?) throws {
        let target = try cloudTarget(Self.target("image: { keep_id: \(word) }"))
        #expect(target.rules.image.keepID == kept)
    }

    @Test("leave the method to the plan if they say auto")
    func method() throws {
        #expect(try cloudTarget(Self.target("method: auto")).rules.method == nil)
    }

    @Test("keep everything as it is where they say so")
    func keep() throws {
        let target = try cloudTarget(
            Self.target("image: { visibility: keep, protected: keep, hidden: keep }"))
        #expect(target.rules.image == .standard)
        #expect(target.rules.image.protected.value(keeping: true))
    }
}
