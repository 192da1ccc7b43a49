// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import GRDB
public import MigrationModel

/// A plan item with all records that the decision about it needs.
public struct PlanComparison: Sendable {
    public var position: Int64
    public var item: PlanItem
    /// The journal's transfer of this version to this target.
    public var transfer: Transfer?
    /// The images of the target that have its marker, its first derived id, or the id in the
    /// journal.
    public var ours: [TargetImage]
    /// The other images of the target with the name that the record should get.
    public var namesakes: [TargetImage]
    /// The image that has the id to keep and is not a copy of ours.
    public var holder: TargetImage?
    /// The ids of those ``namesakes`` that have a marker of ours but count as any other image: the
    /// marker proves nothing, or another pipeline copied them from another image.
    public var strangers: Set<String> = []
    /// The ids of those ``namesakes`` that have the item's data, although no promise of the source
    /// shows this.
    public var alike: Set<String> = []
}

extension Plan {
    /// The maximum number of namesakes that are compared for an image; more of them change no
    /// decision.
    private static let namesakesMax = 20

    /// Adds one page of a target's listing.
    public func add(_ images: [TargetImage]) async throws(TranshipError) {
        try await write { db in
            let statement = try db.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO target_image
                        (target_key, id, name, lineage_id, version_id, body)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """)
            for image in images {
                let marker = image.origin
                try statement.execute(arguments: [
                    image.targetKey, image.id, image.name, marker?.lineageID, marker?.versionID,
                    try Body.json(image),
                ])
            }
        }
    }

    /// Adds one page of wanted images from the sources, decided or not. An image that two sources
    /// select is taken once, from the first.
    public func add(_ items: [PlanItem]) async throws(TranshipError) {
        try await write { db in
            let statement = try db.cachedStatement(
                sql: """
                    INSERT OR IGNORE INTO plan_item
                        (target_key, source_key, lineage_id, version_id, size_bytes, is_of_series,
                        action, start_method, body)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """)
            for item in items {
                try statement.execute(arguments: [
                    item.targetKey, item.source.key, item.origin.lineageID, item.origin.versionID,
                    item.source.sizeBytes, item.source.isOfSeries,
                    item.action?.rawValue, item.start?.method.rawValue, try PlanRow.body(of: item),
                ])
            }
        }
    }

    public func item(
        sourceKey: String, targetKey: String
    ) async throws(TranshipError) -> PlanItem? {
        try await read { db in
            try db.value(
                cached: "SELECT body FROM plan_item WHERE source_key = ? AND target_key = ?",
                arguments: [sourceKey, targetKey]
            ).map { (body: Data) in try PlanRow.item(body) }
        }
    }

    /// Returns the items of one series at a target, in the plan's order. There are several only if
    /// the series has several sources.
    public func items(
        ofLineage lineageID: String, at targetKey: String
    ) async throws(TranshipError) -> [PlanItem] {
        try await read { db in
            try db.values(
                cached: """
                    SELECT body FROM plan_item WHERE target_key = ? AND lineage_id = ?
                    ORDER BY position
                    """, arguments: [targetKey, lineageID]
            ).map { (body: Data) in try PlanRow.item(body) }
        }
    }

    /// Returns those items that the plan does not have yet, each once and with the records to
    /// compare it with. They have no position.
    public func newComparisons(
        of items: [PlanItem], in journal: Journal
    ) async throws(TranshipError) -> [PlanComparison] {
        let new = try await read { db in
            var seen: Set<[String]> = []
            return try items.filter { item in
                let key = [item.targetKey, item.source.key]
                let known: Int? = try db.value(
                    cached: "SELECT 1 FROM plan_item WHERE target_key = ? AND source_key = ?",
                    arguments: [item.targetKey, item.source.key])
                return known == nil && seen.insert(key).inserted
            }
        }
        let known = try await journal.transfers(of: new)
        return try await read { db in
            try zip(new, known).map { item, transfer in
                try Self.comparison(db, 0, item, transfer)
            }
        }
    }

    /// Returns the next page of the plan, each item with the records to compare it with.
    public func comparisons(
        after position: Int64, limit: Int, undecidedOnly: Bool = false, in journal: Journal
    ) async throws(TranshipError) -> [PlanComparison] {
        let page = try await items(
            after: position, limit: limit, where: undecidedOnly ? "action IS NULL" : "TRUE")
        let known = try await journal.transfers(of: page.map(\.item))
        return try await read { db in
            try zip(page, known).map { entry, transfer in
                try Self.comparison(db, entry.position, entry.item, transfer)
            }
        }
    }

    /// Returns one item of the plan with the records to compare it with; nil if the plan does not
    /// have it.
    public func comparison(
        sourceKey: String, targetKey: String, in journal: Journal
    ) async throws(TranshipError) -> PlanComparison? {
        guard let item = try await item(sourceKey: sourceKey, targetKey: targetKey) else {
            return nil
        }
        let known = try await journal.transfers(of: [item]).first ?? nil
        return try await read { db in try Self.comparison(db, 0, item, known) }
    }

    private static func comparison(
        _ db: Database, _ position: Int64, _ item: PlanItem, _ transfer: Transfer?
    ) throws -> PlanComparison {
        let (target, first, version) = (item.targetKey, item.firstImageID, item.origin.versionID)
        let ours = try db.values(
            cached: """
                SELECT body FROM target_image WHERE target_key = ?1 AND id IN (?2, ?3)
                UNION ALL SELECT body FROM target_image
                WHERE target_key = ?1 AND version_id = ?4 AND id NOT IN (?2, ?3)
                """, arguments: [target, first, transfer?.imageID ?? first, version]
        ).map { (body: Data) in try Body.unpack(TargetImage.self, body) }
        var namesakes: [TargetImage] = []
        if let name = item.record.name {
            let owner = item.record.ownerID
            namesakes = try db.values(
                cached: """
                    SELECT body FROM target_image WHERE target_key = ? AND name = ?
                        AND id NOT IN (?, ?) AND version_id IS NOT ? LIMIT ?
                    """,
                arguments: [
                    target, name, first, transfer?.imageID ?? first, version,
                    // An administrator lists all projects, and only images of the copy's own
                    // project count.
                    owner == nil ? namesakesMax : -1,
                ]
            ).map { (body: Data) in try Body.unpack(TargetImage.self, body) }
            if let owner {
                namesakes = Array(
                    namesakes.lazy.filter { $0.ownerID == owner }.prefix(namesakesMax))
            }
        }
        return PlanComparison(
            position: position, item: item, transfer: transfer, ours: ours, namesakes: namesakes)
    }

    /// Writes the decisions about a page of the plan.
    public func decide(
        _ decisions: [(position: Int64, item: PlanItem)]
    ) async throws(TranshipError) {
        try await write { db in
            for (position, item) in decisions {
                try db.execute(
                    cached: """
                        UPDATE plan_item SET action = ?, start_method = ?, body = ?
                        WHERE position = ?
                        """,
                    arguments: [
                        item.action?.rawValue, item.start?.method.rawValue,
                        try PlanRow.body(of: item),
                        position,
                    ])
            }
        }
    }

    /// Removes items from the plan.
    public func remove(_ positions: [Int64]) async throws(TranshipError) {
        try await write { db in
            for position in positions {
                try db.execute(
                    cached: "DELETE FROM plan_item WHERE position = ?", arguments: [position])
            }
        }
    }

    /// Returns the position of the last item; 0 if there is none.
    public func lastPosition() async throws(TranshipError) -> Int64 {
        try await read { db in
            try db.value(cached: "SELECT max(position) FROM plan_item") ?? 0
        }
    }

    /// Removes all items at these positions from the plan.
    public func remove(after first: Int64, upTo last: Int64) async throws(TranshipError) {
        try await write { db in
            try db.execute(
                cached: "DELETE FROM plan_item WHERE position > ? AND position <= ?",
                arguments: [first, last])
        }
    }

    /// Returns a page of the plan, in order.
    ///
    /// - Parameter ofSeries: true to leave out images that have an id at their source: they form no
    ///   series.
    public func items(
        after position: Int64, limit: Int, actions: [PlanAction] = PlanAction.allCases,
        ofSeries: Bool = false
    ) async throws(TranshipError) -> [(position: Int64, item: PlanItem)] {
        try await items(
            after: position, limit: limit,
            where: "action IN (\(Journal.list(actions)))"
                + (ofSeries ? " AND is_of_series = 1" : ""))
    }

    private func items(
        after position: Int64, limit: Int, where condition: String
    ) async throws(TranshipError) -> [(position: Int64, item: PlanItem)] {
        try await read { db in
            try db.rows(
                cached: """
                    SELECT position, body FROM plan_item
                    WHERE position > ? AND \(condition) ORDER BY position LIMIT ?
                    """, arguments: [position, limit]
            ) { row in (try row["position"], try PlanRow.item(row["body"])) }
        }
    }

    /// Returns the number of images that a plan adds to one target, and their bytes.
    public func additions(
        targetKey: String
    ) async throws(TranshipError) -> (images: Int, sizeBytes: Int64) {
        try await read { db in
            let row = try db.row(
                cached: """
                    SELECT count(*) AS images, \(saturatingSum("size_bytes")) AS bytes
                    FROM plan_item WHERE target_key = ? AND action = 'create'
                    """, arguments: [targetKey])
            return try (row?["images"] ?? 0, row?["bytes"] ?? 0)
        }
    }

    /// Returns, for each of these images, how many of these targets get its data through this
    /// process, by source key. Leaves out images without such a target.
    public func copiesThroughUs(
        sourceKeys: Set<String>, targetKeys: [String]
    ) async throws(TranshipError) -> [String: Int] {
        let methods = Journal.list(UploadMethod.allCases.filter { !$0.isServerSide })
        return try await read { db in
            let rows = try db.rows(
                cached: """
                    SELECT p.source_key AS key, count(*) AS copies
                    FROM json_each(?) AS s CROSS JOIN json_each(?) AS t
                    CROSS JOIN plan_item AS p
                        ON p.target_key = t.value AND p.source_key = s.value
                    WHERE p.action = 'create' AND p.start_method IN (\(methods))
                    GROUP BY p.source_key
                    """, arguments: [try Body.text(sourceKeys.sorted()), try Body.text(targetKeys)])
            return try Dictionary(uniqueKeysWithValues: rows.map { try ($0["key"], $0["copies"]) })
        }
    }

    public func tally() async throws(TranshipError) -> [Tally<PlanAction>] {
        try await read { db in try Self.tally(db) }
    }

    static func tally(_ db: Database) throws -> [Tally<PlanAction>] {
        try db.rows(
            cached: """
                SELECT action, count(*) AS images, \(saturatingSum("size_bytes")) AS bytes
                FROM plan_item WHERE action IS NOT NULL GROUP BY action
                """
        ).compactMap { row in
            try PlanAction(rawValue: row["action"]).map {
                try Tally($0, images: row["images"], sizeBytes: row["bytes"])
            }
        }
    }
}

/// An image of a target that has our marker, with the journal's and the plan's entries for the
/// version that the marker names.
public struct MarkedImage: Sendable {
    public var image: TargetImage
    public var transfer: Transfer?
    public var item: PlanItem?
    /// True if `tranship resume` would go on with the transfer.
    public var isResumable: Bool

    public init(
        image: TargetImage, transfer: Transfer? = nil, item: PlanItem? = nil,
        isResumable: Bool = false
    ) {
        self.image = image
        self.transfer = transfer
        self.item = item
        self.isResumable = isResumable
    }
}

extension Plan {
    /// Returns a page of the marked images of the plan's listings.
    ///
    /// - Parameter last: the last image of the page before; nil for the first page.
    public func marked(
        after last: TargetImage?, limit: Int, in journal: Journal
    ) async throws(TranshipError) -> [MarkedImage] {
        let page = try await read { db in
            try db.rows(
                cached: """
                    SELECT i.body, i.version_id, p.body AS item_body
                    FROM target_image AS i
                    LEFT JOIN plan_item AS p
                        ON p.target_key = i.target_key AND p.version_id = i.version_id
                    WHERE i.version_id IS NOT NULL AND (i.target_key, i.id) > (?, ?)
                    ORDER BY i.target_key, i.id LIMIT ?
                    """, arguments: [last?.targetKey ?? "", last?.id ?? "", limit]
            ).map { row in
                let item: Data? = try row["item_body"]
                return (
                    image: try Body.unpack(TargetImage.self, row["body"]),
                    versionID: try row["version_id"] as String,
                    item: try item.map { try PlanRow.item($0) }
                )
            }
        }
        return try await journal.read { db in
            let interrupted: Int64? = try db.value(
                cached: """
                    SELECT id FROM run
                    WHERE id = (SELECT max(id) FROM run WHERE \(Journal.mayHaveWork))
                        AND (outcome IS NULL OR outcome = 'interrupted')
                    """)
            return try page.map { entry in
                let transfer = try Journal.transfer(db, entry.image.targetKey, entry.versionID)
                let runID: Int64? = try db.value(
                    cached: "SELECT run_id FROM transfer WHERE id = ?", arguments: [transfer?.id])
                return MarkedImage(
                    image: entry.image, transfer: transfer, item: entry.item,
                    isResumable: interrupted != nil && runID == interrupted
                        && transfer.map { !$0.state.isFinal } ?? false)
            }
        }
    }
}
