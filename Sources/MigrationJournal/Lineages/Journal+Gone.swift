// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import GRDB

extension Journal {
    /// Notes the copies of series that the targets of a plan no longer list: someone deleted them,
    /// or a run died before it recorded the deletion.
    static func noteGoneCopies(_ planned: Database, into db: Database) throws {
        // All targets with items were listed: if a listing fails, no plan is made.
        let targets: [String] = try planned.values(
            cached: "SELECT DISTINCT target_key FROM plan_item")
        for target in targets {
            let copies: [String] = try db.values(
                cached: """
                    SELECT w.image_id FROM \(TransferRows.joined)
                    WHERE t.target_key = ? AND w.run_id = t.run_id AND w.image_id IS NOT NULL
                        AND i.is_of_series
                    """, arguments: [target])
            for id in copies {
                let isListed: Bool =
                    try planned.value(
                        cached: """
                            SELECT EXISTS (SELECT 1 FROM target_image
                                WHERE target_key = ? AND id = ?)
                            """, arguments: [target, id]) ?? false
                if isListed {
                    try db.execute(
                        cached: "DELETE FROM gone_copy WHERE target_key = ? AND image_id = ?",
                        arguments: [target, id])
                } else {
                    try db.execute(
                        cached: """
                            INSERT OR IGNORE INTO gone_copy (target_key, image_id, at)
                            VALUES (?, ?, ?)
                            """, arguments: [target, id, Timestamp.now()])
                }
            }
        }
    }

    /// Returns the time at which a run first did not find a copy, in milliseconds since 1970; nil
    /// if the last run found it.
    static func goneAt(_ db: Database, _ imageID: String?, _ targetKey: String) throws -> Int64? {
        try db.value(
            cached: "SELECT at FROM gone_copy WHERE target_key = ? AND image_id = ?",
            arguments: [targetKey, imageID])
    }
}
