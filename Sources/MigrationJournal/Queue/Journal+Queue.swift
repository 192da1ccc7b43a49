// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import GRDB
public import MigrationModel

extension Journal {
    /// Writes a transfer's present state. Every step of the pipeline ends with this.
    public func commit(_ transfer: Transfer) async throws(TranshipError) {
        precondition(transfer.id != 0, "a transfer is committed before it was planned")
        let requestID = RequestID.current
        try await write { db in try TransferRows.update(db, transfer, requestID: requestID) }
    }

    /// Returns transfers of a run that can be worked on now, in the plan's order.
    ///
    /// Leaves out transfers that are final, that wait for a later time, that are in `busy`, that
    /// name an image which is not final yet, or that a later run has taken over.
    public func due(
        run: Run, at now: Int64, movesData: Bool, excluding busy: Set<Int64>,
        excludingTargets: Set<String> = [], excludingSources: Set<Int> = [], limit: Int
    ) async throws(TranshipError) -> [Transfer] {
        let states = TransferState.allCases.filter { !$0.isFinal && $0.movesData == movesData }
        let finals = Self.list(TransferState.allCases.filter(\.isFinal))
        // One query for each state, so that the index returns its rows in order and the query ends
        // at the limit. CROSS JOIN keeps the order of the tables: otherwise SQLite would begin with
        // all work of the run.
        let first = states.map { state in
            """
            SELECT * FROM (
                SELECT w.id FROM work AS w INDEXED BY work_by_state
                CROSS JOIN transfer AS t ON t.id = w.transfer_id
                WHERE w.run_id = ?1 AND w.state = '\(state.rawValue)' AND t.run_id = w.run_id
                    AND (w.due_at IS NULL OR w.due_at <= ?2)
                    AND w.transfer_id NOT IN (SELECT value FROM json_each(?3))
                    AND t.target_key NOT IN (SELECT value FROM json_each(?4))
                    AND w.source_index NOT IN (SELECT value FROM json_each(?5))
                    AND NOT EXISTS (
                        SELECT 1 FROM dependency AS d
                        CROSS JOIN image AS oi ON oi.source_key = d.source_key
                        CROSS JOIN work AS o ON o.image = oi.id AND o.run_id = w.run_id
                        CROSS JOIN transfer AS ot ON ot.id = o.transfer_id
                            AND ot.target_key = coalesce(d.target_key, t.target_key)
                        WHERE d.transfer_id = w.transfer_id AND o.state NOT IN (\(finals)))
                ORDER BY w.position LIMIT ?6)
            """
        }.joined(separator: " UNION ALL ")
        return try await read { db in
            try TransferRows.transfers(
                db, where: "w.id IN (\(first)) ORDER BY w.position LIMIT ?6",
                [
                    run.id, now, try Body.text(busy.sorted()),
                    try Body.text(excludingTargets.sorted()),
                    try Body.text(excludingSources.sorted()), limit,
                ])
        }
    }

    /// Makes transfers due now whose due time is later than any wait of ours could be: the clock
    /// was wrong when that time was written.
    public func bringForward(
        run: Run, dueAfter latest: Int64, to now: Int64
    ) async throws(TranshipError) {
        try await write { db in
            try db.execute(
                cached: "UPDATE work SET due_at = ? WHERE run_id = ? AND due_at > ?",
                arguments: [now, run.id, latest])
        }
    }

    /// Makes transfers due now whose data moves and that wait for a time.
    public func wake(_ ids: Set<Int64>) async throws(TranshipError) {
        guard !ids.isEmpty else { return }
        try await write { db in
            try db.execute(
                cached: """
                    UPDATE work SET due_at = NULL
                    WHERE transfer_id IN (SELECT value FROM json_each(?)) AND due_at IS NOT NULL
                        AND run_id = (SELECT run_id FROM transfer WHERE id = transfer_id)
                        AND state IN (\(Self.list(TransferState.allCases.filter(\.movesData))))
                    """, arguments: [try Body.text(ids.sorted())])
        }
    }

