// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import GRDB
internal import MigrationModel

/// The conversion of transfers to rows and of rows to transfers.
///
/// The body of a row of `work` is compressed with a dictionary: the JSON of its row of `image`,
/// which it repeats, and the version's id.
enum TransferRows {
    /// The columns of `work AS w`, `transfer AS t` and `image AS i` that ``transfer(_:)`` needs.
    private static let columns = """
        w.transfer_id, w.state, w.due_at, w.method, w.spools, w.is_copying, w.image_id,
        w.source_index, w.body, t.target_key, t.version_id, i.source_key, i.body AS image_body
        """

    /// All rows with their identity and their image.
    static let joined = """
        work AS w JOIN transfer AS t ON t.id = w.transfer_id JOIN image AS i ON i.id = w.image
        """

    /// Returns the transfers that meet the SQL condition.
    static func transfers(
        _ db: Database, where condition: String, _ arguments: StatementArguments
    ) throws -> [Transfer] {
        try db.rows(
            cached: "SELECT \(columns) FROM \(joined) WHERE \(condition)", arguments: arguments,
            transfer)
    }

    /// - Throws: ``TranshipError/Code/journalFailed`` for a damaged row.
    private static func transfer(_ row: CheckedRow) throws -> Transfer {
        let known = try words(Body.json(row["image_body"]), row["version_id"])
        var transfer = try Body.unpack(Transfer.self, row["body"], knowing: known)
        transfer.id = try row["transfer_id"]
        // The column counts, since queries change it alone.
        transfer.wait.dueAt = try row["due_at"]
        guard try isSame(transfer, row), transfer.isPlausible else {
            throw Body.damage("the row of transfer \(transfer.id) contradicts itself")
        }
        return transfer
    }

    /// Returns the dictionary for a body, which must never change: the JSON of the image, and the
    /// id of the version.
    static func words(_ image: Data, _ versionID: String) -> Data {
        image + Data(versionID.utf8)
    }

    /// True if the columns agree with the body. Queries use the columns and steps use the body, so
    /// a step could otherwise do the work of another state.
    private static func isSame(_ transfer: Transfer, _ row: CheckedRow) throws -> Bool {
        let intent = transfer.intent
        let texts: [(column: String, value: String?)] = [
            ("state", transfer.state.rawValue), ("method", intent.method.rawValue),
            ("image_id", transfer.imageID), ("target_key", intent.targetKey),
            ("version_id", intent.origin.versionID), ("source_key", intent.source.key),
        ]
        return try texts.allSatisfy { try row[$0.column] as String? == $0.value }
            && row["spools"] as Bool? == intent.spools
            && row["is_copying"] as Bool? == transfer.placement.isCopying
            && row["source_index"] as Int? == intent.source.sourceIndex
    }

    /// Writes a transfer's present state into its last run.
    ///
    /// - Parameter requestID: the request id that this try sends.
    static func update(_ db: Database, _ transfer: Transfer, requestID: String? = nil) throws {
        let row = try db.row(
            cached: """
                SELECT w.id, w.state, w.run_id, t.version_id, i.body AS image_body FROM \(joined)
                WHERE w.transfer_id = ? AND w.run_id = t.run_id
                """, arguments: [transfer.id])
        guard let row else {
            throw TranshipError(
                .journalFailed, "transfer \(transfer.id) is missing in the journal",
                hint: "run again")
        }
        let id: Int64 = try row["id"]
        let known = try words(Body.json(row["image_body"]), row["version_id"])
        // Take the time before the values are made, so that the transfer does not end before it
        // starts.
        let now = Timestamp.now()
        try db.execute(
            cached: """
                UPDATE work SET (\(state)) = (\(marks)), started_at = coalesce(started_at, ?)
                WHERE id = ?
                """,
            arguments: try values(transfer, knowing: known) + [now, id])
        try note(transfer, requestID, db, runID: try row["run_id"], before: try row["state"])
    }

    /// Records, for reports, the time at which a transfer entered its state, and its request id.
    private static func note(
        _ transfer: Transfer, _ requestID: String?, _ db: Database, runID: Int64, before: String
    ) throws {
        if transfer.state.rawValue != before {
            try db.execute(
                cached: """
                    INSERT INTO state_time (run_id, transfer_id, state, at) VALUES (?, ?, ?, ?)
                    """,
                arguments: [runID, transfer.id, transfer.state.rawValue, Timestamp.now()])
        }
        guard let requestID else { return }
        try db.execute(
            cached: """
                INSERT OR IGNORE INTO request (transfer_id, run_id, request_id, at)
                VALUES (?, ?, ?, ?)
                """, arguments: [transfer.id, runID, requestID, Timestamp.now()])
    }

