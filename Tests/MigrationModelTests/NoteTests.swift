// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import TestSupport
import Testing

@Suite struct NoteTests {
    private static let all: [Note] = [
        .addedBecauseNamed(by: "n"), .noChecksum, .malformedChecksum(fields: ["checksum"]),
        .changingETag, .noVersion, .noLength,
        .noInnerChecksum(format: "zst"), .unseenData(reason: "r"),
        .versionBeingFilled(version: "2", taken: "1", reason: "r"),
        .emptyData, .smallerThanSector(sizeBytes: 1), .nothingNew(imageID: "i"),
        .sourceMoved(imageID: "i", from: "http://publisher/a.img"),
        .isoWithoutPartitions(diskFormat: "raw"),
        .diskTooSmall(neededGiB: 11, minDiskGiB: 10), .contentType("text/html"),
        .olderVersionAccepted(version: "1", newest: "2"), .otherKeyAccepted(now: "B", before: "A"),
        .staleVersion(series: "s", version: nil, since: 0, staleAfterSeconds: 86400),
        .propertyLeftOut(key: "k", reason: "r"), .keptIDHeld(imageID: "i", status: "queued"),
        .manyProperties(count: 129), .manyTags(count: 129), .mayBeUploaded,
        .tooManyProperties(count: 26, max: 20, runID: 1), .tooManyTags(count: 3, max: 2, runID: 1),
        .importsConvert(images: 2, diskFormat: "qcow2", isAccepted: false, runID: 1),
        .publicMayBeRefused,
        .communityMayBeRefused, .deactivationMayBeRefused, .ownerMayBeRefused(projectID: "p"),
        .deactivatedMayBeUnreadable, .membersMayBeHidden(ownerID: "p"),
        .membersHaveToAccept(["p", "q"]), .copiedAsIs(objection: "o"),
        .keptIDGivenUp(imageID: "i", reason: "r"), .converted(.glanceDirect),
        .methodFailed(.webDownload, next: .upload),
        .transformed(.diskFormat(sent: "raw", found: "qcow2")),
        .unverifiable(IncomparableDigests(reported: [], known: [])),
        .missingStores(held: ["a"], missing: ["b"], reason: "r"),
        .membersWaiting(["p"], imageID: "i"), .notShared(projectID: "p"),
        .memberRejected(projectID: "p"), .notListed(imageID: "i", ownerID: "p"),
        .editedCopy(imageID: "i", fields: ["min_disk"]),
        .hides(imageIDs: ["i"]), .hidden(imageID: "i"),
        .idPlanted(imageID: "i", ownerID: "p"), .membersLeftOut(["p"], imageID: "i"),
        .changedByTarget(
            imageID: "i", [FieldDifference(.minDisk, wanted: "0", found: "40")], more: 0),
    ]

    @Test func `Every note has a code and words of its own, and survives the journal`() throws {
        #expect(Set(Self.all.map(\.code)).count == Self.all.count)
        #expect(Set(Self.all.map(\.words)).count == Self.all.count)
        for note in Self.all {
            #expect(!note.words.isEmpty && note.code != "note", "\(note)")
            #expect(note.code.allSatisfy { $0.isLowercase || $0 == "-" })
            let data = try JSONEncoder().encode(note)
            #expect(try JSONDecoder().decode(Note.self, from: data) == note)
        }
    }

    @Test func `The page of JSON Lines lists every code`() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/json.md")
        let page = try String(contentsOf: file, encoding: .utf8)
        for note in Self.all {
            #expect(page.contains("`\(note.code)`"), "docs/json.md lacks \(note.code)")
        }
    }

    @Test func `A new remark takes the place of the one on the same matter`() throws {
        var transfer = Sample.transfer("a")
        transfer.remark(.transformed(.grown(sentBytes: 1, toBytes: 2)))
        transfer.remark(.transformed(.grown(sentBytes: 1, toBytes: 2)))
        transfer.remark(.notShared(projectID: "p"))
        #expect(transfer.remarks.count == 2)
        transfer.remarkAnew(.transformed(.grown(sentBytes: 1, toBytes: 3)))
        #expect(
            transfer.remarks == [
                .notShared(projectID: "p"), .transformed(.grown(sentBytes: 1, toBytes: 3)),
            ])
        transfer.forgetRemarks(like: .transformed(.grown(sentBytes: 1, toBytes: 0)))
        #expect(transfer.remarks == [.notShared(projectID: "p")])
    }
}
