// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import GRDB
public import MigrationModel

extension Journal {
    /// Writes a transfer's present state. Every step of the pipeline ends here.
    public func commit(_ transfer: Transfer) async throws(TranshipError) {
        precondition(transfer.id != 0, "a transfer is committed before it was planned")
        let body = try encoded(transfer)
        try await write { db in
            let statement = try db.cachedStatement(
                sql: """
                    UPDATE transfer SET state = ?, due_at = ?, size_bytes = ?, error_code = ?,
                        started_at = coalesce(started_at, ?), updated_at = ?, body = ?
                    WHERE id = ?
                    """)
            try statement.execute(arguments: [
                transfer.state.rawValue, transfer.dueAt, transfer.sizeBytes,
                transfer.failure?.code.rawValue, Timestamp.now(), Timestamp.now(), body,
                transfer.id,
            ])
        }
    }

    /// Remembers a failed try, beside the state that ``commit(_:)`` writes.
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

    /// Transfers of a run that can be worked on now, in the plan's order.
    ///
    /// Left out: final ones, those that wait for a later time, those in `busy`,
    /// and those that name an image which is not final yet.
    public func due(
        run: Run, at now: Int64, movesData: Bool, excluding busy: Set<Int64>,
        excludingTargets: Set<String> = [], excludingSources: Set<Int> = [], limit: Int
    ) async throws(TranshipError) -> [Transfer] {
        let states = TransferState.allCases.filter { !$0.isFinal && $0.movesData == movesData }
        let finals = Self.list(TransferState.allCases.filter(\.isFinal))
        let busyList = try encoded(busy.sorted())
        let fullTargets = try encoded(excludingTargets.sorted())
        let fullSources = try encoded(excludingSources.sorted())
        let bodies = try await read { db in
            try db.rows(
                cached: """
                    SELECT id, body FROM transfer AS t
                    WHERE run_id = ? AND state IN (\(Self.list(states)))
                        AND (due_at IS NULL OR due_at <= ?) AND id NOT IN (SELECT value FROM json_each(?))
                        AND target_key NOT IN (SELECT value FROM json_each(?))
                        AND (? OR \(Self.sourceIndex) NOT IN (SELECT value FROM json_each(?)))
                        AND NOT EXISTS (
                            SELECT 1 FROM dependency AS d
                            JOIN transfer AS other ON other.target_key = t.target_key
                                AND other.source_key = d.source_key AND other.run_id = t.run_id
                            WHERE d.transfer_id = t.id AND other.state NOT IN (\(finals)))
                    ORDER BY position LIMIT ?
                    """,
                arguments: [
                    run.id, now, busyList, fullTargets, excludingSources.isEmpty, fullSources,
                    limit,
                ]
            ).map { ($0["id"] as Int64, $0["body"] as String) }
        }
        return try decoded(bodies)
    }

    /// Makes due now what is due so late that no wait of ours can be meant: the
    /// clock was wrong when it was written.
    public func bringForward(
        run: Run, dueAfter latest: Int64, to now: Int64
    ) async throws(TranshipError) {
        try await write { db in
            try db.execute(
                cached: """
                    UPDATE transfer SET due_at = ?, body = json_set(body, '$.dueAt', ?)
                    WHERE run_id = ? AND due_at > ?
                    """, arguments: [now, now, run.id, latest])
        }
    }

    /// What a target's service works on for a run right now: its imports. What
    /// is still being sent is known to those who send it.
    public func load(
        run: Run, targetKey: String
    ) async throws(TranshipError) -> (importing: Int, stagedBytes: Int64) {
        try await read { db in
            let row = try db.row(
                cached: """
                    SELECT count(*) AS importing, coalesce(sum(size_bytes) FILTER (
                            WHERE json_extract(body, '$.method') <> 'upload'), 0) AS staged
                    FROM transfer
                    WHERE run_id = ? AND target_key = ? AND state = 'importing'
                    """, arguments: [run.id, targetKey])
            return (row?["importing"] ?? 0, row?["staged"] ?? 0)
        }
    }

    /// How many images of these sources, by their index in the pipeline, are
    /// being fetched by their targets for a run right now.
    public func fetching(
        run: Run, fromSources sources: Set<Int>
    ) async throws(TranshipError) -> Int {
        let methods = UploadMethod.allCases.filter(\.isServerSide).map { "'\($0.rawValue)'" }
        let indexes = try encoded(sources.sorted())
        return try await read { db in
            try db.value(
                cached: """
                    SELECT count(*) FROM transfer
                    WHERE run_id = ? AND state = 'importing'
                        AND json_extract(body, '$.method') IN (\(methods.joined(separator: ",")))
                        AND NOT json_extract(body, '$.isCopying')
                        AND \(Self.sourceIndex) IN (SELECT value FROM json_each(?))
                    """, arguments: [run.id, indexes]) ?? 0
        }
    }

