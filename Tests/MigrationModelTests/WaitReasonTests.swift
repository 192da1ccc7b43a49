// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import Testing

@Suite struct WaitReasonTests {
    /// The cases without their values. The compiler requires each new case below, and a test then
    /// requires a sample of it.
    private enum Kind: CaseIterable {
        case sourceIsRead, spoolDiskFull, spoolFull, noRoom, spoolDamaged, otherProcessWrites,
            brokenBody, otherProcessSends, copyNotShown, importRequested, copyRequested,
            importUnderWay, copyUnderWay, importLocked, importing, importEnding, endpointDown,
            tryFailed, startsOver

        init(_ reason: WaitReason) {
            switch reason {
            case .sourceIsRead: self = .sourceIsRead
            case .spoolDiskFull: self = .spoolDiskFull
            case .spoolFull: self = .spoolFull
            case .noRoom: self = .noRoom
            case .spoolDamaged: self = .spoolDamaged
            case .otherProcessWrites: self = .otherProcessWrites
            case .brokenBody: self = .brokenBody
            case .otherProcessSends: self = .otherProcessSends
            case .copyNotShown: self = .copyNotShown
            case .importRequested: self = .importRequested
            case .copyRequested: self = .copyRequested
            case .importUnderWay: self = .importUnderWay
            case .copyUnderWay: self = .copyUnderWay
            case .importLocked: self = .importLocked
            case .importing: self = .importing
            case .importEnding: self = .importEnding
            case .endpointDown: self = .endpointDown
            case .tryFailed: self = .tryFailed
            case .startsOver: self = .startsOver
            }
        }
    }

    private static let all: [WaitReason] = {
        let patience = WaitReason.Patience(waitedSeconds: 61, mostSeconds: 600)
        return [
            .sourceIsRead, .spoolDiskFull, .spoolFull(takenBytes: 1 << 30, mostBytes: 1 << 31),
            .noRoom(message: "the disk is full"), .spoolDamaged(message: "the disk lies"),
            .otherProcessWrites, .brokenBody(status: .saving),
            .otherProcessSends(status: .saving, patience), .copyNotShown(imageID: "i"),
            .importRequested(patience),
            .copyRequested(stores: ["fast", "far"], patience), .importUnderWay(patience),
            .copyUnderWay(patience), .importLocked(patience),
            .importing(progress: "importing: Copied 7 MiB", patience), .importEnding(patience),
            .endpointDown("beta"), .tryFailed(attempt: 1, of: 5),
            .startsOver(.upload, message: "the import failed"),
        ]
    }()

    @Test func `Every reason has a code and words of its own, and survives the journal`() throws {
        #expect(Set(Self.all.map { Kind($0) }) == Set(Kind.allCases))
        #expect(Set(Self.all.map(\.code)).count == Self.all.count)
        #expect(Set(Self.all.map(\.words)).count == Self.all.count)
        for reason in Self.all {
            #expect(!reason.code.isEmpty && !reason.words.isEmpty)
            #expect(reason.code.allSatisfy { $0.isLowercase || $0 == "-" })
            let data = try JSONEncoder().encode(reason)
            #expect(try JSONDecoder().decode(WaitReason.self, from: data) == reason)
        }
    }

    @Test func `The words say how long it has been, and how long it may be`() {
        let patience = WaitReason.Patience(waitedSeconds: 61, mostSeconds: 600)
        #expect(
            WaitReason.importRequested(patience).words
                == "the import was requested; waited 1m 01s of at most 10m 00s")
        #expect(
            WaitReason.copyRequested(stores: ["fast", "far"], patience).words.hasPrefix(
                "the copy to fast, far was requested; "))
    }

    /// A row of a journal from before waits had codes.
    @Test func `A wait that has only words is read without them`() throws {
        let wait = try JSONDecoder().decode(
            Wait.self, from: Data(#"{"dueAt":5,"reason":"an import is under way"}"#.utf8))
        #expect(wait.dueAt == 5 && wait.cause == nil && wait.reason == nil)
    }

    @Test func `The page of JSON Lines lists every code`() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/json.md")
        let page = try String(contentsOf: file, encoding: .utf8)
        for reason in Self.all {
            #expect(page.contains("`\(reason.code)`"), "docs/json.md lacks \(reason.code)")
        }
    }
}
