// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import GRDB
public import MigrationModel

extension Journal {
    /// Records a failed try, beside the state that ``commit(_:)`` writes.
    public func recordAttempt(
        _ transfer: Transfer, run: Run, error: TranshipError
    ) async throws(TranshipError) {
        try await write { db in
            try db.execute(
                cached: """
                    INSERT INTO attempt (transfer_id, run_id, at, state, code, message)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    transfer.id, run.id, Timestamp.now(), transfer.state.rawValue,
                    error.code.rawValue, error.message,
                ])
        }
    }

    /// Returns the number of failed tries of a run.
    public func attemptCount(run: Run) async throws(TranshipError) -> Int {
        try await read { db in
            try db.value(
                cached: "SELECT count(*) FROM attempt WHERE run_id = ?", arguments: [run.id]) ?? 0
        }
    }

    /// Returns the newest failed tries of some transfers, oldest first, at most `limit` for each;
    /// of one run or of all.
    public func attempts(
        of transfers: [Int64], run: Run? = nil, limit: Int = 20
    ) async throws(TranshipError) -> [Int64: [Attempt]] {
        try await read { db in
            var found: [Int64: [Attempt]] = [:]
            let rows = try db.rows(
                cached: """
                    SELECT * FROM (
                        SELECT *, row_number() OVER (
                            PARTITION BY transfer_id ORDER BY id DESC) AS age
                        FROM attempt WHERE transfer_id IN (SELECT value FROM json_each(?))
                            AND run_id = coalesce(?, run_id))
                    WHERE age <= ? ORDER BY id
                    """, arguments: [try Body.text(transfers), run?.id, limit])
            for row in rows {
                try found[row["transfer_id"], default: []].append(
                    Attempt(
                        at: row["at"], state: TransferState(rawValue: row["state"]) ?? .planned,
                        code: .init(row["code"]), message: row["message"]))
            }
            return found
        }
    }

    /// Records that an endpoint no longer answers.
    public func beginOutage(
        run: Run, endpoint: String, error: TranshipError
    ) async throws(TranshipError) {
        try await write { db in
            try db.execute(
                cached: """
                    INSERT INTO outage (run_id, endpoint, began_at, code, message)
                    VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [
                    run.id, endpoint, Timestamp.now(), error.code.rawValue, error.message,
                ])
        }
    }

    /// Records that the endpoint answers again.
    public func endOutage(run: Run, endpoint: String) async throws(TranshipError) {
        try await write { db in
            try db.execute(
                cached: """
                    UPDATE outage SET ended_at = ?
                    WHERE run_id = ? AND endpoint = ? AND ended_at IS NULL
                    """, arguments: [Timestamp.now(), run.id, endpoint])
        }
    }

    /// Returns the outages of a run, oldest first.
    public func outages(run: Run) async throws(TranshipError) -> [OutageRecord] {
        try await read { db in
            try db.rows(
                cached: "SELECT * FROM outage WHERE run_id = ? ORDER BY id LIMIT 1000",
                arguments: [run.id]
            ).map { row in
                try OutageRecord(
                    endpoint: row["endpoint"], beganAt: row["began_at"], endedAt: row["ended_at"],
                    code: .init(row["code"]), message: row["message"])
            }
        }
    }
}

extension TranshipError.Code {
    /// A code that this version does not know becomes `unclassified`.
    init(_ text: String) {
        self = Self(rawValue: text) ?? .unclassified
    }
}
