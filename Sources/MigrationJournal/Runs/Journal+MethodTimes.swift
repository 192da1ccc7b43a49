// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import GRDB
public import MigrationModel

extension Journal {
    /// Returns the measurements of the methods by earlier runs, newest first.
    ///
    /// - Parameter now: milliseconds since 1970; measurements older than
    ///   ``MethodTime/ageMillisecondsMax`` are left out.
    public func methodTimes(now: Int64) async throws(TranshipError) -> [MethodTime] {
        try await read { db in
            try db.rows(
                cached: """
                    SELECT * FROM method_time WHERE learned_at >= ?
                    ORDER BY learned_at DESC, id DESC
                    """, arguments: [now.clampedDifference(MethodTime.ageMillisecondsMax)]
            ).compactMap { row in
                // A value outside these bounds is damage.
                let milliseconds: Int64 = try row["milliseconds_per_gib"]
                guard (1...MethodTime.millisecondsMax).contains(milliseconds),
                    let method = UploadMethod(rawValue: try row["method"])
                else { return nil }
                return MethodTime(
                    source: try row["source"], target: try row["target"], method: method,
                    millisecondsPerGiB: milliseconds, runID: try row["run_id"],
                    bandwidthBytesPerSecond: try row["bandwidth_bytes_per_second"])
            }
        }
    }

    /// Measures the images that a run copied without interruption: no try failed, no endpoint was
    /// down during the copy, nothing was spooled, and the data was read just once and sent as it
    /// was read. The journal keeps the newest measurements of each source, target and method.
    ///
    /// - Parameters:
    ///   - sources: the endpoints of the sources, by their index in the pipeline file.
    ///   - targets: the endpoints of the targets, by their keys.
    ///   - bandwidth: the lowest limit of the run in bytes per second; nil if it had none.
    ///   - now: milliseconds since 1970.
    package func learnMethodTimes(
        of run: Run, sources: [String], targets: [String: String], bandwidth: Int64?, now: Int64
    ) async throws(TranshipError) {
        let found = try await read { db in
            try Self.measured(db, run).filter { sources.indices.contains($0.sourceIndex) }
        }
        var counts: [[String]: Int] = [:]
        let new = found.compactMap { one -> (MethodTime, transferID: Int64)? in
            guard let target = targets[one.targetKey] else { return nil }
            let key = [sources[one.sourceIndex], target, one.method.rawValue]
            guard counts[key, default: 0] < MethodTime.countMax else { return nil }
            counts[key, default: 0] += 1
            let time = MethodTime(
                source: key[0], target: target, method: one.method,
                millisecondsPerGiB: one.millisecondsPerGiB, runID: run.id,
                bandwidthBytesPerSecond: one.method.isServerSide ? nil : bandwidth)
            return (time, one.transferID)
        }
        guard !new.isEmpty else { return }
        try await write { db in
            // The oldest first, so that the newest gets the highest id.
            for (time, transferID) in new.reversed() {
                try db.execute(
                    cached: """
                        INSERT OR IGNORE INTO method_time (source, target, method,
                            milliseconds_per_gib, bandwidth_bytes_per_second, run_id, transfer_id,
                            learned_at)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        time.source, time.target, time.method.rawValue, time.millisecondsPerGiB,
                        time.bandwidthBytesPerSecond, time.runID, transferID, now,
                    ])
            }
            try db.execute(
                cached: """
                    DELETE FROM method_time WHERE learned_at < ?1 OR id IN (
                        SELECT id FROM (SELECT id, row_number() OVER (
                            PARTITION BY source, target, method, bandwidth_bytes_per_second
                            ORDER BY learned_at DESC, id DESC) AS place FROM method_time)
                        WHERE place > ?2)
                    """,
                arguments: [
                    now.clampedDifference(MethodTime.ageMillisecondsMax), MethodTime.countMax,
                ])
        }
    }

    private struct Measured {
        let sourceIndex: Int
        let targetKey: String
        let method: UploadMethod
        let transferID: Int64
        let millisecondsPerGiB: Int64
    }

    /// Returns the measurements, the newest first. Leaves out a transfer that entered a state
    /// twice, since it was interrupted.
    private static func measured(_ db: Database, _ run: Run) throws -> [Measured] {
        try db.rows(
            cached: """
                SELECT w.source_index, t.target_key, w.method, w.transfer_id, w.size_bytes,
                    min(iif(s.state IN ('sending', 'importing'), s.at, NULL)) AS began_at,
                    max(iif(s.state = 'verifying', s.at, NULL)) AS ended_at
                FROM work AS w JOIN transfer AS t ON t.id = w.transfer_id
                JOIN state_time AS s ON s.transfer_id = w.transfer_id AND s.run_id = w.run_id
                WHERE w.run_id = ?1 AND w.state IN ('done', 'unpublished')
                    AND w.size_bytes >= ?2 AND w.spools = 0 AND w.is_copying = 0
                    AND w.again_bytes = 0 AND w.reopenings = 0 AND w.restarts = 0
                    AND (w.read_bytes = w.size_bytes
                        OR w.method IN ('web-download', 'glance-download'))
                    AND NOT EXISTS (SELECT 1 FROM attempt AS a
                        WHERE a.transfer_id = w.transfer_id AND a.run_id = w.run_id)
                    AND NOT EXISTS (SELECT 1 FROM outage AS o
                        WHERE o.run_id = w.run_id AND o.began_at <= w.updated_at
                            AND coalesce(o.ended_at, w.updated_at) >= w.started_at)
                GROUP BY w.id
                HAVING began_at < ended_at AND count(*) = count(DISTINCT s.state)
                ORDER BY ended_at DESC, w.id DESC
                """, arguments: [run.id, MethodTime.sizeBytesMin]
        ).compactMap { row in
            let (began, ended): (Int64, Int64) = (try row["began_at"], try row["ended_at"])
            let (bytes, time): (Int64, Int64) = (
                try row["size_bytes"], ended.clampedDifference(began)
            )
            guard let method = UploadMethod(rawValue: try row["method"]), bytes > 0 else {
                return nil
            }
            let perGiB = Double(1 << 30) * Double(time) / Double(bytes)
            return Measured(
                sourceIndex: try row["source_index"], targetKey: try row["target_key"],
                method: method, transferID: try row["transfer_id"],
                millisecondsPerGiB: min(
                    max(1, Int64(clamping: perGiB.rounded())), MethodTime.millisecondsMax))
        }
    }
}
