// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import PipelineFiles
import Testing

@Suite("Glob")
struct GlobTests {
    @Test(
        "a glob matches a whole name",
        arguments: [
            ("ubuntu-*", "ubuntu-24.04", true), ("ubuntu-*", "Ubuntu-24.04", false),
            ("ubuntu-*", "my ubuntu-24.04", false), ("*", "", true), ("?", "", false),
            ("a?c", "abc", true), ("a?c", "aäc", true), ("a?c", "abbc", false),
            ("*-test", "a-test", true), ("*-test", "a-test-b", false), ("*a*b*", "xaxbx", true),
            ("*a*b*", "xbxax", false), ("a**b", "ab", true), ("v[0-9]", "v7", true),
            ("v[0-9]", "vx", false), ("v[!0-9]", "vx", true), ("v[!0-9]", "v7", false),
            ("[]a]", "]", true), ("[a-]", "-", true), ("[a", "[a", true), ("a[]", "a[]", true),
            ("\\*", "*", true), ("\\*", "x", false), ("[\\]]", "]", true), ("a\\", "a\\", true),
            ("owner_specified.*", "owner_specified.openstack.md5", true), ("a/*", "a/b/c", true),
            ("日本*", "日本語", true), ("", "", true), ("", "a", false), ("[z-a]", "m", false),
        ])
    func matching(pattern: String, name: String, expected: Bool) {
        #expect(Glob(pattern).matches(name) == expected)
    }

    /// Plain backtracking would practically never end.
    @Test("many stars take no exponential time")
    func manyStars() {
        let pattern = String(repeating: "a*", count: 40) + "b"
        #expect(!Glob(pattern).matches(String(repeating: "a", count: 2000)))
    }

    @Test("only a glob without wildcards has a literal")
    func literal() {
        #expect(Glob("Ubuntu 24.04").literal == "Ubuntu 24.04")
        #expect(Glob("a\\*").literal == "a*")
        #expect(Glob("[a").literal == "[a")
        #expect(Glob("a*").literal == nil)
        #expect(Glob("a?").literal == nil)
        #expect(Glob("[a]").literal == nil)
    }
}
