// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import GRDB
public import MigrationModel

/// One version of an image at one target, as its last run left it.
public struct LineageVersion: Sendable, Hashable {
    public var versionID: String
    public var targetKey: String
    public var sourceKey: String
    /// The copy at the target; nil while it has no record.
    public var imageID: String?
    public var state: TransferState
    public var runID: Int64
    /// When the journal last changed it, in milliseconds since 1970.
    public var updatedAt: Int64
}

extension Journal {
    /// The versions of a lineage at all targets, the newest first.
    ///
    /// - Parameter lineageID: the first word of the marker; see ``Origin``.
    public func versions(
        ofLineage lineageID: String
    ) async throws(TranshipError) -> [LineageVersion] {
        try await read { db in
            try db.rows(
                cached: """
                    SELECT t.version_id, t.target_key, i.source_key, w.image_id, w.state, w.run_id,
                        w.updated_at
                    FROM \(TransferRows.joined) JOIN lineage AS l ON l.id = t.lineage
                    WHERE l.lineage_id = ? AND w.run_id = t.run_id
                    ORDER BY w.run_id DESC, w.updated_at DESC, t.id DESC
                    """, arguments: [lineageID]
            ).compactMap { row in
                try TransferState(rawValue: row["state"]).map { state in
                    try LineageVersion(
                        versionID: row["version_id"], targetKey: row["target_key"],
                        sourceKey: row["source_key"], imageID: row["image_id"], state: state,
                        runID: row["run_id"], updatedAt: row["updated_at"])
                }
            }
        }
    }
}
