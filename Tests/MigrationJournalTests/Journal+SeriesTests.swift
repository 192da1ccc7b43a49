// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GRDB
import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal

@Suite struct JournalSeriesTests {
    @Test func `Versions follow each other as their runs did, whatever the clocks said`()
        async throws
    {
        let journal = try Journal.inMemory()
        let plan = try Plan(beside: journal)
        try await plan.begin()
        for version in 1...3 {
            var item = Sample.item("s\(version)")
            item.intent.origin = Origin(lineageID: "lineage", versionID: "v\(version)")
            let run = try await journal.takeOver([item])
            var transfer = try #require(try await journal.unfinished(run: run, limit: 1).first)
            transfer.register()
            transfer.placement.imageID = "image-\(version)"
            try await journal.commit(transfer)
            var done = Transfer(
                transfer.intent, state: .done,
                placement: Placement(imageID: transfer.imageID, contents: .ours),
                proof: transfer.proof)
            done.id = transfer.id
            try await journal.commit(done)
            try await journal.endRun(run, outcome: .done)
            try await plan.add([
                Sample.target(
                    "image-\(version)", marker: item.intent.origin.propertyValue)
            ])
        }
        // The clock of the second night was fast.
        let offset: Int64 = 40 * 86_400_000
        try await journal.write { db in
            try db.execute(
                sql: """
                    UPDATE work SET updated_at = updated_at + \(offset)
                    WHERE image_id = 'image-2'
                    """)
        }
        let versions = try await journal.seriesVersions(ofLineage: "lineage")
        #expect(versions.map(\.transfer.origin.versionID) == ["v3", "v2", "v1"])
        #expect(
            try await journal.versions(ofLineage: "lineage").map(\.versionID)
                == ["v3", "v2", "v1"])
        let copies = try await plan.copies(ofLineage: "lineage", at: "beta", in: journal)
        let runs = Dictionary(
            uniqueKeysWithValues: copies.map { ($0.image.id, $0.currentSinceRun) })
        #expect(runs == ["image-1": 1, "image-2": 2, "image-3": 3])
    }

    @Test func `What was done to a copy since it was shown counts, and what a run began`()
        async throws
    {
        let journal = try Journal.inMemory()
        func run(_ actions: [(Change.Action, Change.State)]) async throws {
            let run = try await journal.beginRun(
                pipelineName: "p", pipelineFile: "p.yaml", pipelineText: "")
            let changes = actions.map { action, state in
                Change(
                    action, Sample.target("image-1"),
                    origin: Origin(lineageID: "lineage", versionID: "v1"),
                    currentVersionID: "v2", record: Sample.record(), state: state,
                    reason: .isCurrent)
            }
            try await journal.takeOver(changes, run: run)
        }
        try await run([(.hide, .done)])
        try await run([(.restore, .done)])
        try await run([(.rename, .done), (.hide, .planned), (.restore, .planned)])
        let found = try await journal.read { db in
            try Journal.changes(db, of: "image-1", at: "beta")
        }
        #expect(found == [.hide, .rename, .restore, .hide])
        let retirements = try await journal.retirements(ofImage: "image-1", at: "beta")
        #expect(retirements.map(\.action) == [.rename] && retirements.map(\.runID) == [3])
    }
}
