// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import TestSupport
import Testing

@Suite struct PlanReasonTests {
    private static func all() throws -> [PlanReason] {
        let digests = PlanReason.Digests(promised: .sha256, reported: [.sha512, .md5])
        let estimates = [
            MethodEstimate(.upload, millisecondsPerGiB: 7000, .assumed),
            MethodEstimate(
                .webDownload, millisecondsPerGiB: 18_800, .measured(firstRun: 1, lastRun: 2)),
        ]
        return [
            .refused(message: "m"), .notAtTarget, .alreadyAtTarget(imageID: "i"),
            .sameDataSameName(imageID: "i"), .sameDataSameID(imageID: "i"),
            .continues(state: .sending), .continuesRecord(imageID: "i", status: .queued),
            .unfinishedGeneration(imageID: "i"), .failedBefore(code: .timedOut),
            .deletedAtTarget(imageID: "i"), .dataLost(imageID: "i"),
            .damaged(imageID: "i", .init("its data is missing", isOfRecord: false)),
            .damaged(imageID: "i", .init("its record is x", isMendable: false, isOfRecord: true)),
            .damagedUnknown(imageID: "i", .init("its record is x", isOfRecord: true)),
            .neverCurrent(), .neverCurrent(afterSeconds: 60),
            .neverCurrent(afterSeconds: 60, leftAt: 0),
            .toBePublished(imageID: "i"),
            .toBeProved(imageID: "i"), .missingInStores(imageID: "i", stores: ["a", "b"]),
            .copiedOtherwise(imageID: "i", fields: ["tags"]), .referenceCopiedAgain(name: "n"),
            .nameTaken(imageID: "i", .keepBoth),
            .keptIDTaken(imageID: "i", name: "n"), .keptIDDeleted(imageID: "i"),
            .copyHasOtherData(imageID: "i", try Sample.checksum(.md5, "a")),
            .copyCannotBeProved(imageID: "i", status: .deactivated),
            .sourceNotSelected(state: .done), .otherVersion(state: .done), .noSource,
            .markerUnderForeignID, .recordGone(imageID: "i", state: .done),
            .journalBehind(state: .sending, status: .active), .provedBy(.md5), .nothingPromised,
            .notProvedYet, .unfinished(status: .queued), .markerProvesNothing,
            .interruptedRunNeedsIt, .nextRunContinuesIt, .sourceIDWouldBurn,
            .changedByOthers(visibility: .public, isProtected: true),
            .inOtherProject(projectID: "p"), .goneMeanwhile, .changedMeanwhile(status: .active),
            .busySince(status: .saving, time: "t", quietSeconds: 3600),
            .busySinceUnknown(status: .saving), .removalFailed(message: "not removed"),
            .dataIsLocal, .dataIsDecompressed, .dataIsConverted,
            .urlNeedsSecrets, .noSharedKeystone, .oneImageService, .namedByPipeline,
            .namedByPipelineUnproved,
            .namedByPipelineReadBack(digests), .importsNeedKeystone,
            .methodNotOffered(.webDownload), .nothingPromisedToCompare, .digestsDiffer(digests),
            .targetFetchesFaster(provedBy: .sha512, estimates), .sendingIsFaster(estimates),
            .methodStays(estimates), .imageIsSmall(belowBytes: 8 << 20), .methodOfSavedPlan,
            .idIsKept, .methodFailed(.webDownload, message: "m"),
            .fillsSeveralStores(.dataIsLocal), .fetchedByTarget, .severalTargets(count: 2),
            .sourceBreaks, .isSpooled, .oneTarget, .sameDataAsNew(versionID: "v"), .newDataUnread,
            .currentNotShown,
            .becomesCurrent,
            .nameHeld(imageID: "i"), .nameHeldByUnknown(imageID: "i"),
            .rolledBack(toVersion: "v", imageID: "i"),
            .rollback(toVersion: "v"), .isCurrent, .amongKept(2),
            .notExpired(afterSeconds: 86400, replacedAt: 0), .neverDeleted, .madeByRun(3),
            .removedBefore(0), .neverMade, .dataUnproved, .givenUpByLaterRun(newImageID: "i"),
            .finishedByLaterRun,
            .changedByRun(3, field: "name"),
            .updatedByRun(3, field: "name"), .deletedByRun(3),
            .replaced(byVersion: "v"), .replacedByEarlier(version: "v"),
            .targetNotInPipeline, .neededBy(imageID: "i"), .earlierVersionStays(imageID: "i"),
            .fieldsChanged(imageID: "i", fields: ["tags"]), .expired(afterSeconds: 60, keep: 1),
            .currentAgain, .journalDoesNotKnow, .notOurs, .protectedByHand,
            .editedByHand(field: "name"), .deletesLimit(3), .inUse(message: "a server boots"),
            .currentNotDone(state: .failed),
        ]
    }

    @Test func `Every reason has words of its own and survives the journal`() throws {
        let all = try Self.all()
        #expect(Set(all.map(\.words)).count == all.count)
        for reason in all {
            #expect(reason.words != reason.code, "\(reason.code) has no words")
            #expect(!reason.code.isEmpty && !reason.words.isEmpty)
            #expect(reason.code.allSatisfy { $0.isLowercase || $0 == "-" })
            let data = try JSONEncoder().encode(reason)
            #expect(try JSONDecoder().decode(PlanReason.self, from: data) == reason)
        }
    }

    @Test func `The samples cover every case`() throws {
        let cases = try Self.cases()
        try #require(cases.count > 80)
        #expect(cases == Set(try Self.all().map { try Self.name($0) }))
    }

    /// Returns the name of a case, without its values: the only key of its JSON.
    private static func name(_ reason: PlanReason) throws -> String {
        let json = try JSONDecoder().decode(
            JSONValue.self, from: try JSONEncoder().encode(reason))
        return try #require(json.object?.keys.first)
    }

    /// Returns the names of all cases in the source.
    private static func cases() throws -> Set<String> {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Sources/MigrationModel/PlanReason.swift")
        let lines = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n")
        return Set(
            lines.compactMap { line in
                line.prefixMatch(of: /[ ]{4}(?:indirect )?case (\w+)/).map { String($0.output.1) }
            })
    }

    /// Cases with one code are the same to a program. Every other code names one case.
    @Test func `Only these codes are shared`() throws {
        let shared = [
            "busy", "data-lost", "record-damaged", "replaced", "nothing-promised", "target-fetches",
            "named-by-pipeline",
            // This is the code of the reason inside `fillsSeveralStores`.
            "data-is-local",
        ]
        let kinds = try Dictionary(grouping: try Self.all(), by: \.code)
            .mapValues { reasons in try Set(reasons.map { try Self.name($0) }) }
        #expect(Set(kinds.filter { $0.value.count > 1 }.keys) == Set(shared))
    }

    @Test func `The page of JSON Lines lists every code`() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/json.md")
        let page = try String(contentsOf: file, encoding: .utf8)
        for reason in try Self.all() {
            #expect(page.contains("`\(reason.code)`"), "docs/json.md lacks \(reason.code)")
        }
    }
}
