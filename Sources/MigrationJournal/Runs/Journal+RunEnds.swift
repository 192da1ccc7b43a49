// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import GRDB
public import MigrationModel

extension Journal {
    /// Records the end of a run. Replaces the record of an earlier end.
    public func endRun(
        _ run: Run, outcome: Run.Outcome, _ end: RunEnd? = nil
    ) async throws(TranshipError) {
        try await write { db in
            try db.execute(
                cached: "UPDATE run SET ended_at = ?, outcome = ? WHERE id = ?",
                arguments: [Timestamp.now(), outcome.rawValue, run.id])
            if let end { try Self.write(end, db, runID: run.id) }
        }
    }

    /// Records a run that ended before it began to plan, in one transaction, so that no process
    /// sees half of it.
    ///
    /// - Parameter startedAt: milliseconds since 1970.
    public func recordEndedRun(
        pipelineName: String, pipelineFile: String, pipelineText: String, startedAt: Int64,
        outcome: Run.Outcome, _ end: RunEnd, facts: RunFacts? = nil
    ) async throws(TranshipError) {
        try await write { db in
            try db.execute(
                cached: """
                    INSERT INTO run (id, pipeline_name, pipeline_file, pipeline_text, started_at,
                        ended_at, outcome) VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    try Self.nextRunNumber(db), pipelineName, pipelineFile, pipelineText, startedAt,
                    Timestamp.now(),
                    outcome.rawValue,
                ])
            let id = db.lastInsertedRowID
            try Self.write(end, db, runID: id)
            if let facts { try Self.write(facts, db, runID: id) }
        }
    }

    /// Records why an interrupted run could not go on. The run stays interrupted, and is the last
    /// run from now on.
    public func note(_ end: RunEnd, of run: Run) async throws(TranshipError) {
        try await write { db in
            try Self.write(end, db, runID: run.id)
            try Self.makeLast(run, db)
        }
    }

    private static func write(_ end: RunEnd, _ db: Database, runID: Int64) throws {
        try db.execute(
            cached: """
                INSERT OR REPLACE INTO run_end
                    (run_id, exit_code, code, message, hint, is_transient, place)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                runID, end.exitStatus.rawValue, end.cause?.code.rawValue, end.cause?.message,
                end.cause?.hint, end.cause?.isTransient, end.place,
            ])
    }

    /// Returns the end of a run; nil for a run that has not ended, that was killed, or that `adopt`
    /// recorded.
    public func end(of run: Run) async throws(TranshipError) -> RunEnd? {
        try await read { db in
            let row = try db.row(
                cached: "SELECT * FROM run_end WHERE run_id = ?", arguments: [run.id])
            guard let row, let status = ExitStatus(rawValue: try row["exit_code"]) else {
                return nil
            }
            var end = RunEnd(exitStatus: status)
            end.place = try row["place"]
            if let code: String = try row["code"] {
                end.cause = Transfer.Failure(
                    code: .init(code), message: try row["message"], hint: try row["hint"],
                    isTransient: try row["is_transient"])
            }
            return end
        }
    }

    /// Stores the names and conditions for which the run's plan found no image; at most 10,000.
    public func remember(missed: [MissedWords], in run: Run) async throws(TranshipError) {
        guard !missed.isEmpty else { return }
        try await write { db in
            for missed in missed.prefix(RunPlan.refusalsMax) {
                try db.execute(
                    cached:
                        "INSERT INTO missed_selection (run_id, words, way_out) VALUES (?, ?, ?)",
                    arguments: [run.id, missed.words, missed.wayOut])
            }
        }
    }

    /// Returns the names and conditions for which the run's plan found no image.
    public func missed(in run: Run) async throws(TranshipError) -> [MissedWords] {
        try await read { db in
            try db.rows(
                cached: "SELECT words, way_out FROM missed_selection WHERE run_id = ? ORDER BY id",
                arguments: [run.id]
            ).map { row in MissedWords(try row["words"], wayOut: try row["way_out"]) }
        }
    }

    /// Returns the latest run, ignoring runs that failed before they were planned: such a run left
    /// the work of the run before it unchanged.
    public func lastRunWithWork() async throws(TranshipError) -> Run? {
        try await read { db in
            try db.row(
                cached: "SELECT * FROM run WHERE \(Self.mayHaveWork) ORDER BY id DESC LIMIT 1"
            ).map(Run.init)
        }
    }

    /// Returns the latest run that was planned, ignoring a run that is making its plan now.
    public func lastPlannedRun() async throws(TranshipError) -> Run? {
        try await read { db in
            try db.row(
                cached: "SELECT * FROM run WHERE planned_at IS NOT NULL ORDER BY id DESC LIMIT 1"
            ).map(Run.init)
        }
    }

    /// An SQL condition that is false for a run that failed before it was planned.
    static let mayHaveWork = "(planned_at IS NOT NULL OR outcome IS NULL OR outcome <> 'failed')"
}