    /// Returns the load that a run puts on a target's service right now: its imports. The scheduler
    /// knows the bodies that are still being sent.
    public func load(
        run: Run, targetKey: String
    ) async throws(TranshipError) -> (importing: Int, stagedBytes: Int64) {
        let staged = saturatingSum("CASE w.method WHEN 'upload' THEN 0 ELSE w.size_bytes END")
        return try await read { db in
            let row = try db.row(
                cached: """
                    SELECT count(*) AS importing, \(staged) AS staged
                    FROM work AS w JOIN transfer AS t ON t.id = w.transfer_id
                    WHERE w.run_id = ? AND t.target_key = ? AND w.state = '\(TransferState.importing.rawValue)'
                    """, arguments: [run.id, targetKey])
            return try (row?["importing"] ?? 0, row?["staged"] ?? 0)
        }
    }

    /// Returns the number of images of these sources, by their index in the pipeline, that their
    /// targets are fetching for a run right now.
    public func fetching(
        run: Run, fromSources sources: Set<Int>
    ) async throws(TranshipError) -> Int {
        let methods = Self.list(UploadMethod.allCases.filter(\.isServerSide))
        return try await read { db in
            try db.value(
                cached: """
                    SELECT count(*) FROM work
                    WHERE run_id = ? AND state = '\(TransferState.importing.rawValue)'
                        AND method IN (\(methods))
                        AND NOT is_copying
                        AND source_index IN (SELECT value FROM json_each(?))
                    """, arguments: [run.id, try Body.text(sources.sorted())]) ?? 0
        }
    }

    /// Returns the time at which the next transfer that still waits at `now` is due, in
    /// milliseconds since 1970; nil if none waits for a time. Ignores overdue transfers: they wait
    /// for a slot or for another image, not for a time.
    ///
    /// - Parameter movesData: true for only transfers whose data moves, false for only the others;
    ///   nil is both.
    public func nextDueAt(
        run: Run, after now: Int64, movesData: Bool? = nil, excluding busy: Set<Int64>
    ) async throws(TranshipError) -> Int64? {
        let open = Self.list(
            TransferState.allCases.filter {
                !$0.isFinal && $0.movesData == movesData ?? $0.movesData
            })
        return try await read { db in
            try db.value(
                cached: """
                    SELECT min(due_at) FROM work
                    WHERE run_id = ? AND state IN (\(open)) AND due_at > ?
                        AND transfer_id NOT IN (SELECT value FROM json_each(?))
                    """, arguments: [run.id, now, try Body.text(busy.sorted())])
        }
    }

    /// Returns the transfers of a run that are not final and that no later run has taken over, at
    /// most `limit`.
    public func unfinished(run: Run, limit: Int) async throws(TranshipError) -> [Transfer] {
        let open = Self.list(TransferState.allCases.filter { !$0.isFinal })
        return try await read { db in
            try TransferRows.transfers(
                db,
                where: """
                    w.run_id = ? AND t.run_id = w.run_id AND w.state IN (\(open))
                    ORDER BY w.position, w.transfer_id LIMIT ?
                    """, [run.id, limit])
        }
    }

    /// Returns the transfer of a version to a target, as its last run left it.
    public func transfer(
        versionID: String, targetKey: String
    ) async throws(TranshipError) -> Transfer? {
        try await read { db in try Self.transfer(db, targetKey, versionID) }
    }

    /// Returns the newest transfer of one source image to one target.
    public func transfer(
        sourceKey: String, targetKey: String
    ) async throws(TranshipError) -> Transfer? {
        try await read { db in
            try TransferRows.transfers(
                db,
                where: """
                    i.source_key = ? AND t.target_key = ? AND w.run_id = t.run_id
                    ORDER BY w.transfer_id DESC LIMIT 1
                    """, [sourceKey, targetKey]
            ).first
        }
    }

    static func list<Word: RawRepresentable<String>>(_ words: [Word]) -> String {
        words.map { "'\($0.rawValue)'" }.joined(separator: ",")
    }
}
