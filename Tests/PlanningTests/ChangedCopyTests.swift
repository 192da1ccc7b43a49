// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import PipelineFiles
import TestSupport
import Testing

@testable import MigrationJournal
@testable import Planning

/// The plan's treatment of copies that changed at the target, or that are gone.
@Suite struct ChangedCopyTests {
    private typealias Situation = DecisionTests.Situation

    @Test func `What another journal published stays as its users want it now`() throws {
        let marker = Sample.origin(of: "s").propertyValue
        var edited = Sample.target(
            "s-0", name: "theirs", checksums: [try Sample.checksum(.md5, "a")],
            visibility: .community, marker: marker)
        edited.isProtected = true
        edited.isHidden = true
        let fields = ["name", "visibility", "os_hidden", "protected"]
        let skipped = try DecisionTests.decide(Situation(ours: [edited]))
        #expect(skipped.action == .skip)
        #expect(skipped.notes == [.otherFields(imageID: "s-0", fields: fields)])

        edited.checksums = []
        let proved = try DecisionTests.decide(Situation(ours: [edited], isPromised: false))
        #expect(proved.action == .update && proved.start?.state == .verifying)
        #expect(proved.notes == [.otherFields(imageID: "s-0", fields: fields)])
        var former = try #require(proved.start?.intent.record.updatedFrom)
        #expect(former.wasPublished)
        former.wasPublished = false
        #expect(former == proved.start?.intent.record.fields)
    }

