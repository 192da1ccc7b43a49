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
        #expect(others.warnings.count == 1)
        #expect(others.warnings[0].words.contains("leaves out 4 images"))
        #expect(others.warnings[0].words.hasSuffix("same name: i1, i2, i3, …"))
    }

    @Test func `Names three that the same is said of, and counts the rest`() {
        var others = OtherCopies()
        for number in 1...5 {
            others.add(
                item(
                    "i\(number)", at: "beta",
                    [.otherFields(imageID: "x\(number)", fields: ["name"]), .noChecksum]))
        }
        others.add(item("d", at: "alpha", [.deactivatedAtTarget(imageID: "y")]))
        others.add(item("n", at: "alpha", [.noChecksum]))
        let words = others.warnings.map(\.words)
        #expect(words.count == 2)
        #expect(words[0].hasPrefix("target alpha: d: image y was deactivated"))
        #expect(
            words[1].hasPrefix("target beta: i1, i2, i3 and 2 more: the image was copied before"))
        #expect(words[1].hasSuffix("; `tranship plan -v` has the command to rename each"))
    }

    @Test func `One image has its command, and several targets are named`() {
        let note = Note.otherFields(imageID: "x", fields: ["name"])
        var others = OtherCopies()
        others.add(item("i 1", at: "beta", [note]))
        #expect(
            others.warnings.first?.words.hasSuffix("tranship image set --cloud beta --name 'i 1' x")
                == true)
        others.add(item("i2", at: "gamma", [note]))
        #expect(
            others.warnings.first?.words.hasPrefix("i 1 -> beta, i2 -> gamma: the image was")
                == true)
        #expect(note.words(at: "beta/RegionTwo", name: "n").contains("--cloud CLOUD --name n"))
    }
}
