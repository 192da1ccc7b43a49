// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import GRDB
public import MigrationModel

extension Journal {
    /// Takes the plan's creates and updates into the journal as the run's transfers, in one
    /// transaction, and marks the run as planned. Also records skipped images that the journal did
    /// not have, so that other images can refer to them.
    ///
    /// - Parameters:
    ///   - order: the order in which images start.
    ///   - absences: the sources and targets that the plan had to do without.
    ///   - places: the places that the clouds of the pipeline lead to.
    /// - Throws: ``TranshipError/Code/interrupted`` for a plan that is not complete.
    public func takeOver(
        _ plan: Plan, run: Run, order: TransferOrder, absences: [Absence] = [],
        places: [RunPlace] = []
    ) async throws(TranshipError) {
        try Self.check(plan)
        let sorting =
            switch order {
            case .smallFirst: "size_bytes IS NULL, size_bytes, position"
            case .largeFirst: "size_bytes IS NULL, size_bytes DESC, position"
            case .listed: "position"
            }
        try await write { db in
            try plan.readNow { planned in
                try Self.take(
                    planned, "action IN ('create', 'update', 'skip')", sorting, into: db, run.id)
                for tally in try Plan.tally(planned) {
                    try db.execute(
                        cached: """
                            INSERT OR REPLACE INTO plan_tally (run_id, action, images, size_bytes)
                            VALUES (?, ?, ?, ?)
                            """,
                        arguments: [run.id, tally.kind.rawValue, tally.images, tally.sizeBytes])
                }
                try Self.takeRefusals(planned, into: db, run.id)
                try Self.take(try Plan.changes(planned), into: db, run.id)
                try Self.takeUpstreams(planned, into: db, run.id)
                try Self.noteGoneCopies(planned, into: db)
            }
            try Self.write(absences, db, runID: run.id)
            try Self.write(places, db, runID: run.id)
            try db.execute(
                cached: "UPDATE run SET planned_at = ? WHERE id = ?",
                arguments: [Timestamp.now(), run.id])
        }
    }

    /// Records the transfers of the plan's items as a run that began and ended at this moment. Does
    /// this in one transaction: a crash leaves all or nothing, and nothing for `resume`.
    ///
    /// - Parameter places: the places that the clouds of the pipeline lead to.
    /// - Throws: as ``takeOver(_:run:order:absences:places:)``.
    public func recordAdoption(
        _ plan: Plan, pipelineName: String, pipelineFile: String, pipelineText: String,
        places: [RunPlace] = []
    ) async throws(TranshipError) {
        try Self.check(plan)
        try await write { db in
            let now = Timestamp.now()
            try db.execute(
                cached: """
                    INSERT INTO run (id, pipeline_name, pipeline_file, pipeline_text, started_at,
                        planned_at, ended_at, outcome)
                    VALUES (?, ?, ?, ?, ?, ?, ?, 'adopted')
                    """,
                arguments: [
                    try Self.nextRunNumber(db), pipelineName, pipelineFile, pipelineText, now, now,
                    now,
                ])
            let id = db.lastInsertedRowID
            try Self.write(places, db, runID: id)
            try plan.readNow { planned in
                try Self.take(planned, "TRUE", "position", into: db, id)
                try Self.noteGoneCopies(planned, into: db)
            }
        }
    }

    private static func check(_ plan: Plan) throws(TranshipError) {
        guard plan.isFinished else {
            throw TranshipError(
                .interrupted, "the plan is not complete, so no run begins with it",
                hint: "run again", isTransient: true)
        }
    }

    private static func take(
        _ planned: Database, _ condition: String, _ sorting: String, into db: Database,
        _ runID: Int64
    ) throws {
        let rows = try Row.fetchCursor(
            planned.cachedStatement(
                sql: """
                    SELECT body FROM plan_item
                    WHERE start_method IS NOT NULL AND \(condition) ORDER BY \(sorting)
                    """))
        var position: Int64 = 0
        while let row = try rows.next() {
            let item = try PlanRow.item(CheckedRow(row)["body"])
            guard let transfer = item.start else { continue }
            position += 1
            try TransferRows.add(db, transfer, runID: runID, position: position)
        }
    }

    private static func takeRefusals(
        _ planned: Database, into db: Database, _ runID: Int64
    ) throws {
        let bodies: [Data] = try planned.values(
            cached: """
                SELECT body FROM plan_item WHERE action IN ('refuse', 'conflict')
                ORDER BY position LIMIT ?
                """,
            arguments: [RunPlan.refusalsMax])
        for body in bodies {
            let item = try PlanRow.item(body)
            guard let action = item.action, let refusal = item.objection else { continue }
            try db.execute(
                cached: """
                    INSERT INTO refusal (run_id, target_key, source_key, code, message, hint,
                        is_transient, name, action)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    runID, item.targetKey, item.source.key, refusal.code.rawValue, refusal.message,
                    refusal.hint, refusal.isTransient, item.source.displayName, action.rawValue,
                ])
        }
    }

    /// Returns the journal's transfers of these versions, in their order.
    func transfers(of items: [PlanItem]) async throws(TranshipError) -> [Transfer?] {
        let keys = items.map { (targetKey: $0.targetKey, versionID: $0.origin.versionID) }
        return try await read { db in
            try keys.map { try Self.transfer(db, $0.targetKey, $0.versionID) }
        }
    }

    static func transfer(
        _ db: Database, _ targetKey: String, _ versionID: String
    ) throws -> Transfer? {
        try TransferRows.transfers(
            db, where: "t.target_key = ? AND t.version_id = ? AND w.run_id = t.run_id",
            [targetKey, versionID]
        ).first
    }
}
