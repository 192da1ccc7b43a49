// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import GRDB
internal import MigrationModel

extension Journal {
    /// Forgets runs that ended before a time, and gives the space back to the disk.
    ///
    /// Keeps the last run, and the last one that `resume` may go on with; the last success; each
    /// transfer's present state; the last change of each image, which shows what was ours and what
    /// an operator changed, and the last change that made the image current; the versions that
    /// rollbacks hold; and the newest version of each series. Keeps nothing of a version whose copy
    /// we deleted.
    ///
    /// - Parameter cutoff: milliseconds since 1970.
    /// - Returns: the number of forgotten runs.
    @discardableResult
    public func prune(before cutoff: Int64) async throws(TranshipError) -> Int {
        let count = try await write { db in
            let ids: [Int64] = try db.values(
                cached: """
                    SELECT id FROM run WHERE coalesce(ended_at, started_at) < ?
                        AND id < (SELECT max(id) FROM run)
                        AND id IS NOT (SELECT max(id) FROM run WHERE \(Self.mayHaveWork))
                        AND id IS NOT (SELECT max(id) FROM run WHERE outcome = 'done')
                    """, arguments: [cutoff])
            guard !ids.isEmpty else { return 0 }
            var count = 0
            try db.inSavepoint {
                count = try Self.prune(db, runs: try Body.text(ids))
                return .commit
            }
            return count
        }
        if !isInMemory { try await shrink() }
        return count
    }

    /// - Parameter runs: the ids of the runs, as a JSON list.
    private static func prune(_ db: Database, runs: String) throws -> Int {
        let old = "(SELECT value FROM json_each(?1))"
        let tables = [
            "run_end", "missed_selection",
            "attempt", "outage", "refusal", "plan_tally", "state_time", "request", "limit_override",
            "removed_copy", "absence",
        ]
        for table in tables {
            try db.execute(
                cached: "DELETE FROM \(table) WHERE run_id IN \(old)", arguments: [runs])
        }
        let steps = [
            // The amount read in a run is the difference from the row before, so the newest old row
            // of each transfer stays.
            """
            DELETE FROM work WHERE run_id IN \(old) AND EXISTS (
                SELECT 1 FROM work AS n WHERE n.transfer_id = work.transfer_id
                    AND n.run_id > work.run_id AND n.run_id IN \(old))
            """,
            """
            DELETE FROM change WHERE run_id IN \(old) AND (state <> 'done' OR EXISTS (
                SELECT 1 FROM change AS n WHERE n.target_key = change.target_key
                    AND n.image_id = change.image_id AND n.state = 'done' AND n.id > change.id
                    AND (n.action IN (\(showing)) OR change.action NOT IN (\(showing)))))
            """,
        ]
        for sql in steps { try db.execute(cached: sql, arguments: [runs]) }
        try forgetDeletedVersions(db, runs: runs)
        try db.execute(
            cached: """
                DELETE FROM image WHERE NOT EXISTS (SELECT 1 FROM work WHERE image = image.id)
                """)
        try db.execute(
            cached: """
                DELETE FROM lineage
                WHERE NOT EXISTS (SELECT 1 FROM transfer WHERE lineage = lineage.id)
                    AND NOT EXISTS (SELECT 1 FROM change WHERE lineage = lineage.id)
                    AND NOT EXISTS (SELECT 1 FROM held_version WHERE lineage = lineage.id)
                """)
        try db.execute(
            cached: """
                DELETE FROM gone_copy WHERE NOT EXISTS (SELECT 1 FROM work
                    WHERE work.image_id = gone_copy.image_id)
                """)
        try db.execute(
            cached: """
                DELETE FROM run_facts WHERE run_id IN \(old)
                    AND NOT EXISTS (SELECT 1 FROM work WHERE run_id = run_facts.run_id)
                    AND NOT EXISTS (SELECT 1 FROM transfer WHERE run_id = run_facts.run_id)
                    AND NOT EXISTS (SELECT 1 FROM change WHERE run_id = run_facts.run_id)
                    AND NOT EXISTS (SELECT 1 FROM upstream WHERE run_id = run_facts.run_id)
                """, arguments: [runs])
        try db.execute(
            cached: """
                DELETE FROM run WHERE id IN \(old)
                    AND NOT EXISTS (SELECT 1 FROM work WHERE run_id = run.id)
                    AND NOT EXISTS (SELECT 1 FROM transfer WHERE run_id = run.id)
                    AND NOT EXISTS (SELECT 1 FROM change WHERE run_id = run.id)
                    AND NOT EXISTS (SELECT 1 FROM upstream WHERE run_id = run.id)
                """, arguments: [runs])
        let count = db.changesCount
        try prunePlaces(db)
        // Only `resume` reads the text.
        try db.execute(
            cached: "UPDATE run SET pipeline_text = '' WHERE id IN \(old) AND pipeline_text <> ''",
            arguments: [runs])
        try db.execute(
            cached: "UPDATE run_facts SET outside = NULL WHERE run_id IN \(old)", arguments: [runs])
        return count
    }

    /// Forgets the versions whose copy one of these old runs deleted.
    private static func forgetDeletedVersions(_ db: Database, runs: String) throws {
        let ids: [Int64] = try db.values(
            cached: """
                SELECT t.id FROM transfer AS t
                JOIN work AS w ON w.transfer_id = t.id AND w.run_id = t.run_id
                JOIN change AS c ON c.target_key = t.target_key AND c.image_id = w.image_id
                WHERE c.action = 'delete' AND c.state = 'done'
                    AND c.run_id IN (SELECT value FROM json_each(?1))
                    AND t.run_id IN (SELECT value FROM json_each(?1))
                    AND t.id < (SELECT max(id) FROM transfer
                        WHERE lineage = t.lineage AND target_key = t.target_key)
                    AND NOT EXISTS (SELECT 1 FROM held_version AS h
                        WHERE h.target_key = t.target_key
                            AND t.version_id IN (h.version_id, h.current_version_id))
                """, arguments: [runs])
        for id in ids {
            try db.execute(
                cached: """
                    DELETE FROM change WHERE (target_key, image_id) IN (
                        SELECT t.target_key, w.image_id FROM transfer AS t
                        JOIN work AS w ON w.transfer_id = t.id AND w.run_id = t.run_id
                        WHERE t.id = ?)
                    """, arguments: [id])
            for table in [
                "attempt", "dependency", "state_time", "request", "removed_copy", "work",
            ] {
                try db.execute(
                    cached: "DELETE FROM \(table) WHERE transfer_id = ?", arguments: [id])
            }
            try db.execute(cached: "DELETE FROM transfer WHERE id = ?", arguments: [id])
        }
    }

    /// Rewrites the file if a quarter of it, and at least 128 KiB, is empty.
    private func shrink() async throws(TranshipError) {
        let database = database
        do {
            // The task is unstructured, so that cancelling the caller does not cancel the vacuum.
            try await Task {
                let (pages, free, pageSize) = try await database.read { db in
                    func number(_ pragma: String) throws -> Int {
                        try Int.fetchOne(db, sql: "PRAGMA \(pragma)") ?? 0
                    }
                    return (
                        try number("page_count"), try number("freelist_count"),
                        try number("page_size")
                    )
                }
                guard free * 4 >= pages, free * pageSize >= 1 << 17 else { return }
                try await database.vacuum()
            }.value
        } catch {
            throw Self.wrap(error, path: path)
        }
    }
}
