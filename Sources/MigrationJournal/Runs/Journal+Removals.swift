// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import GRDB
public import MigrationModel

extension Journal {
    /// Remembers that `rollback` deleted the copy that a run made.
    public func recordRemoval(
        of transfer: Transfer, madeBy run: Run
    ) async throws(TranshipError) {
        guard let imageID = transfer.imageID else { return }
        try await write { db in
            try db.execute(
                cached: """
                    INSERT OR REPLACE INTO removed_copy (transfer_id, run_id, image_id, at)
                    VALUES (?, ?, ?, ?)
                    """, arguments: [transfer.id, run.id, imageID, Timestamp.now()])
        }
    }

    /// When `rollback` deleted the copies that a run made, by their transfers; in milliseconds since
    /// 1970.
    public func removalTimes(of run: Run) async throws(TranshipError) -> [Int64: Int64] {
        try await read { db in
            guard try db.tableExists("removed_copy") else { return [:] }
            let rows = try db.rows(
                cached: "SELECT transfer_id, at FROM removed_copy WHERE run_id = ?",
                arguments: [run.id])
            var found: [Int64: Int64] = [:]
            for row in rows { found[try row["transfer_id"]] = try row["at"] }
            return found
        }
    }

    /// When `rollback` deleted the copies that a run made, by their image ids; in milliseconds since
    /// 1970.
    public func removals(of run: Run) async throws(TranshipError) -> [String: Int64] {
        try await read { db in
            // A journal that an earlier version wrote is read as it is.
            guard try db.tableExists("removed_copy") else { return [:] }
            let rows = try db.rows(
                cached: "SELECT image_id, at FROM removed_copy WHERE run_id = ?",
                arguments: [run.id])
            var found: [String: Int64] = [:]
            for row in rows { try found[row["image_id"]] = row["at"] }
            return found
        }
    }
}