    @Test func `A copy with another format stays, and the plan says how to get a second one`()
        throws
    {
        var there = Sample.target(
            "s-0", checksums: [try Sample.checksum(.md5, "a")],
            marker: Sample.origin(of: "s").propertyValue)
        var details = TargetImage.Details(minDiskGiB: 0, minRAMMiB: 0, tags: [], properties: [:])
        let planned = try DecisionTests.item().record
        let format = try #require(planned.diskFormat)
        details.diskFormat = "iso"
        details.containerFormat = planned.containerFormat
        there.details = details
        let note = Note.otherFormat(
            imageID: "s-0", there: "disk_format iso", planned: "disk_format \(format)")
        #expect(note.words.contains("give the copy another name") && note.isWarning)
        for isPromised in [true, false] {
            if !isPromised { there.checksums = [] }
            let item = try DecisionTests.decide(
                Situation(ours: [there], isPromised: isPromised))
            #expect(item.notes.contains(note), "\(item.notes)")
            #expect(item.start?.intent.record.diskFormat == "iso")
        }

        // The journal knows the format in which the copy was made; a conversion by the service does
        // not count.
        var known = DecisionTests.known(.done, "s-0")
        #expect(
            try DecisionTests.decide(Situation(known: known, ours: [there])).notes.isEmpty)
        known.intent.record.diskFormat = "iso"
        let item = try DecisionTests.decide(Situation(known: known, ours: [there]))
        #expect(item.action == .skip && item.notes == [note])
    }

    @Test(arguments: ["the current version", "waiting", "of another name in the file"])
    func `The name that a series gave is not a change`(what: String) throws {
        let name = try #require(try DecisionTests.item().record.name)
        let given = what == "of another name in the file" ? "old" : name
        var known = DecisionTests.known(.done, "s-0")
        (known.intent.record.name, known.intent.record.currentName) = ("\(given) (1)", given)
        let there = Sample.target(
            "s-0", name: what == "waiting" ? "\(given) (1)" : given,
            checksums: [try Sample.checksum(.md5, "a")],
            marker: Sample.origin(of: "s").propertyValue)
        let situation = Situation(known: known, ours: [there])
        let (kept, item) = (
            try DecisionTests.decide(situation),
            try DecisionTests.decide(situation, onConflict: .update)
        )
        if given == name {
            #expect(kept.notes.isEmpty)
            #expect(item.action == .skip && item.notes.isEmpty)
            // If another field changed, the series keeps its names.
            known.intent.record.tags = ["old"]
            let tagged = try DecisionTests.decide(
                Situation(known: known, ours: [there]), onConflict: .update)
            #expect(tagged.reason == .fieldsChanged(imageID: "s-0", fields: ["tags"]))
            #expect(tagged.start?.record.name == "\(name) (1)")
            #expect(tagged.start?.record.currentName == name)
            #expect(tagged.start?.record.updatedFrom?.name == nil)
        } else {
            #expect(kept.notes == [.fieldsChanged(imageID: "s-0", fields: ["name"])])
            #expect(item.reason == .fieldsChanged(imageID: "s-0", fields: ["name"]))
            // Then the copy at the target does not count as edited.
            #expect(item.start?.record.updatedFrom?.name == given)
            #expect(item.start?.record.shownName == name)
        }
    }

    @Test(arguments: [TransferState.done, .skipped, .unpublished, .failed])
    func `A copy that is gone obeys the rules for a name as a new one does`(
        _ state: TransferState
    ) throws {
        let known = DecisionTests.known(state, state == .failed ? nil : "s-0")
        let other = Sample.target("n", checksums: [try Sample.checksum(.md5, "b")])
        let same = Sample.target("n", checksums: [try Sample.checksum(.md5, "a")])
        let expected: [(rule: OnConflict, action: PlanAction)] = [
            (.keepBoth, .create), (.update, .create), (.rename, .create), (.skip, .skip),
            (.fail, .conflict),
        ]
        for (rule, action) in expected {
            let gone = Situation(known: known, namesakes: [other])
            let decided = try DecisionTests.decide(gone, onConflict: rule)
            #expect(decided.action == action, "\(rule)")
            if rule == .rename {
                #expect(decided.start?.intent.record.name?.hasPrefix("sample (") == true)
            }
            let twin = Situation(known: known, namesakes: [same])
            #expect(try DecisionTests.decide(twin, onConflict: rule).action == .skip, "\(rule)")
        }
        var owned = other
        owned.ownerID = "p"
        let replaced = Decision(onConflict: .replace, projectID: "p").decide(
            PlanComparison(
                position: 1, item: try DecisionTests.item(), transfer: known, ours: [],
                namesakes: [owned]))
        #expect(replaced.start?.intent.record.replaces == ["n"])
    }

    @Test(
        arguments: [
            (made: nil, isReplaced: true), (made: "p", isReplaced: true),
            (made: "q", isReplaced: false),
        ] as [(made: String?, isReplaced: Bool)])
    func `Only an image of the project that gets the copy is replaced`(
        made: String?, isReplaced: Bool
    ) throws {
        var item = try DecisionTests.item()
        item.intent.record.ownerID = made
        var other = Sample.target("n", checksums: [try Sample.checksum(.md5, "b")])
        other.ownerID = "p"
        // An administrator, whose token is of another project, names the owner of each copy.
        let token = made == nil ? "p" : "admins"
        let decided = Decision(onConflict: .replace, projectID: token).decide(
            PlanComparison(position: 1, item: item, transfer: nil, ours: [], namesakes: [other]))
        #expect(decided.action == (isReplaced ? .create : .conflict))
        #expect(decided.record.replaces == (isReplaced ? ["n"] : nil))
    }

    @Test func `A name that another image took during a copy is a conflict with fail`()
        throws
    {
        let other = Sample.target("n", checksums: [try Sample.checksum(.md5, "b")])
        let begun = Situation(known: DecisionTests.known(.sending, "s-0"), namesakes: [other])
        #expect(try DecisionTests.decide(begun, onConflict: .fail).action == .conflict)
        #expect(try DecisionTests.decide(begun, onConflict: .skip).action == .skip)
        #expect(try DecisionTests.decide(begun, onConflict: .keepBoth).action == .create)
    }

    @Test func `A copy of ours with the same name and data, of another source, is enough`() throws {
        var copy = Sample.target(
            "n", checksums: [try Sample.checksum(.md5, "a")], marker: "other/version")
        #expect(try DecisionTests.decide(Situation(namesakes: [copy])).action == .skip)
        // The series will retire it later.
        let series = Decision(onConflict: .keepBoth, hasSeriesRules: true)
        let comparison = PlanComparison(
            position: 1, item: try DecisionTests.item(), transfer: nil, ours: [], namesakes: [copy])
        #expect(series.decide(comparison).action == .create)
        copy.originValue = "\(try DecisionTests.item().origin.lineageID)/version"
        #expect(try DecisionTests.decide(Situation(namesakes: [copy])).action == .create)
        copy.originValue = "other/version"
        copy.isHidden = true
        #expect(try DecisionTests.decide(Situation(namesakes: [copy])).action == .create)
    }

    /// Names that the rules gave the copy of an image called `sample`, and the fields that the plan
    /// reports as changed since then.
    private static let names:
        [(rule: OnConflict, name: String, currentName: String?, fields: [String])] = [
            (.rename, "sample (aaaaaaaa)", nil, []), (.rename, "sample (s-0)", nil, []),
            (.rename, "sample", nil, []), (.rename, "sample (bbbbbbbb)", nil, ["name"]),
            (.rename, "former (aaaaaaaa)", nil, ["name"]),
            (.keepBoth, "sample (aaaaaaaa)", nil, ["name"]),
            (.keepBoth, "sample (20261130 aaaaaaaa)", "sample", []),
            (.keepBoth, "former (20261130 aaaaaaaa)", "former", ["name"]),
        ]

    @Test(arguments: names.indices)
    func `A name counts as changed if the rules give another one now`(index: Int) throws {
        let (rule, name, currentName, fields) = Self.names[index]
        var known = DecisionTests.known(.done, "s-0")
        (known.intent.record.name, known.intent.record.currentName) = (name, currentName)
        let copy = Sample.target("s-0", name: currentName ?? name)
        let item = try DecisionTests.decide(
            Situation(known: known, ours: [copy]), onConflict: rule)
        #expect(item.action == .skip)
        #expect(
            item.notes
                == (fields.isEmpty ? [] : [.fieldsChanged(imageID: "s-0", fields: fields)]))
        // `check` compares with the name of the item.
        let isKept = rule == .rename && fields.isEmpty
        #expect(item.record.name == (isKept ? name : "sample"))
    }

    @Test(arguments: [TransferState.sending, .failed])
    func `A copy that was begun under another name goes on under it`(
        state: TransferState
    ) throws {
        var known = DecisionTests.known(state, "s-0")
        known.intent.record.name = "sample (aaaaaaaa)"
        let other = Sample.target("n", checksums: [try Sample.checksum(.md5, "b")])
        let item = try DecisionTests.decide(
            Situation(known: known, namesakes: [other]), onConflict: .rename)
        #expect(item.action == .create && item.start?.state != .planned)
        #expect(item.start?.intent.record.name == "sample (aaaaaaaa)")
        #expect(item.record.name == "sample (aaaaaaaa)")
    }

    @Test func `A deactivated copy of another journal is there if its checksum proves it`() throws {
        let copy = Sample.target(
            "s-0", status: .deactivated, checksums: [try Sample.checksum(.md5, "a")],
            marker: Sample.origin(of: "s").propertyValue)
        let item = try DecisionTests.decide(Situation(ours: [copy]))
        #expect(item.action == .skip)
        #expect(item.notes == [.deactivatedAtTarget(imageID: "s-0")])
    }

    @Test func `A deactivated copy is there, and the plan says that few can read it`()
        throws
    {
        let copy = Sample.target("s-0", status: .deactivated)
        let item = try DecisionTests.decide(
            Situation(known: DecisionTests.known(.done, "s-0"), ours: [copy]))
        #expect(item.action == .skip)
        #expect(item.notes == [.deactivatedAtTarget(imageID: "s-0")])
    }
}
