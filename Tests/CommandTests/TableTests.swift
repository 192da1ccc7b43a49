// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import tranship

@Suite struct TableTests {
    /// A list of 1,000 images with one such name once took 607 MiB.
    @Test func `A long cell is cut, and no row becomes longer for it`() {
        var table = Table(["ID", "Name", "Status"])
        table.add(["1", String(repeating: "n", count: 200_000), "active"])
        table.add(["2", "b", "active"])
        #expect(table.lines[1].contains("nnn…  active"))
        #expect(table.lines.allSatisfy { $0.count < 300 })
    }

    @Test func `A long cell at the end is cut later`() {
        var table = Table(["Field", "Value"])
        table.add(["signature", String(repeating: "s", count: 700)])
        table.add(["names", String(repeating: "n", count: 200_000)])
        #expect(table.lines[1].hasSuffix("sss"))
        #expect(table.lines[2].hasSuffix("nnn…"))
        #expect(table.lines.allSatisfy { $0.count < 11_000 })
    }

    @Test func `A table that is too wide takes several lines a row, and cuts nothing`() {
        var table = Table(["Name", "Target", "Size", "Image", "Started"])
        let id = "5ffa62d7-c08d-4678-a9f4-7c8b267be350"
        table.add(["夜間イメージ", "beta", "9 MiB", id, "2026-11-29T18:00:00Z"])
        table.add(["b", "gamma", "10 MiB", "", ""])
        #expect(
            table.lines(toColumns: 60) == [
                "Name          Target  Size", "  Image                                 Started",
                "夜間イメージ  beta    9 MiB",
                "  \(id)  2026-11-29T18:00:00Z", "b             gamma   10 MiB",
            ])
        #expect(table.lines(toColumns: 160) == table.lines)
    }

    @Test func `Words of a last column stay under it, and a digest is not cut`() {
        let digest = String(repeating: "0a", count: 64)
        var table = Table(["Field", "Value"])
        table.add(["description", "one two three four five six seven eight nine"])
        table.add(["os_hash_value", digest])
        #expect(
            table.lines(toColumns: 40) == [
                "Field          Value", "description    one two three four five",
                "               six seven eight nine", "os_hash_value", "  \(digest)",
            ])
    }

    @Test func `What is shown for controls counts as well`() {
        var table = Table(["Name", "ID"])
        table.add([String(repeating: "\u{1B}", count: 1000), "1"])
        #expect(table.lines[1].hasPrefix("\\u{1B}\\u{1B}"))
        #expect(table.lines[1].count < 300)
    }
}
