// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel
import TestSupport
import Testing

@testable import Planning

@Suite struct OtherCopiesTests {
    private func item(_ name: String, at target: String, _ notes: [Note]) -> PlanItem {
        var item = Sample.item(name)
        item.intent.targetKey = target
        item.intent.record.name = name
        item.notes = notes
        return item
    }

    @Test func `Images that an operator leaves out by their names are told in one line`() {
        var others = OtherCopies()
        for number in 1...4 {
            let given = item("i\(number)", at: "beta", [])
            others.add(given.decided(.skip, .nameTaken(imageID: "x", .skip)))
        }
        #expect(others.words.count == 1)
        #expect(others.words[0].contains("leaves out 4 images"))
        #expect(others.words[0].hasSuffix("same name: i1, i2, i3, …"))
    }

    @Test func `Names three of a kind at a target, and counts the rest`() {
        var others = OtherCopies()
        for number in 1...5 {
            others.add(
                item(
                    "i\(number)", at: "beta",
                    [.otherFields(imageID: "x\(number)", fields: ["name"]), .noChecksum]))
        }
        others.add(item("d", at: "alpha", [.deactivatedAtTarget(imageID: "y")]))
        others.add(item("n", at: "alpha", [.noChecksum]))
        let words = others.words
        #expect(words.count == 5)
        #expect(words[0].hasPrefix("target alpha: d: image y was deactivated"))
        #expect(words[1].hasPrefix("target beta: i1: image x1 was copied before"))
        #expect(words[4].hasPrefix("target beta: and 2 more of these"))
    }
}