    /// When the next transfer that still waits at `now` is due, in milliseconds
    /// since 1970; nil when none waits for a time. Those that are overdue wait
    /// for a slot or for another image, and no clock helps them.
    ///
    /// - Parameter movesData: only those whose data moves, or does not; nil is both.
    public func nextDueAt(
        run: Run, after now: Int64, movesData: Bool? = nil, excluding busy: Set<Int64>
    ) async throws(TranshipError) -> Int64? {
        let open = Self.list(
            TransferState.allCases.filter {
                !$0.isFinal && $0.movesData == movesData ?? $0.movesData
            })
        let busyList = try encoded(busy.sorted())
        return try await read { db in
            try db.value(
                cached: """
                    SELECT min(due_at) FROM transfer
                    WHERE run_id = ? AND state IN (\(open)) AND due_at > ?
                        AND id NOT IN (SELECT value FROM json_each(?))
                    """, arguments: [run.id, now, busyList])
        }
    }

    /// The transfers of a run that are not final, at most `limit`.
    public func unfinished(run: Run, limit: Int) async throws(TranshipError) -> [Transfer] {
        try await transfers(
            run: run, in: TransferState.allCases.filter { !$0.isFinal }, limit: limit)
    }

    /// The transfers of a run in some states, in the plan's order; of every run
    /// that the journal knows where none is named.
    public func transfers(
        run: Run?, in states: [TransferState], limit: Int, offset: Int = 0
    ) async throws(TranshipError) -> [Transfer] {
        let bodies = try await read { db in
            try db.rows(
                cached: """
                    SELECT id, body FROM transfer
                    WHERE \(Self.condition(run)) AND state IN (\(Self.list(states)))
                    ORDER BY run_id, position, id LIMIT ? OFFSET ?
                    """, arguments: [run?.id, limit, offset]
            ).map { ($0["id"] as Int64, $0["body"] as String) }
        }
        return try decoded(bodies)
    }

    /// The newest transfer of one source image to one target.
    public func transfer(
        sourceKey: String, targetKey: String
    ) async throws(TranshipError) -> Transfer? {
        let bodies = try await read { db in
            try db.rows(
                cached: """
                    SELECT id, body FROM transfer WHERE source_key = ? AND target_key = ?
                    ORDER BY id DESC LIMIT 1
                    """, arguments: [sourceKey, targetKey]
            ).map { ($0["id"] as Int64, $0["body"] as String) }
        }
        return try decoded(bodies).first
    }

    /// How many transfers of a run are in each state, and their bytes; of every
    /// run that the journal knows where none is named.
    public func tally(run: Run?) async throws(TranshipError) -> [StateTally] {
        try await read { db in
            try db.rows(
                cached: """
                    SELECT state, count(*) AS images, coalesce(sum(size_bytes), 0) AS bytes
                    FROM transfer WHERE \(Self.condition(run)) GROUP BY state
                    """, arguments: [run?.id]
            ).compactMap { row in
                TransferState(rawValue: row["state"]).map {
                    StateTally(state: $0, images: row["images"], sizeBytes: row["bytes"])
                }
            }
        }
    }

    /// What was read from the sources of a run's transfers, all summed up; of
    /// every run that the journal knows where none is named.
    public func readingTally(run: Run?) async throws(TranshipError) -> SourceReading {
        try await read { db in
            var sum = SourceReading()
            let row = try db.row(
                cached: """
                    SELECT coalesce(sum(json_extract(body, '$.reading.readBytes')), 0) AS read,
                        coalesce(sum(json_extract(body, '$.reading.againBytes')), 0) AS again,
                        coalesce(sum(json_extract(body, '$.reading.savedBytes')), 0) AS saved,
                        coalesce(sum(json_extract(body, '$.reading.reopenings')), 0) AS reopenings,
                        coalesce(sum(json_extract(body, '$.reading.restarts')), 0) AS restarts
                    FROM transfer WHERE \(Self.condition(run))
                    """, arguments: [run?.id])
            guard let row else { return sum }
            sum.readBytes = row["read"]
            sum.againBytes = row["again"]
            sum.savedBytes = row["saved"]
            sum.reopenings = row["reopenings"]
            sum.restarts = row["restarts"]
            return sum
        }
    }

    /// Failed tries of a run.
    public func attemptCount(run: Run) async throws(TranshipError) -> Int {
        try await read { db in
            try db.value(
                cached: "SELECT count(*) FROM attempt WHERE run_id = ?", arguments: [run.id]) ?? 0
        }
    }

    /// Takes the run's id as an argument.
    private static func condition(_ run: Run?) -> String {
        run == nil ? "? IS NULL" : "run_id = ?"
    }

    private static let sourceIndex = "json_extract(body, '$.source.sourceIndex')"

    static func list(_ states: [TransferState]) -> String {
        states.map { "'\($0.rawValue)'" }.joined(separator: ",")
    }

    func encoded(_ value: some Encodable) throws(TranshipError) -> String {
        do { return try encode(value) } catch { throw Self.wrap(error, path: path) }
    }

    private func decoded(_ rows: [(Int64, String)]) throws(TranshipError) -> [Transfer] {
        do {
            return try rows.map { id, body in
                var transfer = try decode(Transfer.self, body)
                transfer.id = id
                return transfer
            }
        } catch {
            throw Self.wrap(error, path: path)
        }
    }
}

/// Transfers of a run in one state.
public struct StateTally: Sendable, Hashable {
    public var state: TransferState
    public var images: Int
    public var sizeBytes: Int64
}
