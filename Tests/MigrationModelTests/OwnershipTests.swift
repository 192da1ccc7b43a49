// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import TestSupport
import Testing

@Suite struct OwnershipTests {
    @Test(arguments: OwnershipFacts.all)
    func `Every case has the owner that the table names`(facts: OwnershipFacts) throws {
        let rows = OwnershipCase.all.filter { $0.covers(facts) }
        #expect(rows.count == 1)
        #expect(facts.ownership == rows.first?.ownership)
    }

    @Test func `The table names every owner`() {
        #expect(Set(OwnershipCase.all.map(\.ownership)) == Set(Ownership.allCases))
    }

    @Test(arguments: Ownership.allCases)
    func `Only what is ours may be deleted, and never under a kept id`(ownership: Ownership) {
        if ownership.mayBeDiscarded || ownership.mayBeCleaned { #expect(ownership.isOurs) }
        // Only `rollback` burns a kept id, and it reports that.
        if ownership.mayBeUndone { #expect(ownership.isOurs) }
        // A retired copy is hidden, renamed, deactivated, and at last deleted.
        if ownership.mayBeRetired { #expect(ownership.isOurs) }
        if ownership == .keptID || ownership == .givenUpKeptID {
            #expect(
                !ownership.mayBeDiscarded && !ownership.mayBeCleaned && !ownership.mayBeRetired)
        }
        // A derived id alone shows that a host of ours made the image, and not that this journal
        // did.
        if ownership == .oursByDerivation { #expect(!ownership.mayBeRetired) }
    }

    /// The rights, written by hand, so that a change of a right requires a change of this table.
    private static let rights: [(Ownership, rights: String)] = [
        (.oursByRow, "compare go-on discard clean retire undo"),
        (.oursByDerivation, "compare go-on clean"), (.anotherHosts, "compare go-on clean retire"),
        (.adopted, "compare go-on clean retire"), (.accepted, "compare"),
        (.keptID, "compare go-on undo"), (.givenUpKeptID, ""), (.otherProject, "compare"),
        (.planted, ""), (.unmarked, "compare"), (.forged, ""), (.holdsKeptID, ""), (.foreign, ""),
    ]

    @Test func `Every owner has the rights of the table and no others`() {
        for (ownership, expected) in Self.rights {
            let flags = [
                ("compare", ownership.isCopy), ("go-on", ownership.isOurs),
                ("discard", ownership.mayBeDiscarded), ("clean", ownership.mayBeCleaned),
                ("retire", ownership.mayBeRetired), ("undo", ownership.mayBeUndone),
            ]
            let found = flags.filter(\.1).map(\.0).joined(separator: " ")
            #expect(found == expected, "\(ownership)")
        }
        #expect(Set(Self.rights.map(\.0)) == Set(Ownership.allCases))
    }

    @Test func `A kept id that is required has no derived ids beside it`() {
        var record = Sample.record()
        record.keptID = .required
        let source = Sample.source("s")
        let derived = ImageIdentity.imageID(of: source, project: "p", generation: 0)
        let origin = Sample.origin(of: "s")
        let image = Sample.target(derived, marker: origin.propertyValue)
        #expect(
            Ownership(
                of: image, source: source, record: record, origin: origin, transfer: nil,
                projectID: "p") == .forged)
    }

    @Test func `A given-up id stays given up when the plan keeps none any more`() {
        var transfer = Sample.transfer("s", state: .done, imageID: "another")
        transfer.intent.record.keptID = .preferred
        transfer.placement.generation = 1
        func ownership(_ id: String) -> Ownership {
            Ownership(
                of: Sample.target(id, marker: transfer.origin.propertyValue),
                source: transfer.source, record: Sample.record(), origin: transfer.origin,
                transfer: transfer, projectID: "p")
        }
        #expect(ownership("s") == .givenUpKeptID)
        #expect(ownership("another") == .anotherHosts)
        transfer.placement.generation = 0
        #expect(ownership("s") == .forged)
    }

    @Test func `An owner in the record decides which ids are derived`() {
        var record = Sample.record()
        record.ownerID = "owner"
        let source = Sample.source("s")
        let origin = Sample.origin(of: "s")
        func ownership(_ project: String) -> Ownership {
            let id = ImageIdentity.imageID(of: source, project: project, generation: 3)
            return Ownership(
                of: Sample.target(id, marker: origin.propertyValue), source: source,
                record: record, origin: origin, transfer: nil, projectID: "user's")
        }
        #expect(ownership("owner") == .oursByDerivation)
        #expect(ownership("user's") == .forged)
    }
}

/// Writes the table of docs/journal.md from the tested cases.
@Suite struct OwnershipPageTests {
    private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../docs/journal.md").standardizedFileURL
    private static let marks = (
        "<!-- ownership: written by `make docs` -->\n", "<!-- end of ownership -->\n"
    )

    @Test func `The journal's page has the cases that are tested`() throws {
        var text = try String(contentsOf: Self.file, encoding: .utf8)
        let begin = try #require(text.range(of: Self.marks.0))
        let end = try #require(text.range(of: Self.marks.1))
        let place = begin.upperBound..<end.lowerBound
        if ProcessInfo.processInfo.environment["TRANSHIP_WRITE_DOCS"] == "1" {
            text.replaceSubrange(place, with: OwnershipCase.table)
            try Data(text.utf8).write(to: Self.file)
            return
        }
        #expect(text[place] == OwnershipCase.table, "docs/journal.md is stale: run `make docs`")
    }
}
