// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import GRDB
public import MigrationModel

/// An image of a target that carries our marker, and what the journal and the
/// last plan know of the version that the marker names.
public struct MarkedImage: Sendable {
    public var image: TargetImage
    public var transfer: Transfer?
    public var item: PlanItem?
    /// True where `tranship resume` would go on with the transfer.
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

extension Journal {
    /// A page of the marked images of the last plan's listings.
    ///
    /// - Parameter last: the last one of the page before; nil for the first page.
    public func marked(
        after last: TargetImage?, limit: Int
    ) async throws(TranshipError) -> [MarkedImage] {
        let journal = self
        return try await read { db in
            try db.rows(
                cached: """
                    SELECT i.body, t.id AS transfer_id, t.body AS transfer_body,
                        p.body AS item_body,
                        t.run_id IS (SELECT id FROM run
                            WHERE id = (SELECT max(id) FROM run)
                                AND (outcome IS NULL OR outcome = 'interrupted')) AS is_last
                    FROM target_image AS i
                    LEFT JOIN transfer AS t
                        ON t.target_key = i.target_key AND t.version_id = i.version_id
                    LEFT JOIN plan_item AS p
                        ON p.target_key = i.target_key AND p.version_id = i.version_id
                    WHERE i.version_id IS NOT NULL AND (i.target_key, i.id) > (?, ?)
                    ORDER BY i.target_key, i.id LIMIT ?
                    """, arguments: [last?.targetKey ?? "", last?.id ?? "", limit]
            ).map { row in
                var transfer: Transfer?
                if let body: String = row["transfer_body"] {
                    transfer = try journal.decode(Transfer.self, body)
                    transfer?.id = row["transfer_id"]
                }
                let item: String? = row["item_body"]
                let isLast: Bool = row["is_last"]
                return MarkedImage(
                    image: try journal.decode(TargetImage.self, row["body"]), transfer: transfer,
                    item: try item.map { try journal.decode(PlanItem.self, $0) },
                    isResumable: isLast && transfer.map { !$0.state.isFinal } ?? false)
            }
        }
    }

    /// Writes the transfers of the plan's items down as a run that began and
    /// ended in this moment, in one transaction: a crash leaves all or nothing,
    /// and nothing for `resume`.
    public func recordAdoption(
        pipelineName: String, pipelineFile: String, pipelineText: String
    ) async throws(TranshipError) {
        let journal = self
        try await write { db in
            let now = Timestamp.now()
            try db.execute(
                cached: """
                    INSERT INTO run (pipeline_name, pipeline_file, pipeline_text, started_at,
                        planned_at, ended_at, outcome)
                    VALUES (?, ?, ?, ?, ?, ?, 'adopted')
                    """, arguments: [pipelineName, pipelineFile, pipelineText, now, now, now])
            let id = db.lastInsertedRowID
            let rows = try Row.fetchCursor(
                db.cachedStatement(
                    sql: """
                        SELECT body FROM plan_item WHERE json_extract(body, '$.start') IS NOT NULL
                        ORDER BY position
                        """))
            var position: Int64 = 0
            while let row = try rows.next() {
                let item = try journal.decode(PlanItem.self, row["body"])
                guard let transfer = item.start else { continue }
                position += 1
                try journal.upsert(db, transfer, runID: id, position: position)
            }
        }
    }
}
