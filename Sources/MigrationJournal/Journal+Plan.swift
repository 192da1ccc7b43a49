// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import GRDB
public import MigrationModel

/// A plan item beside everything that bears on it.
public struct PlanComparison: Sendable {
    public var position: Int64
    public var item: PlanItem
    /// The journal's transfer of this version to this target.
    public var transfer: Transfer?
    /// Images of the target that carry its marker, its first derived id, or the
    /// id in the journal.
    public var ours: [TargetImage]
    /// Other images of the target under the name that the record is to have.
    public var namesakes: [TargetImage]
    /// An image that is no copy of ours and has the id that is to be kept.
    public var holder: TargetImage?
}

/// How many images one action concerns.
public struct PlanTally: Codable, Sendable, Hashable {
    public var action: PlanAction
    public var images: Int
    public var sizeBytes: Int64
}

extension Journal {
    /// Namesakes that are looked at per image; more of them change no decision.
    private static let namesakesMax = 20

    /// Empties the scratch space for a new plan.
    public func beginPlan() async throws(TranshipError) {
        try await write { db in
            try db.execute(cached: "DELETE FROM plan_item")
            try db.execute(cached: "DELETE FROM target_image")
        }
    }

    /// Adds one page of a target's listing.
    public func add(_ images: [TargetImage]) async throws(TranshipError) {
        let journal = self
        try await write { db in
            let statement = try db.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO target_image (target_key, id, name, version_id, body)
                    VALUES (?, ?, ?, ?, ?)
                    """)
            for image in images {
                let version = image.originValue?.split(separator: "/").last.map(String.init)
                try statement.execute(arguments: [
                    image.targetKey, image.id, image.name, version, try journal.encode(image),
                ])
            }
        }
    }

    /// Adds one page of what sources want. An image that two sources select is
    /// taken once, from the first.
    public func add(_ items: [PlanItem]) async throws(TranshipError) {
        let journal = self
        try await write { db in
            let statement = try db.cachedStatement(
                sql: """
                    INSERT OR IGNORE INTO plan_item
                        (target_key, source_key, version_id, first_image_id, name, size_bytes, body)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """)
            for item in items {
                try statement.execute(arguments: [
                    item.targetKey, item.source.key, item.origin.versionID, item.firstImageID,
                    item.record.name, item.source.sizeBytes, try journal.encode(item),
                ])
            }
        }
    }

    public func planItem(
        sourceKey: String, targetKey: String
    ) async throws(TranshipError) -> PlanItem? {
        let journal = self
        return try await read { db in
            try db.value(
                cached: "SELECT body FROM plan_item WHERE source_key = ? AND target_key = ?",
                arguments: [sourceKey, targetKey]
            ).map { try journal.decode(PlanItem.self, $0) }
        }
    }

    /// The next page of the plan, each item with what it must be compared with.
    public func comparisons(
        after position: Int64, limit: Int
    ) async throws(TranshipError) -> [PlanComparison] {
        let journal = self
        return try await read { db in
            let rows = try db.rows(
                cached: """
                    SELECT p.position, p.body, p.target_key, p.version_id, p.first_image_id, p.name,
                        t.id AS transfer_id, t.body AS transfer_body
                    FROM plan_item AS p
                    LEFT JOIN transfer AS t
                        ON t.target_key = p.target_key AND t.version_id = p.version_id
                    WHERE p.position > ? ORDER BY p.position LIMIT ?
                    """, arguments: [position, limit])
            return try rows.map { try journal.comparison(db, $0) }
        }
    }

    private func comparison(_ db: Database, _ row: Row) throws -> PlanComparison {
        var transfer: Transfer?
        if let body: String = row["transfer_body"] {
            transfer = try decode(Transfer.self, body)
            transfer?.id = row["transfer_id"]
        }
        let target: String = row["target_key"]
        let first: String = row["first_image_id"]
        let version: String = row["version_id"]
        let ours = try db.values(
            cached: """
                SELECT body FROM target_image WHERE target_key = ? AND id IN (?, ?)
                UNION SELECT body FROM target_image WHERE target_key = ? AND version_id = ?
                """, arguments: [target, first, transfer?.imageID ?? first, target, version]
        ).map { try decode(TargetImage.self, $0) }
        var namesakes: [TargetImage] = []
        if let name: String = row["name"] {
            namesakes = try db.values(
                cached: """
                    SELECT body FROM target_image WHERE target_key = ? AND name = ?
                        AND id NOT IN (?, ?) AND version_id IS NOT ? LIMIT ?
                    """,
                arguments: [
                    target, name, first, transfer?.imageID ?? first, version, Self.namesakesMax,
                ]
            ).map { try decode(TargetImage.self, $0) }
        }
        return PlanComparison(
            position: row["position"], item: try decode(PlanItem.self, row["body"]),
            transfer: transfer, ours: ours, namesakes: namesakes)
    }

    /// Writes what was decided for a page of the plan.
    public func decide(
        _ decisions: [(position: Int64, item: PlanItem)]
    ) async throws(TranshipError) {
        let journal = self
        try await write { db in
            for (position, item) in decisions {
                try db.execute(
                    cached: "UPDATE plan_item SET action = ?, body = ? WHERE position = ?",
                    arguments: [item.action?.rawValue, try journal.encode(item), position])
            }
        }
    }

    /// The plan in order, page by page.
    public func planItems(
        after position: Int64, limit: Int, actions: [PlanAction] = PlanAction.allCases
    ) async throws(TranshipError) -> [(position: Int64, item: PlanItem)] {
        let journal = self
        let list = actions.map { "'\($0.rawValue)'" }.joined(separator: ",")
        return try await read { db in
            try db.rows(
                cached: """
                    SELECT position, body FROM plan_item
                    WHERE position > ? AND action IN (\(list)) ORDER BY position LIMIT ?
                    """, arguments: [position, limit]
            ).map { ($0["position"], try journal.decode(PlanItem.self, $0["body"])) }
        }
    }

    /// How many images a plan adds to one target, and their bytes.
    public func additions(
        targetKey: String
    ) async throws(TranshipError) -> (images: Int, sizeBytes: Int64) {
        try await read { db in
            let row = try db.row(
                cached: """
                    SELECT count(*) AS images, coalesce(sum(size_bytes), 0) AS bytes
                    FROM plan_item WHERE target_key = ? AND action = 'create'
                    """, arguments: [targetKey])
            return (row?["images"] ?? 0, row?["bytes"] ?? 0)
        }
    }

    /// How many of these targets get the data of each of these images through
    /// us, by source key; those without one are left out.
    public func copiesThroughUs(
        sourceKeys: Set<String>, targetKeys: [String]
    ) async throws(TranshipError) -> [String: Int] {
        let (sources, targets) = (try encoded(sourceKeys.sorted()), try encoded(targetKeys))
        let methods = UploadMethod.allCases.filter { !$0.isServerSide }
            .map { "'\($0.rawValue)'" }.joined(separator: ",")
        return try await read { db in
            let rows = try db.rows(
                cached: """
                    SELECT p.source_key AS key, count(*) AS copies
                    FROM json_each(?) AS s CROSS JOIN json_each(?) AS t
                    CROSS JOIN plan_item AS p
                        ON p.target_key = t.value AND p.source_key = s.value
                    WHERE p.action = 'create'
                        AND json_extract(p.body, '$.start.method') IN (\(methods))
                    GROUP BY p.source_key
                    """, arguments: [sources, targets])
            return Dictionary(uniqueKeysWithValues: rows.map { ($0["key"], $0["copies"]) })
        }
    }

    public func planTally() async throws(TranshipError) -> [PlanTally] {
        try await read { db in try Self.tally(db) }
    }

    private static func tally(_ db: Database) throws -> [PlanTally] {
        try db.rows(
            cached: """
                SELECT action, count(*) AS images, coalesce(sum(size_bytes), 0) AS bytes
                FROM plan_item WHERE action IS NOT NULL GROUP BY action
                """
        ).compactMap { row in
            PlanAction(rawValue: row["action"]).map {
                PlanTally(action: $0, images: row["images"], sizeBytes: row["bytes"])
            }
        }
    }

    /// Makes the plan's creates and updates the run's transfers, in one
    /// transaction, and marks the run as planned. A skipped image that the
    /// journal did not know is written down as well, so that others can name it.
    ///
    /// - Parameter order: the SQL-free word for the order of the work.
    public func adoptPlan(run: Run, order: WorkOrder) async throws(TranshipError) {
        let journal = self
        let sorting =
            switch order {
            case .smallFirst: "size_bytes IS NULL, size_bytes, position"
            case .largeFirst: "size_bytes IS NULL, size_bytes DESC, position"
            case .listed: "position"
            }
        try await write { db in
            let rows = try Row.fetchCursor(
                db.cachedStatement(
                    sql: """
                        SELECT body -> '$.start' AS start FROM plan_item
                        WHERE action IN ('create', 'update', 'skip')
                            AND json_extract(body, '$.start') IS NOT NULL
                        ORDER BY \(sorting)
                        """))
            var position: Int64 = 0
            while let row = try rows.next() {
                let transfer = try journal.decode(Transfer.self, row["start"])
                position += 1
                try journal.upsert(db, transfer, runID: run.id, position: position)
            }
            let refusals = try db.values(
                cached: "SELECT body FROM plan_item WHERE action = 'refuse' LIMIT ?",
                arguments: [RunPlan.refusalsMax]
            ).compactMap { try journal.decode(PlanItem.self, $0).refusal }
            let plan = RunPlan(tallies: try Self.tally(db), refusals: refusals)
            try db.execute(
                cached: "UPDATE run SET planned_at = ?, plan = ? WHERE id = ?",
                arguments: [Timestamp.now(), try journal.encode(plan), run.id])
        }
    }

    func upsert(
        _ db: Database, _ transfer: Transfer, runID: Int64, position: Int64
    ) throws {
        let id: Int64? = try db.value(
            cached: """
                INSERT INTO transfer (run_id, target_key, source_key, version_id, position, state,
                    due_at, size_bytes, error_code, updated_at, body)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (target_key, version_id) DO UPDATE SET run_id = excluded.run_id,
                    source_key = excluded.source_key, position = excluded.position,
                    state = excluded.state, due_at = excluded.due_at,
                    size_bytes = excluded.size_bytes, error_code = excluded.error_code,
                    updated_at = excluded.updated_at, body = excluded.body
                RETURNING id
                """,
            arguments: [
                runID, transfer.targetKey, transfer.source.key, transfer.origin.versionID,
                position, transfer.state.rawValue, transfer.dueAt, transfer.sizeBytes,
                transfer.failure?.code.rawValue, Timestamp.now(), try encode(transfer),
            ])
        guard let id else { return }
        try db.execute(cached: "DELETE FROM dependency WHERE transfer_id = ?", arguments: [id])
        for key in Set(transfer.record.references.values) {
            try db.execute(
                cached: "INSERT INTO dependency (transfer_id, source_key) VALUES (?, ?)",
                arguments: [id, key])
        }
    }
}

/// The order in which images are started; those that others name always first.
public enum WorkOrder: Sendable {
    case smallFirst, largeFirst, listed
}
