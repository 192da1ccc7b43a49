// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import GRDB
public import MigrationModel

/// Reads the history of every run. The state of an earlier run is as that run left it.
extension Journal {
    /// Returns the transfers of a run in some states, in the plan's order; without a run, every
    /// transfer of the journal as it is now.
    public func transfers(
        run: Run?, in states: [TransferState], limit: Int, offset: Int = 0
    ) async throws(TranshipError) -> [Transfer] {
        try await read { db in
            try TransferRows.transfers(
                db,
                where: """
                    \(Self.condition(run)) AND w.state IN (\(Self.list(states)))
                    ORDER BY w.run_id, w.position, w.transfer_id LIMIT ? OFFSET ?
                    """, [run?.id, limit, offset])
        }
    }

    /// Returns the number of a run's transfers in each state, and their bytes; without a run, of
    /// all transfers as they are now.
    public func tally(run: Run?) async throws(TranshipError) -> [Tally<TransferState>] {
        try await read { db in
            try db.rows(
                cached: """
                    SELECT w.state, count(*) AS images, \(saturatingSum("w.size_bytes")) AS bytes
                    FROM work AS w JOIN transfer AS t ON t.id = w.transfer_id
                    WHERE \(Self.condition(run)) GROUP BY w.state
                    """, arguments: [run?.id]
            ).compactMap { row in
                try TransferState(rawValue: row["state"]).map {
                    try Tally($0, images: row["images"], sizeBytes: row["bytes"])
                }
            }
        }
    }

    /// Returns the number of images at a target, as far as the journal knows.
    public func copyCount(atTarget key: String) async throws(TranshipError) -> Int {
        try await read { db in
            try db.value(
                cached: """
                    SELECT count(*) FROM transfer AS t
                    JOIN work AS w ON w.transfer_id = t.id AND w.run_id = t.run_id
                    WHERE t.target_key = ? AND w.state IN ('done', 'skipped', 'unpublished')
                    """, arguments: [key]) ?? 0
        }
    }

    /// Returns the same as ``tally(run:)`` for each target that the journal knows, in the order of
    /// the keys. Also counts the images that the plan refused or found in conflict at the target;
    /// these are at most ``RunPlan/refusalsMax`` at all targets together.
    public func targetTallies(
        run: Run
    ) async throws(TranshipError) -> [(
        key: String, states: [Tally<TransferState>], refusals: [Tally<PlanAction>],
        latestDoneAt: Int64?
    )] {
        try await read { db in
            let tallies = try Dictionary(
                grouping: db.rows(
                    cached: """
                        SELECT t.target_key, w.state, count(*) AS images,
                            \(saturatingSum("w.size_bytes")) AS bytes
                        FROM work AS w JOIN transfer AS t ON t.id = w.transfer_id
                        WHERE w.run_id = ? GROUP BY t.target_key, w.state
                        """, arguments: [run.id])
            ) { row -> String in try row["target_key"] }
            let refused = try Dictionary(
                grouping: db.rows(
                    cached: """
                        SELECT target_key, action,
                            count(*) AS images
                        FROM refusal WHERE run_id = ? GROUP BY 1, 2 ORDER BY 2
                        """, arguments: [run.id])
            ) { row -> String in try row["target_key"] }
            return try db.rows(
                cached: """
                    SELECT target_key, max(at) AS at FROM (
                        SELECT t.target_key, iif(w.state = 'done', w.updated_at, NULL) AS at
                        FROM work AS w JOIN transfer AS t ON t.id = w.transfer_id
                        UNION ALL SELECT target_key, NULL FROM refusal WHERE run_id = ?
                    ) GROUP BY target_key ORDER BY target_key
                    """, arguments: [run.id]
            ).map { row in
                let key: String = try row["target_key"]
                let refusals = try (refused[key] ?? []).compactMap { row in
                    try PlanAction(rawValue: row["action"]).map {
                        try Tally($0, images: row["images"], sizeBytes: 0)
                    }
                }
                let states = try (tallies[key] ?? []).compactMap { row in
                    try TransferState(rawValue: row["state"]).map {
                        try Tally($0, images: row["images"], sizeBytes: row["bytes"])
                    }
                }
                return (key, states, refusals, try row["at"])
            }
        }
    }

    /// Returns the sum of all reading by a run from its sources; without a run, by all runs. Does
    /// not sum ``SourceReading/furthestBytes``.
    public func readingTally(run: Run?) async throws(TranshipError) -> SourceReading {
        // A row counts all runs up to its own, so subtract the row before.
        func sum(_ column: String) -> String {
            saturatingSum("max(0, w.\(column) - coalesce(p.\(column), 0))")
        }
        let columns = ["read_bytes", "again_bytes", "saved_bytes", "reopenings", "restarts"]
            .map { "\(sum($0)) AS \($0)" }.joined(separator: ", ")
        return try await read { db in
            var reading = SourceReading()
            let row = try db.row(
                cached: """
                    SELECT \(columns)
                    FROM work AS w LEFT JOIN work AS p ON p.transfer_id = w.transfer_id
                        AND p.run_id = (SELECT max(q.run_id) FROM work AS q
                            WHERE q.transfer_id = w.transfer_id AND q.run_id < w.run_id)
                    WHERE \(run == nil ? "? IS NULL" : "w.run_id = ?")
                    """, arguments: [run?.id])
            guard let row else { return reading }
            reading.readBytes = try row["read_bytes"]
            reading.againBytes = try row["again_bytes"]
            reading.savedBytes = try row["saved_bytes"]
            reading.reopenings = try row["reopenings"]
            reading.restarts = try row["restarts"]
            return reading
        }
    }

    /// Returns an SQL condition that takes the run's id as an argument.
    private static func condition(_ run: Run?) -> String {
        run == nil ? "w.run_id = t.run_id AND ? IS NULL" : "w.run_id = ?"
    }
}
