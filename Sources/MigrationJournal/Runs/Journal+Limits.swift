// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import GRDB
public import MigrationModel

extension Journal {
    /// Returns the limits that an operator set for the run; nil if there are none.
    public func limitOverride(of run: Run) async throws(TranshipError) -> LimitOverride? {
        try await read { db in try Self.limitOverride(db, runID: run.id) }
    }

    /// Changes limits of a run.
    ///
    /// - Parameters:
    ///   - bandwidth: the new bandwidth; nil leaves it as it is.
    ///   - images: the new number of images at once; nil leaves it as it is.
    ///   - now: milliseconds since 1970.
    /// - Returns: all limits that are set for the run now.
    package func override(
        bandwidth: LimitOverride.Bandwidth?, images: LimitOverride.Images?, of run: Run,
        at now: Int64
    ) async throws(TranshipError) -> LimitOverride {
        try await write { db in
            var limits = try Self.limitOverride(db, runID: run.id) ?? LimitOverride()
            if let bandwidth { limits.bandwidth = bandwidth }
            if let images { limits.images = images }
            limits.changedAt = now
            let rate: Int64? =
                switch limits.bandwidth {
                case .asInFile: nil
                case .unlimited: 0
                case .atMost(let bytes): bytes
                }
            let count: Int? = if case .atMost(let count) = limits.images { count } else { nil }
            try db.execute(
                cached: """
                    INSERT INTO limit_override
                        (run_id, bandwidth_bytes_per_second, images, changed_at)
                    VALUES (?1, ?2, ?3, ?4)
                    ON CONFLICT (run_id) DO UPDATE
                    SET bandwidth_bytes_per_second = ?2, images = ?3, changed_at = ?4
                    """, arguments: [run.id, rate, count, now])
            return limits
        }
    }

    private static func limitOverride(_ db: Database, runID: Int64) throws -> LimitOverride? {
        try db.row(
            cached: "SELECT * FROM limit_override WHERE run_id = ?", arguments: [runID]
        ).map { row in
            let rate: Int64? = try row["bandwidth_bytes_per_second"]
            let images: Int? = try row["images"]
            return LimitOverride(
                bandwidth: rate.map { $0 > 0 ? .atMost($0) : .unlimited } ?? .asInFile,
                images: images.map { .atMost(max(1, $0)) } ?? .asInFile,
                changedAt: try row["changed_at"])
        }
    }
}
