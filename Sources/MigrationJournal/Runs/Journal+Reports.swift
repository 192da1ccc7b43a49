// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import GRDB
public import MigrationModel

/// Stores and reads the data that a report of a run needs beside the transfers.
extension Journal {
    static func write(_ facts: RunFacts, _ db: Database, runID: Int64) throws {
        try db.execute(
            cached:
                """
                INSERT OR REPLACE INTO run_facts
                    (run_id, who, pipeline_digest, plan_digest, plan_file, outside)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                runID, facts.who, facts.pipelineDigest, facts.planDigest, facts.planFile,
                facts.outsideTexts.isEmpty ? nil : try Body.pack(facts.outsideTexts),
            ])
    }

    /// Returns the facts about the start of a run; nil for runs that `adopt` recorded.
    public func facts(of run: Run) async throws(TranshipError) -> RunFacts? {
        try await read { db in
            try db.row(
                cached: "SELECT * FROM run_facts WHERE run_id = ?", arguments: [run.id]
            ).map {
                let outside: Data? = try $0["outside"]
                return try RunFacts(
                    who: $0["who"], pipelineDigest: $0["pipeline_digest"],
                    planDigest: $0["plan_digest"], planFile: $0["plan_file"],
                    outsideTexts: outside.map { try Body.unpack([String: String].self, $0) } ?? [:])
            }
        }
    }

    /// Returns the histories of some transfers of a run, by transfer.
    public func histories(
        of transfers: [Int64], run: Run
    ) async throws(TranshipError) -> [Int64: TransferHistory] {
        try await read { db in
            let ids = try Body.text(transfers)
            let chosen = "run_id = ? AND transfer_id IN (SELECT value FROM json_each(?))"
            var found: [Int64: TransferHistory] = [:]
            for row in try db.rows(
                cached: """
                    SELECT transfer_id, started_at, updated_at, (SELECT count(*) FROM attempt AS a
                        WHERE a.transfer_id = work.transfer_id AND a.run_id = work.run_id) AS failed
                    FROM work WHERE \(chosen)
                    """, arguments: [run.id, ids])
            {
                var history = try TransferHistory(
                    startedAt: row["started_at"], updatedAt: row["updated_at"])
                history.failedTries = try row["failed"]
                found[try row["transfer_id"]] = history
            }
            for row in try db.rows(
                cached: "SELECT * FROM state_time WHERE \(chosen) ORDER BY at, id",
                arguments: [run.id, ids])
            {
                guard let state = TransferState(rawValue: try row["state"]) else { continue }
                try found[row["transfer_id"]]?.steps.append(.init(state, at: row["at"]))
            }
            for row in try db.rows(
                cached: "SELECT * FROM request WHERE \(chosen) ORDER BY at, request_id",
                arguments: [run.id, ids])
            {
                try found[row["transfer_id"]]?.requestIDs.append(row["request_id"])
            }
            return found
        }
    }

    /// Returns the number of images of earlier runs that a run published again.
    public func updatedCount(by run: Run) async throws(TranshipError) -> Int {
        try await read { db in
            try db.value(
                cached: """
                    SELECT COUNT(*) FROM work AS w
                    WHERE w.run_id = ? AND w.state = 'done' AND EXISTS (
                        SELECT 1 FROM work AS p
                        WHERE p.transfer_id = w.transfer_id AND p.run_id < w.run_id
                            AND p.image_id = w.image_id
                            AND p.state IN ('done', 'skipped', 'unpublished'))
                    """, arguments: [run.id]) ?? 0
        }
    }

    /// Returns the numbers of the journal's runs, for a hint; if there are many, only the last
    /// ones.
    public func runsWords() async throws(TranshipError) -> String {
        let numbers: [Int64] = try await read { db in
            try db.values(
                cached: "SELECT id FROM run ORDER BY id DESC LIMIT ?",
                arguments: [Self.shownRunsMax + 1])
        }
        guard let last = numbers.first else { return "it has no run yet: `tranship run` makes one" }
        if numbers.count == 1 { return "its only run is \(last)" }
        let shown = numbers.prefix(Self.shownRunsMax).reversed()
        let isAll = shown.count == numbers.count
        return "its \(isAll ? "" : "last ")runs are "
            + shown.map { "\($0)" }.joined(separator: ", ")
    }

    private static let shownRunsMax = 10

    /// Returns the transfers whose record a run made: no earlier run had finished that image.
    public func made(
        by run: Run, limit: Int, after last: Int64
    ) async throws(TranshipError) -> [Transfer] {
        try await read { db in
            try TransferRows.transfers(
                db,
                where: """
                    w.run_id = ? AND w.image_id IS NOT NULL AND w.transfer_id > ?
                        AND NOT EXISTS (SELECT 1 FROM work AS p
                            WHERE p.transfer_id = w.transfer_id AND p.run_id < w.run_id
                                AND p.image_id = w.image_id
                                AND p.state IN ('done', 'skipped', 'unpublished'))
                    ORDER BY w.transfer_id LIMIT ?
                    """, [run.id, last, limit])
        }
    }

    /// Returns the last run after another one that gave a copy its fields, with the transfer as the
    /// later run left it.
    public func update(
        of transfer: Transfer, after run: Run
    ) async throws(TranshipError) -> (runID: Int64, transfer: Transfer)? {
        try await read { db in
            let later: Int64? = try db.value(
                cached: """
                    SELECT max(run_id) FROM work WHERE transfer_id = ? AND image_id = ?
                        AND run_id > ? AND state IN ('done', 'unpublished')
                    """, arguments: [transfer.id, transfer.imageID, run.id])
            guard let later else { return nil }
            return try TransferRows.transfers(
                db, where: "w.transfer_id = ? AND w.run_id = ?", [transfer.id, later]
            ).first.map { (later, $0) }
        }
    }
}
