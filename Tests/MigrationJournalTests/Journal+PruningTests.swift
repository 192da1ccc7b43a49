// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GRDB
import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal

@Suite struct JournalPruningTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("journal.sqlite") }

    init() throws { folder = try TemporaryFolder() }

    private func item(_ version: Int) -> PlanItem {
        var source = Sample.source(
            "s", properties: ["note": String(repeating: "\(version) ", count: 200)])
        source.key = "url:https://a.example/a.img"
        source.imageID = nil
        source.fingerprint = "sha256:\(version)"
        var item = Sample.item("s", source: source)
        item.intent.origin = Origin(lineageID: "lineage", versionID: "v\(version)")
        return item
    }

    private func change(_ action: Change.Action, _ version: Int) -> Change {
        Change(
            action, Sample.target("image-\(version)"),
            origin: Origin(lineageID: "lineage", versionID: "v\(version)"),
            currentVersionID: "v\(version + 1)", record: Sample.record(),
            reason: .replaced(byVersion: "v\(version + 1)"))
    }

    /// Plays a night with a new version; the one before is hidden, and the third one deleted.
    @discardableResult
    private func night(_ version: Int, _ journal: Journal) async throws -> Run {
        let run = try await journal.takeOver([item(version)])
        guard var transfer = try await journal.unfinished(run: run, limit: 1).first else {
            throw TranshipError(.unclassified, "no transfer")
        }
        try await journal.recordAttempt(
            transfer, run: run, error: TranshipError(.timedOut, "too slow"))
        transfer.register()
        transfer.placement.imageID = "image-\(version)"
        try await journal.commit(transfer)
        try await journal.finish(transfer)
        if version > 2 {
            try await journal.takeOver(
                [change(.hide, version - 1), change(.delete, version - 2)], run: run)
            for change in try await journal.changes(of: run) {
                try await journal.commit(change.ended(.done))
            }
        }
        try await journal.endRun(run, outcome: .done)
        return run
    }

    private func count(_ table: String, _ journal: Journal) async throws -> Int {
        try await journal.read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0
        }
    }

    private var future: Int64 { Timestamp.now() + 1000 }

    @Test func `After hundreds of nights the journal is as small as after a few`() async throws {
        let journal = try await Journal.open(path: path)
        var bytes: [Int] = []
        for version in 1...400 {
            try await night(version, journal)
            try await journal.prune(before: future)
            if version % 200 == 0 { bytes.append(try folder.bytes(of: "journal.sqlite").count) }
        }
        #expect(bytes[1] <= bytes[0] + 8192, "\(bytes)")
        #expect(bytes[1] < 512 << 10, "\(bytes)")
        for table in ["run", "transfer", "work", "image", "change", "attempt"] {
            let count = try await count(table, journal)
            #expect(count <= 5, "\(count) rows of \(table)")
        }
    }

    @Test func `A journal that was never pruned becomes small at once`() async throws {
        let journal = try await Journal.open(path: path)
        for version in 1...300 { try await night(version, journal) }
        // Everything is in the file, and not beside it.
        try await journal.database.vacuum()
        let before = try folder.bytes(of: "journal.sqlite").count
        #expect(try await journal.prune(before: 0) == 0)
        #expect(try await journal.prune(before: future) > 290)
        try await journal.database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        let after = try folder.bytes(of: "journal.sqlite").count
        #expect(after < before / 2, "\(before) to \(after)")
    }

    @Test func `What later runs need stays`() async throws {
        let journal = try await Journal.open(path: path)
        for version in 1...5 { try await night(version, journal) }
        // A copy of a cloud's image, as old as the others.
        let cloud = try await journal.takeOver([Sample.item("c")])
        try await journal.endRun(cloud, outcome: .done)
        let interrupted = try await journal.beginRun(
            pipelineName: "tests", pipelineFile: "t", pipelineText: "version: 1")
        try await journal.prune(before: future)
        #expect(try await journal.lastRun()?.id == interrupted.id)
        #expect(try await journal.lastRun()?.pipelineText == "version: 1")
        #expect(try await journal.lastSuccess() != nil)
        func known(_ version: String) async throws -> Bool {
            try await journal.transfer(versionID: version, targetKey: "beta") != nil
        }
        #expect(try await known("v5"))
        #expect(try await known("v4"))
        // It was deleted long ago.
        #expect(try await !known("v3"))
        #expect(try await known(Sample.origin(of: "c").versionID))
        let versions = try await journal.seriesVersions(ofLineage: "lineage")
        #expect(versions.map(\.lastChange?.action) == [nil, .hide])
    }

    @Test func `What a rollback holds stays, even if its image is gone`() async throws {
        let journal = try await Journal.open(path: path)
        for version in 1...4 { try await night(version, journal) }
        let run = try await journal.beginRun(
            pipelineName: "tests", pipelineFile: "t", pipelineText: "")
        try await journal.takeOver(
            [], run: run,
            holding: [
                HeldVersion(
                    lineageID: "lineage", targetKey: "beta", versionID: "v4",
                    currentVersionID: "v2")
            ], series: [("lineage", "beta")])
        try await journal.endRun(run, outcome: .done)
        try await journal.prune(before: future)
        #expect(try await journal.heldVersions().count == 1)
        #expect(try await journal.transfer(versionID: "v2", targetKey: "beta") != nil)
        // A version that the source did not have at that time.
        try await night(5, journal)
        #expect(try await journal.heldVersions().isEmpty)
    }
}

extension Journal {
    /// Ends a transfer as done.
    fileprivate func finish(_ given: Transfer) async throws {
        var transfer = Transfer(
            given.intent, state: .done,
            placement: Placement(imageID: given.imageID, contents: .ours), proof: given.proof)
        transfer.id = given.id
        try await commit(transfer)
    }
}
