// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import GRDB
public import MigrationModel

extension Journal {
    /// Remembers how far a file of the spool has come; and with it, in one
    /// commit, the transfer that fills it.
    public func keep(
        _ entry: SpoolEntry, filledBy transfer: Transfer? = nil
    ) async throws(TranshipError) {
        let journal = self
        try await write { db in
            try db.execute(
                cached: """
                    INSERT INTO spool (source_key, fingerprint, path, offset_bytes, is_complete,
                        created_at, updated_at, body)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)
                    ON CONFLICT (source_key, fingerprint) DO UPDATE SET path = excluded.path,
                        offset_bytes = excluded.offset_bytes, is_complete = excluded.is_complete,
                        updated_at = excluded.updated_at, body = excluded.body
                    """,
                arguments: [
                    entry.sourceKey, entry.fingerprint, entry.path, entry.offsetBytes,
                    entry.isComplete, Timestamp.now(), try journal.encode(entry),
                ])
            guard let transfer else { return }
            try db.execute(
                cached: "UPDATE transfer SET updated_at = ?, body = ? WHERE id = ?",
                arguments: [Timestamp.now(), try journal.encode(transfer), transfer.id])
        }
    }

    /// Forgets a file of the spool, which is gone.
    public func drop(_ entry: SpoolEntry) async throws(TranshipError) {
        try await write { db in
            try db.execute(
                cached: "DELETE FROM spool WHERE source_key = ? AND fingerprint = ?",
                arguments: [entry.sourceKey, entry.fingerprint])
        }
    }

    /// All files of the spool, each with whether a transfer of this run still
    /// waits for its data.
    public func spoolEntries(
        run: Run?
    ) async throws(TranshipError) -> [(entry: SpoolEntry, isNeeded: Bool)] {
        let journal = self
        return try await read { db in
            guard try db.tableExists("spool") else { return [] }
            return try db.rows(
                cached: """
                    SELECT s.body, EXISTS (\(Self.needing)) AS is_needed
                    FROM spool AS s ORDER BY s.created_at, s.source_key
                    """, arguments: [run?.id]
            ).map { row in
                (try journal.decode(SpoolEntry.self, row["body"]), row["is_needed"])
            }
        }
    }

    /// Whether a transfer of this run still waits for the data of that file.
    public func isNeeded(_ entry: SpoolEntry, run: Run) async throws(TranshipError) -> Bool {
        try await read { db in
            try db.value(
                cached: """
                    SELECT EXISTS (\(Self.needing)) FROM spool AS s
                    WHERE s.source_key = ? AND s.fingerprint = ?
                    """, arguments: [run.id, entry.sourceKey, entry.fingerprint]) ?? false
        }
    }

    private static var needing: String {
        """
        SELECT 1 FROM transfer AS t WHERE t.run_id = ? AND t.source_key = s.source_key
            AND json_extract(t.body, '$.source.fingerprint') = s.fingerprint
            AND json_extract(t.body, '$.spools') = 1
            AND t.state NOT IN (\(list(TransferState.allCases.filter(\.isFinal))))
        """
    }

    /// Makes transfers due that wait for a time.
    public func wake(_ ids: Set<Int64>) async throws(TranshipError) {
        guard !ids.isEmpty else { return }
        let list = try encoded(ids.sorted())
        try await write { db in
            try db.execute(
                cached: """
                    UPDATE transfer SET due_at = NULL, body = json_remove(body, '$.dueAt')
                    WHERE id IN (SELECT value FROM json_each(?)) AND due_at IS NOT NULL AND state IN
                        (\(Self.list(TransferState.allCases.filter(\.movesData))))
                    """, arguments: [list])
        }
    }
}
