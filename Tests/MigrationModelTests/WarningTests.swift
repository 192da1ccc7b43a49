// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import Testing

@Suite struct WarningTests {
    private static let failure = Transfer.Failure(
        code: .unreachable, message: "refused", hint: nil, isTransient: true)

    private static let warnings: [Warning] = {
        let names = FirstNames(["a", "b"])
        return [
            .cloudsFile("x of y has no effect"), .weakConnection("no TLS"),
            .secretsWithoutTLS(place: "p:1", url: "http://u"),
            .projectsUnchecked(cloud: "c", ids: ["p"], count: 2),
            .sourceIsTarget(place: "p:1", cloud: "a", targetKey: "b"),
            .rulesWithoutEffect(place: "p:1", keys: ["keep"], target: "b"),
            .hookProgramMissing(message: "no program"),
            .fewOpenFiles(imagesWanted: 100, filesNeeded: 1128, filesMax: 256, images: 12),
            .journalShared(file: "f", other: "g", name: "n", journalPath: "j"),
            .pipelineFileGone(file: "f"), .journalPassedOver(message: "m"),
            .pipelineEdited(sinceRun: 3, edits: ["name"], count: 2),
            .laterRunFailed(4, interrupted: 3), .savedPlanDiffers("a: 1 -> 2"),
            .targetNotNamed(targetKey: "t", imageIDs: ["i"], count: 2),
            .absent(Absence(.source, "a", failure)), .absent(Absence(.target, "a", failure)),
            .missed(MissedSelection(place: "p:1", what: "nothing there")),
            .notSelected(imageID: "i", reason: "r"),
            .note(.staleVersion(series: "s", version: nil, since: 0, staleAfterSeconds: 86400)),
            .noted(code: "other-fields", targetKey: "t", names, words: "w"),
            .moreNoted(code: "other-fields", count: 2), .leftOut(targetKey: "t", names),
            .earlierVersionsStay(targetKey: "t", names, areKnown: true),
            .earlierVersionsStay(targetKey: "t", names, areKnown: false),
            .unfinishedVersionsStay(targetKey: "t", names),
            .nameShared(place: "p:1", name: "n", count: 2), .productGone(series: "s", place: "u"),
            .manyMembers(image: "i", targetKey: "t", count: 129), .noQuota(message: "m"),
            .othersWereThere(images: 2, beforeRun: 3), .versionsStayChanged(count: 2, byRun: 3),
            .imagesStayUpdated(count: 2, byRun: 3), .journalNotPruned(message: "m"),
            .endUnknown(message: "m"), .hookFailed(message: "m"),
        ]
    }()

    private static let runNotices: [RunNotice] = [
        .endpointStopped("e", message: "m"), .endpointAnswers("e", afterSeconds: 3),
        .retriesUsedUp, .bandwidthChanged(rate: "no limit"),
        .limitsChanged(rate: "no limit", .atMost(4), imagesWanted: nil),
    ]

    private static let transferNotices: [TransferNotice] = [
        .waits(.sourceIsRead), .failed(failure), .sourceBroke(afterBytes: 3, message: "m"),
        .sourceCannotContinue(afterBytes: 3, reason: "r"), .usesSpool(.sourceBreaks),
        .spoolIsFull(message: "m"), .spoolReadAgain(message: nil), .spoolReadAgain(message: "m"),
        .converting(from: "raw", to: "qcow2"), .readingBack(because: nil),
        .readingBack(because: IncomparableDigests(reported: [], known: [])), .readingSource,
        .comparingSource,
        .notDiscarded(message: "m"),
    ]

    /// A family of codes for programs, and its declaration in the source.
    struct Family: Sendable, CustomTestStringConvertible {
        var name: String
        var file: String
        var samples: [(of: String, code: String, words: String)]
        /// Codes that two cases share, or two texts of one case.
        var shared: [String] = []
        /// Codes in another table of the page.
        var others: [String] = []

        var testDescription: String { name }
    }

    private static let families = [
        Family(
            name: "Warning", file: "Warning.swift",
            samples: warnings.map { (label($0), $0.code, $0.words) },
            shared: ["weak-connection", "other-fields"], others: ["stale-version", "other-fields"]),
        Family(
            name: "RunNotice", file: "RunNotice.swift",
            samples: runNotices.map { (label($0), $0.code, $0.words) }),
        Family(
            name: "TransferNotice", file: "RunNotice.swift",
            samples: transferNotices.map { (label($0), $0.code, $0.words) },
            shared: ["spool-read-again", "reading-back"], others: ["source-is-read", "unreachable"]),
    ]

    /// Returns the name of a case, without its values.
    private static func label(_ value: Any) -> String {
        let mirror = Mirror(reflecting: value)
        return mirror.children.first?.label ?? String(reflecting: value).components(
            separatedBy: "."
        ).last ?? ""
    }

    @Test(arguments: families)
    func `Every kind has a code and words of its own`(family: Family) throws {
        let declared = try Self.cases(of: family)
        try #require(declared.count > 4)
        #expect(Set(family.samples.map(\.of)) == declared)
        #expect(Set(family.samples.map(\.words)).count == family.samples.count)
        for sample in family.samples {
            #expect(!sample.words.isEmpty && sample.code != "warning", "\(sample)")
            #expect(sample.code.allSatisfy { $0.isLowercase || $0 == "-" }, "\(sample)")
        }
        let repeated = Dictionary(grouping: family.samples, by: \.code).filter { $1.count > 1 }
        #expect(Set(repeated.keys) == Set(family.shared))
    }

    /// The row of the type has exactly these codes.
    @Test(arguments: families)
    func `The page of JSON Lines lists every code`(family: Family) throws {
        let type = ["Warning": "`warning`", "RunNotice": "`notice`", "TransferNotice": "`note`"]
        let start = "| \(try #require(type[family.name])) |"
        let page = try String(contentsOf: Self.root("docs/json.md"), encoding: .utf8)
        let rows = page.components(separatedBy: "\n").filter { $0.hasPrefix(start) }
        let row = try #require(rows.last)
        let listed = row.dropFirst(start.count).matches(of: /`([a-z-]+)`/).map { String($0.1) }
        let codes = Set(family.samples.map(\.code)).subtracting(family.others)
        #expect(Set(listed).subtracting(["warning", "notes", "note_code"]) == codes)
    }

    /// Returns the names of all cases in the source.
    private static func cases(of family: Family) throws -> Set<String> {
        let text = try String(
            contentsOf: root("Sources/MigrationModel/\(family.file)"), encoding: .utf8)
        let body = try #require(
            text.components(separatedBy: "public enum ").first { $0.hasPrefix("\(family.name):") })
        return Set(
            body.components(separatedBy: "\n").compactMap { line in
                line.prefixMatch(of: /[ ]{4}case (\w+)/).map { String($0.output.1) }
            })
    }

    private static func root(_ path: String) -> URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../\(path)")
    }

    @Test func `A few names are told, and the others counted`() {
        var names = FirstNames()
        for name in ["a", "b", "c"] { names.add(name) }
        #expect(names.words == "a, b, c")
        names.add("d")
        #expect(names.words == "a, b, c and 1 more")
        #expect(names == FirstNames(["a", "b", "c", "d"]))
    }
}