    /// The columns that a step changes, in the order of ``values(_:knowing:)``.
    private static let state = """
        state, due_at, method, spools, is_copying, image_id, size_bytes, error_code, read_bytes,
        again_bytes, saved_bytes, reopenings, restarts, updated_at, body
        """
    private static let marks = state.split(separator: ",").map { _ in "?" }.joined(separator: ", ")

    private static func values(
        _ transfer: Transfer, knowing known: Data
    ) throws -> StatementArguments {
        let reading = transfer.reading ?? SourceReading()
        return [
            transfer.state.rawValue, transfer.wait.dueAt, transfer.method.rawValue,
            transfer.intent.spools, transfer.placement.isCopying, transfer.imageID,
            transfer.proof.sizeBytes, transfer.failure?.code.rawValue, reading.readBytes,
            reading.againBytes, reading.savedBytes, reading.reopenings, reading.restarts,
            Timestamp.now(), try Body.pack(transfer, knowing: known),
        ]
    }

    /// Makes a transfer part of a run.
    static func add(
        _ db: Database, _ transfer: Transfer, runID: Int64, position: Int64
    ) throws {
        let source = try Body.json(transfer.source)
        let image = try imageRow(db, transfer.source, source)
        let id: Int64? = try db.value(
            cached: """
                INSERT INTO transfer (target_key, version_id, lineage, run_id) VALUES (?, ?, ?, ?)
                ON CONFLICT (target_key, version_id) DO UPDATE SET lineage = excluded.lineage,
                    run_id = excluded.run_id
                RETURNING id
                """,
            arguments: [
                transfer.targetKey, transfer.origin.versionID,
                try lineageRow(db, transfer.origin.lineageID), runID,
            ])
        guard let id else { return }
        try db.execute(
            cached: """
                INSERT OR REPLACE INTO work
                    (transfer_id, run_id, position, image, source_index, \(state))
                VALUES (?, ?, ?, ?, ?, \(marks))
                """,
            arguments: [id, runID, position, image, transfer.source.sourceIndex]
                + (try values(transfer, knowing: words(source, transfer.origin.versionID))))
        try db.execute(cached: "DELETE FROM dependency WHERE transfer_id = ?", arguments: [id])
        for key in Set(transfer.record.references.values) {
            try db.execute(
                cached: """
                    INSERT INTO dependency (transfer_id, source_key, target_key) VALUES (?, ?, ?)
                    """, arguments: [id, key, transfer.record.referenceTargets?[key]])
        }
    }

    /// Returns the row of the source image as it is now. If anything about the image has changed,
    /// this is a new row.
    private static func imageRow(
        _ db: Database, _ image: SourceImage, _ json: Data
    ) throws -> Int64 {
        let known = try db.rows(
            cached: "SELECT id, body FROM image WHERE source_key = ?", arguments: [image.key])
        // Compare the JSON: another zlib may compress equal texts to other bytes.
        for row in known where try Body.json(row["body"]) == json { return try row["id"] }
        try db.execute(
            cached: """
                INSERT INTO image (source_key, name, is_of_series, body) VALUES (?, ?, ?, ?)
                """,
            arguments: [image.key, image.name, image.isOfSeries, try Body.pack(json: json)])
        return db.lastInsertedRowID
    }

    private static func lineageRow(_ db: Database, _ lineageID: String) throws -> Int64 {
        let known: Int64? = try db.value(
            cached: "SELECT id FROM lineage WHERE lineage_id = ?", arguments: [lineageID])
        if let known { return known }
        try db.execute(
            cached: "INSERT INTO lineage (lineage_id) VALUES (?)", arguments: [lineageID])
        return db.lastInsertedRowID
    }
}

/// Returns SQL for a sum that stays within 64 bits, since `sum()` fails if the total passes 2^63.
/// Exact up to 2^53.
func saturatingSum(_ expression: String) -> String {
    "CAST(min(total(\(expression)), 9223372036854774784.0) AS INTEGER)"
}
