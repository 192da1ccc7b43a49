// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import GRDB
public import MigrationModel

extension Journal {
    static func write(_ places: [RunPlace], _ db: Database, runID: Int64) throws {
        for place in places {
            try db.execute(
                cached: """
                    INSERT OR REPLACE INTO run_place
                        (run_id, side, name, keystone_url, endpoint, project_id)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    runID, place.side.rawValue, place.name, place.keystoneURL, place.endpoint,
                    place.projectID,
                ])
        }
    }

    /// Returns the places of a run and of the runs after it, each with the first run that had it,
    /// in the order of these runs.
    public func places(
        since run: Run
    ) async throws(TranshipError) -> [(runID: Int64, place: RunPlace)] {
        try await read { db in
            try Self.places(
                try db.rows(
                    cached: """
                        SELECT min(run_id) AS first_run, side, name, keystone_url, endpoint, project_id
                        FROM run_place WHERE run_id >= ?
                        GROUP BY side, name, keystone_url, endpoint, project_id
                        ORDER BY first_run, side, name
                        """, arguments: [run.id]))
        }
    }

    /// Returns, for each source and target, the place of the last run that had it.
    public func lastPlaces() async throws(TranshipError) -> [(runID: Int64, place: RunPlace)] {
        try await read { db in
            // Beside a single max(), SQLite takes the other columns from the row with the maximum.
            try Self.places(
                try db.rows(
                    cached: """
                        SELECT max(run_id) AS first_run, side, name, keystone_url, endpoint, project_id
                        FROM run_place GROUP BY side, name ORDER BY side, name
                        """))
        }
    }

    private static func places(
        _ rows: [CheckedRow]
    ) throws -> [(runID: Int64, place: RunPlace)] {
        try rows.compactMap { row in
            guard let side = Absence.Side(rawValue: try row["side"]) else { return nil }
            return (
                runID: try row["first_run"],
                place: RunPlace(
                    side, try row["name"], keystoneURL: try row["keystone_url"],
                    endpoint: try row["endpoint"], projectID: try row["project_id"])
            )
        }
    }

    /// Forgets the places of runs that the journal has forgotten, except the last place of each
    /// source and target.
    static func prunePlaces(_ db: Database) throws {
        try db.execute(
            cached: """
                DELETE FROM run_place WHERE run_id NOT IN (SELECT id FROM run)
                    AND (run_id, side, name) NOT IN (
                        SELECT max(run_id), side, name FROM run_place GROUP BY side, name)
                """)
    }
}
