// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import PipelineFiles
import Testing

@Suite("ImageSelection.matches")
struct ImageSelectionMatchesTests {
    private static let now: Int64 = 1_767_225_600  // 2026-01-01T00:00:00Z

    private static let image = ImageFacts(
        id: "6f1c", name: "ubuntu-24.04", owner: "me", visibility: "shared", tags: ["prod", "lts"],
        properties: ["os_distro": "ubuntu", "arch": "x86_64"], sizeBytes: 2048,
        updatedAt: "2025-12-31T00:00:00Z")

    private func mismatch(_ selection: String, _ facts: ImageFacts = image) throws -> String? {
        try cloudSource(
            PipelineTexts.with(source: "  - cloud: alpha\n    images: { \(selection) }")
        ).selection.mismatch(facts, selfProjectID: "me", nowUnixSeconds: Self.now)?.words
    }

    @Test(
        "every condition must hold, and the first that does not is named",
        arguments: [
            ("", nil), ("name: \"ubuntu-*\"", nil), ("name: [\"debian-*\", \"ubuntu-*\"]", nil),
            ("name: \"debian-*\"", "its name \"ubuntu-24.04\" matches none of `name`"),
            ("id: [a, 6f1c]", nil), ("id: a", "its id is not in `id`"),
            ("owner: me", nil), ("owner: you", "its owner is me"), ("owner: any", nil),
            ("visibility: [public, shared]", nil),
            ("visibility: public", "its visibility is shared"),
            ("status: [active]", nil), ("status: deactivated", "its status is active"),
            ("tags: [lts, prod]", nil), ("tags: [lts, test]", "it has no tag \"test\""),
            ("properties: { os_distro: ubuntu, arch: x86_64 }", nil),
            ("properties: { os_distro: debian }", "its property os_distro is \"ubuntu\""),
            ("properties: { hw: x }", "its property hw is not set"),
            ("size: { min: 2KiB, max: 2KiB }", nil), ("size: { min: 3KiB }", "its size is 2.0 KiB"),
            ("size: { max: 2kB }", "its size is 2.0 KiB"),
            ("updated_after: 1d", nil),
            ("updated_after: 23h", "it was updated at 2025-12-31T00:00:00Z"),
            ("updated_after: 2025-12-31T00:00:00Z", nil),
            ("updated_after: 2025-12-31T00:00:01Z", "it was updated at 2025-12-31T00:00:00Z"),
            ("hidden: any", nil), ("hidden: false", nil), ("hidden: true", "it is not hidden"),
            ("snapshots: include", nil), ("snapshots: only", "it is not a snapshot"),
            ("name: \"ubuntu-*\", tags: [test]", "it has no tag \"test\""),
        ] as [(String, String?)])
    func conditions(selection: String, expected: String?) throws {
        #expect(try mismatch(selection) == expected)
    }

    @Test("without conditions: active, our own, not hidden, not a snapshot")
    func standard() throws {
        var facts = Self.image
        facts.owner = "you"
        #expect(try mismatch("", facts) == "its owner is you")
        facts = Self.image
        facts.status = "queued"
        #expect(try mismatch("", facts) == "its status is queued")
        facts = Self.image
        facts.isHidden = true
        #expect(try mismatch("", facts) == "it is hidden")
        #expect(try mismatch("hidden: true", facts) == nil)
        facts = Self.image
        facts.isSnapshot = true
        #expect(try mismatch("", facts) == "it is a snapshot")
        #expect(try mismatch("snapshots: only", facts) == nil)
        let source = try cloudSource(PipelineTexts.with())
        #expect(source.selection == ImageSelection.standard)
    }

    @Test("an unknown value meets no condition")
    func unknown() throws {
        var facts = Self.image
        facts.sizeBytes = nil
        facts.updatedAt = nil
        facts.name = nil
        #expect(try mismatch("size: { min: 1B }", facts) == "its size is not known")
        #expect(try mismatch("updated_after: 1d", facts) == "its time of update is not known")
        #expect(try mismatch("name: \"*\"", facts) == nil)
        #expect(try mismatch("name: \"?*\"", facts) == "its name \"\" matches none of `name`")
    }

    /// In this case, the image is refused by its name.
    @Test(
        "what cannot be read leaves an image neither out nor in",
        arguments: [
            ("name", "name: other"), ("owner", ""), ("visibility", "visibility: [public]"),
            ("status", ""), ("tags", "tags: [t]"), ("size", "size: { min: 1GB }"),
            ("updated_at", "updated_after: 1s"), ("os_hidden", ""),
        ])
    func unread(key: String, conditions: String) throws {
        var facts = Self.image
        facts.owner = "you"
        facts.status = "odd"
        facts.isHidden = true
        facts.visibility = "odd"
        facts.sizeBytes = nil
        facts.updatedAt = nil
        let every: Set<String> = [
            "name", "owner", "visibility", "status", "tags", "size", "updated_at", "os_hidden",
        ]
        facts.unreadKeys = every
        #expect(try mismatch(conditions, facts) == nil)
        facts.unreadKeys = every.subtracting([key])
        #expect(try mismatch(conditions, facts) != nil)
    }

    @Test("an exclusion by what cannot be read leaves nothing out")
    func unreadExclusion() throws {
        let source = try cloudSource(
            PipelineTexts.with(
                source: """
                      - cloud: alpha
                        exclude: { name: "*-test" }
                    """))
        var facts = Self.image
        facts.name = "5"
        facts.unreadKeys = ["name"]
        #expect(source.selects(facts, selfProjectID: "me", nowUnixSeconds: Self.now))
    }

    @Test("in a cloud without projects, every owner is self")
    func withoutKeystone() {
        #expect(
            ImageSelection.standard.matches(
                Self.image, selfProjectID: nil, nowUnixSeconds: Self.now))
    }

    /// The defaults of `images` must not apply to `exclude`. Otherwise a hidden image that an
    /// operator excludes by name would be copied.
    @Test("an exclusion has only its own conditions")
    func exclusion() throws {
        let source = try cloudSource(
            PipelineTexts.with(
                source: """
                      - cloud: alpha
                        images: { hidden: any, owner: any }
                        exclude: { name: "*-test" }
                    """))
        var facts = ImageFacts(id: "1", name: "a-test", owner: "you", isHidden: true)
        #expect(!source.selects(facts, selfProjectID: "me", nowUnixSeconds: Self.now))
        let reason = source.mismatch(facts, selfProjectID: "me", nowUnixSeconds: Self.now)
        #expect(reason?.key == "exclude" && reason?.words == "`exclude` matches it")
        facts.name = "a"
        #expect(source.selects(facts, selfProjectID: "me", nowUnixSeconds: Self.now))
        facts.status = "queued"
        #expect(!source.selects(facts, selfProjectID: "me", nowUnixSeconds: Self.now))
    }
}
