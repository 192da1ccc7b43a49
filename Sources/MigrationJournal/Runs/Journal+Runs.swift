// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import GRDB
public import MigrationModel

/// The decisions of a run's plan, stored with the run.
public struct RunPlan: Sendable, Hashable {
    public var tallies: [Tally<PlanAction>] = []
    /// The images that the plan refuses or finds in conflict; at most 10,000.
    public var refused: [RefusedImage] = []

    /// The reasons why the plan refuses images.
    public var refusals: [Transfer.Failure] {
        refused.filter { $0.action == .refuse }.map(\.failure)
    }

    static let refusalsMax = 10_000
}

extension Journal {
    /// Returns the number of the next run: one more than that of the last run.
    ///
    /// - Throws: ``TranshipError/Code/journalFailed`` if the last run has the greatest possible
    ///   number, which happens only in a damaged journal.
    public func nextRunNumber() async throws(TranshipError) -> Int64 {
        try await read { db in try Self.nextRunNumber(db) }
    }

    /// Returns the number of the next run. The number is never left to SQLite: after the greatest
    /// number it gives a row any free number, and then the newest run would not have the greatest
    /// one.
    static func nextRunNumber(_ db: Database) throws -> Int64 {
        let last: Int64 = try db.value(cached: "SELECT max(id) FROM run") ?? 0
        let (next, isOver) = last.addingReportingOverflow(1)
        guard !isOver else { throw Body.damage("no run can follow run \(last)") }
        return next
    }

    /// Begins a run.
    ///
    /// - Parameter facts: the facts for reports; nil if they are unknown.
    /// - Throws: as ``nextRunNumber()``.
    public func beginRun(
        pipelineName: String, pipelineFile: String, pipelineText: String, facts: RunFacts? = nil
    ) async throws(TranshipError) -> Run {
        try await write { db in
            try db.execute(
                cached: """
                    INSERT INTO run (id, pipeline_name, pipeline_file, pipeline_text, started_at)
                    VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [
                    try Self.nextRunNumber(db), pipelineName, pipelineFile, pipelineText,
                    Timestamp.now(),
                ])
            let row = try db.row(
                cached: "SELECT * FROM run WHERE id = ?", arguments: [db.lastInsertedRowID])
            guard let row else {
                throw TranshipError(.journalFailed, "a run was written and cannot be read back")
            }
            let run = try Run(row)
            if let facts { try Self.write(facts, db, runID: run.id) }
            return run
        }
    }

    /// Returns the decisions of the run's plan; empty while the plan is still being made.
    public func plan(of run: Run) async throws(TranshipError) -> RunPlan {
        try await read { db in
            let tallies = try db.rows(
                cached: "SELECT * FROM plan_tally WHERE run_id = ? ORDER BY action",
                arguments: [run.id]
            ).compactMap { row in
                try PlanAction(rawValue: row["action"]).map {
                    try Tally($0, images: row["images"], sizeBytes: row["size_bytes"])
                }
            }
            let refused = try db.rows(
                cached: "SELECT * FROM refusal WHERE run_id = ? ORDER BY id LIMIT ?",
                arguments: [run.id, RunPlan.refusalsMax]
            ).map(RefusedImage.init)
            return RunPlan(tallies: tallies, refused: refused)
        }
    }

    /// Reopens an interrupted run. It is the last run from now on, even if other runs have failed
    /// since before they were planned.
    public func reopen(_ run: Run) async throws(TranshipError) {
        try await write { db in
            try db.execute(
                cached: "DELETE FROM run_end WHERE run_id = ?", arguments: [run.id])
            try db.execute(
                cached: "UPDATE run SET ended_at = NULL, outcome = NULL WHERE id = ?",
                arguments: [run.id])
            try Self.makeLast(run, db)
        }
    }

    static func makeLast(_ run: Run, _ db: Database) throws {
        try db.execute(
            cached: "UPDATE run SET resumed_after = (SELECT max(id) FROM run) WHERE id = ?",
            arguments: [run.id])
    }

    /// Returns the latest run that ended without a failure; nil if there is none.
    public func lastSuccess() async throws(TranshipError) -> Run? {
        try await read { db in
            try db.row(
                cached: "SELECT * FROM run WHERE outcome = 'done' ORDER BY id DESC LIMIT 1"
            ).map(Run.init)
        }
    }

    /// Returns a run by its number; nil if the journal does not have it.
    public func run(_ id: Int64) async throws(TranshipError) -> Run? {
        try await read { db in
            try db.row(cached: "SELECT * FROM run WHERE id = ?", arguments: [id]).map(Run.init)
        }
    }

    /// Returns the run that began or was resumed last; nil in a new journal.
    public func lastRun() async throws(TranshipError) -> Run? {
        try await read { db in
            try db.row(
                cached: "SELECT * FROM run ORDER BY coalesce(resumed_after, id) DESC, id LIMIT 1"
            ).map(Run.init)
        }
    }

    /// Returns the paths of the pipeline files that have runs in this journal, the one that ran
    /// last first.
    public func pipelineFiles() async throws(TranshipError) -> [String] {
        try await read { db in
            try db.values(
                cached: "SELECT pipeline_file FROM run GROUP BY pipeline_file ORDER BY max(id) DESC"
            )
        }
    }
}

extension Run {
    init(_ row: CheckedRow) throws {
        let outcome: String? = try row["outcome"]
        try self.init(
            id: row["id"], pipelineName: row["pipeline_name"], pipelineFile: row["pipeline_file"],
            pipelineText: row["pipeline_text"], startedAt: row["started_at"],
            plannedAt: row["planned_at"], endedAt: row["ended_at"],
            outcome: outcome.flatMap(Outcome.init(rawValue:)))
    }
}

extension RefusedImage {
    fileprivate init(_ row: CheckedRow) throws {
        self.init(
            name: try row["name"], sourceKey: try row["source_key"],
            targetKey: try row["target_key"],
            action: PlanAction(rawValue: try row["action"]) ?? .refuse,
            failure: Transfer.Failure(
                code: .init(try row["code"]), message: try row["message"], hint: try row["hint"],
                isTransient: try row["is_transient"]))
    }
}
