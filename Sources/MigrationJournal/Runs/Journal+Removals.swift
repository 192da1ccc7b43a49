// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import GRDB
public import MigrationModel

extension Journal {
    /// Records that `rollback` deleted the copy that a run made.
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

    /// Returns the copies that a run made and `rollback` deleted.
    public func removals(of run: Run) async throws(TranshipError) -> [RemovedCopy] {
        try await read { db in
            try db.rows(
                cached: "SELECT transfer_id, image_id, at FROM removed_copy WHERE run_id = ?",
                arguments: [run.id]
            ) { row in
                RemovedCopy(
                    transferID: try row["transfer_id"], imageID: try row["image_id"],
                    at: try row["at"])
            }
        }
    }
}

/// A copy that `rollback` deleted at its target.
public struct RemovedCopy: Sendable {
    public let transferID: Int64
    public let imageID: String
    /// The time of the deletion, in milliseconds since 1970.
    public let at: Int64
}
