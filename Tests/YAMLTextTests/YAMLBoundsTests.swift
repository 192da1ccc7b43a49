// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing
import YAMLText

@Suite struct YAMLBoundsTests {
    private func excess(_ yaml: String, depthMax: Int = 100) -> YAMLBounds.Excess? {
        do throws(YAMLBounds.Excess) {
            try YAMLBounds(aliasesMax: 20, depthMax: depthMax, nodesMax: 200).check(yaml)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        "a: &a [x, x]\nb: [*a, *a]\nc: { <<: { d: *a } }\n? [x]\n: y\n",
        // The composer refuses these.
        "a: *none", "a: &a [*a]", "a: [",
    ])
    func `What is small passes`(yaml: String) {
        #expect(excess(yaml) == nil)
    }

    @Test func `Values are counted with their aliases expanded`() {
        let ten = "a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
        #expect(excess(ten) == nil)
        let found = excess(ten + "c: [*b,\n  *b]")
        #expect(found?.kind == .nodes)
        #expect(found?.place.line == 1, "the mapping that has too many")
    }

    @Test func `Merges count like all aliases`() {
        var yaml = "a: &a { k: x }\n"
        for (name, inner) in zip("bcdefghi", "abcdefgh") {
            yaml += "\(name): &\(name) { <<: [*\(inner), *\(inner)], k\(name): x }\n"
        }
        #expect(excess(yaml)?.kind == .nodes)
    }

    @Test func `A key stands for few values`() {
        let base = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        let many = Array(repeating: "*a", count: 11).joined(separator: ", ")
        #expect(excess(base + "? [*a]\n: y")?.kind == nil)
        let found = excess(base + "b: { ? [\(many)] : y }")
        #expect(found?.kind == .keyNodes)
        #expect(found?.place.line == 2 && found?.place.column == 8)
    }

    @Test func `Aliases and depth have limits`() {
        let twenty = Array(repeating: "*a", count: 20).joined(separator: ", ")
        #expect(excess("a: &a x\nb: [\(twenty)]") == nil)
        #expect(excess("a: &a x\nb: [\(twenty), *a]")?.kind == .aliases)
        #expect(excess("a: [[x]]", depthMax: 4) == nil)
        #expect(excess("a: [[[x]]]", depthMax: 4)?.kind == .depth)
        #expect(excess("a: &a [[x]]\nb: [*a]", depthMax: 4)?.kind == .depth)
    }
}
