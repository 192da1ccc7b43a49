// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import GRDB
public import MigrationModel

extension Journal {
    /// Records the progress of a file in the spool and, in the same commit, the state of the
    /// transfer that fills the file.
    public func keep(
        _ entry: SpoolEntry, filledBy transfer: Transfer? = nil
    ) async throws(TranshipError) {
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
                    entry.isComplete, Timestamp.now(), try Body.pack(entry),
                ])
            if let transfer { try TransferRows.update(db, transfer) }
        }
    }

    /// Forgets a file of the spool that is gone.
    public func drop(_ entry: SpoolEntry) async throws(TranshipError) {
        try await write { db in
            try db.execute(
                cached: "DELETE FROM spool WHERE source_key = ? AND fingerprint = ?",
                arguments: [entry.sourceKey, entry.fingerprint])
        }
    }

    /// Returns all files of the spool, with the paths in their rows, and for each file whether a
    /// transfer of this run still waits for its data.
    public func spoolEntries(
        run: Run?
    ) async throws(TranshipError) -> [(entry: SpoolEntry, isNeeded: Bool)] {
        try await read { db in
            try db.rows(
                cached: """
                    SELECT source_key, fingerprint, offset_bytes, is_complete, body FROM spool
                    ORDER BY created_at, source_key
                    """
            ).map { row in
                let entry = try Body.unpack(SpoolEntry.self, row["body"])
                guard entry.isPlausible, try row["source_key"] as String? == entry.sourceKey,
                    try row["fingerprint"] as String? == entry.fingerprint,
                    try row["offset_bytes"] as Int64? == entry.offsetBytes,
                    try row["is_complete"] as Bool? == entry.isComplete
                else { throw Body.damage("a row of the spool contradicts itself") }
                return (entry, try Self.isNeeded(db, entry, run))
            }
        }
    }

    /// True if a transfer of this run still waits for the data of a file.
    ///
    /// - Parameter targets: the targets whose transfers do not count.
    public func isNeeded(
        _ entry: SpoolEntry, run: Run, excludingTargets targets: Set<String> = []
    ) async throws(TranshipError) -> Bool {
        try await read { db in try Self.isNeeded(db, entry, run, excludingTargets: targets) }
    }

    private static func isNeeded(
        _ db: Database, _ entry: SpoolEntry, _ run: Run?, excludingTargets targets: Set<String> = []
    ) throws -> Bool {
        let finals = list(TransferState.allCases.filter(\.isFinal))
        let images: [Data] = try db.values(
            cached: """
                SELECT DISTINCT i.body FROM image AS i JOIN work AS w ON w.image = i.id
                JOIN transfer AS t ON t.id = w.transfer_id
                WHERE i.source_key = ? AND w.run_id = ? AND w.spools
                    AND w.state NOT IN (\(finals))
                    AND t.target_key NOT IN (SELECT value FROM json_each(?))
                """, arguments: [entry.sourceKey, run?.id, try Body.text(targets.sorted())])
        return try images.contains {
            try Body.unpack(SourceImage.self, $0).fingerprint == entry.fingerprint
        }
    }
}
