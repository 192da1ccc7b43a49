// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import GRDB
public import MigrationModel

/// An image of a target that carries our marker, and what the journal and the
/// plan know of the version that the marker names.
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

extension Plan {
    /// A page of the marked images of the plan's listings.
    ///
    /// - Parameter last: the last one of the page before; nil for the first page.
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
                let item: Data? = row["item_body"]
                return (
                    image: try Body.unpack(TargetImage.self, row["body"]),
                    versionID: row["version_id"] as String,
                    item: try item.map { try Body.unpack(PlanItem.self, $0) }
                )
            }
        }
        return try await journal.read { db in
            let interrupted: Int64? = try db.value(
                cached: """
                    SELECT id FROM run WHERE id = (SELECT max(id) FROM run)
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
