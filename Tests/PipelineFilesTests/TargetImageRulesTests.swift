// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PipelineFiles

@Suite("TargetImageRules")
struct TargetImageRulesTests {
    @Test("properties are dropped, then renamed, then set")
    func properties() {
        let rules = PropertyRules(
            set: ["mirrored": "yes", "arch": "arm"],
            drop: [Glob("owner_specified.*"), Glob("gone")],
            rename: ["old": "new", "gone": "kept", "a": "b", "b": "a"])
        let result = rules.applied(to: [
            "owner_specified.x": "1", "gone": "2", "old": "3", "new": "4", "a": "A", "b": "B",
            "arch": "x86",
        ])
        #expect(result == ["new": "3", "a": "B", "b": "A", "arch": "arm", "mirrored": "yes"])
    }

    @Test("tags are dropped, then added, none twice")
    func tags() {
        let rules = TagRules(add: ["mirrored", "prod"], drop: [Glob("tmp-*")])
        #expect(rules.applied(to: ["prod", "tmp-1"]) == ["prod", "mirrored"])
    }

    @Test("an owner table maps named projects, and the rest where it says so")
    func owners() {
        #expect(OwnerMap(projects: ["a": "b"], rest: nil).target(of: "x") == nil)
        #expect(OwnerMap(projects: ["a": "b"], rest: "r").target(of: "x") == "r")
        #expect(OwnerMap(projects: ["a": "b"], rest: "r").target(of: "a") == "b")
    }
}
