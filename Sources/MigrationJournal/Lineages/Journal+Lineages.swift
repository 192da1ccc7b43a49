// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import GRDB
public import MigrationModel

/// One version of an image at one target, as its last run left it.
public struct LineageVersion: Sendable, Hashable {
    public var versionID: String
    public var targetKey: String
    public var sourceKey: String
    /// The copy at the target; nil while it has no record.
    public var imageID: String?
    public var state: TransferState
    public var runID: Int64
    /// The time at which the journal last changed it, in milliseconds since 1970.
    public var updatedAt: Int64
}

extension Journal {
    /// Returns the transfers of a lineage whose copies were proved, at all targets, the newest
    /// first.
    ///
    /// - Parameter lineageID: the first word of the marker; see ``Origin``.
    public func provedTransfers(
        ofLineage lineageID: String
    ) async throws(TranshipError) -> [Transfer] {
        try await transfers(
            ofLineage: lineageID, where: "w.state IN ('done', 'skipped', 'unpublished')")
    }

    private func transfers(
        ofLineage lineageID: String, where condition: String
    ) async throws(TranshipError) -> [Transfer] {
        try await read { db in
            try TransferRows.transfers(
                db,
                where: """
                    t.lineage IN (SELECT id FROM lineage WHERE lineage_id = ?)
                    AND w.run_id = t.run_id AND \(condition)
                    ORDER BY w.run_id DESC, w.updated_at DESC, t.id DESC
                    """, [lineageID])
        }
    }

    /// Returns those lineages of which the journal has a version, at any target.
    ///
    /// - Parameter lineageIDs: as for ``provedTransfers(ofLineage:)``.
    public func knownLineages(
        among lineageIDs: Set<String>
    ) async throws(TranshipError) -> Set<String> {
        try await read { db in
            try lineageIDs.filter { lineageID in
                try db.value(
                    cached: "SELECT EXISTS (SELECT 1 FROM lineage WHERE lineage_id = ?)",
                    arguments: [lineageID]) ?? false
            }
        }
    }

    /// Returns the transfers of a lineage that have a record at their target, at all targets, the
    /// newest first.
    ///
    /// - Parameter lineageID: as for ``provedTransfers(ofLineage:)``.
    public func transfersWithRecord(
        ofLineage lineageID: String
    ) async throws(TranshipError) -> [Transfer] {
        try await transfers(ofLineage: lineageID, where: "w.image_id IS NOT NULL")
    }

    /// Returns another version of the same series at the same target whose copy has the same data,
    /// by a computed or reported digest; nil if there is none, or if another run made the given
    /// copy.
    public func sameData(
        as transfer: Transfer, madeIn run: Run
    ) async throws(TranshipError) -> Transfer? {
        let isNew = try await versions(ofLineage: transfer.origin.lineageID).contains { version in
            version.versionID == transfer.origin.versionID
                && version.targetKey == transfer.targetKey && version.runID == run.id
        }
        guard isNew else { return nil }
        func digests(_ proof: Proof) -> Set<Checksum> {
            Set((proof.computed + proof.reported).filter { $0.algorithm != .md5 })
        }
        let own = digests(transfer.proof)
        return try await provedTransfers(ofLineage: transfer.origin.lineageID).first { other in
            other.targetKey == transfer.targetKey && other.origin != transfer.origin
                && !own.isDisjoint(with: digests(other.proof))
        }
    }

    /// Returns the images with these names at their source that runs copied. If several images have
    /// a name, the one that was copied last.
    public func copiedImages(
        named names: Set<String>
    ) async throws(TranshipError) -> [String: CopiedImage] {
        try await read { db in
            var found: [String: CopiedImage] = [:]
            for name in names {
                // CROSS JOIN keeps the order of the tables, so that the index of names is used.
                let row = try db.row(
                    cached: """
                        SELECT i.body, w.run_id FROM image AS i
                        CROSS JOIN work AS w ON w.image = i.id
                        CROSS JOIN transfer AS t ON t.id = w.transfer_id AND t.run_id = w.run_id
                        WHERE i.name = ? AND NOT i.is_of_series AND w.state IN ('done', 'unpublished')
                        ORDER BY w.run_id DESC, t.id LIMIT 1
                        """, arguments: [name])
                guard let row,
                    let id = try Body.unpack(SourceImage.self, row["body"]).imageID
                else { continue }
                found[name] = CopiedImage(imageID: id, runID: try row["run_id"])
            }
            return found
        }
    }

    /// True if a run made the image as the copy with this marker, or adopted it as that copy.
    public func isCopy(
        _ imageID: String, _ origin: Origin, at targetKey: String
    ) async throws(TranshipError) -> Bool {
        try await read { db in
            try db.value(
                cached: """
                    SELECT EXISTS (
                        SELECT 1 FROM transfer AS t
                            JOIN work AS w ON w.transfer_id = t.id AND w.run_id = t.run_id
                        WHERE t.target_key = ? AND t.version_id = ? AND w.image_id = ?)
                    """, arguments: [targetKey, origin.versionID, imageID]) ?? false
        }
    }

    /// Returns the versions of a lineage at all targets, the newest first.
    ///
    /// - Parameter lineageID: the first word of the marker; see ``Origin``.
    public func versions(
        ofLineage lineageID: String
    ) async throws(TranshipError) -> [LineageVersion] {
        try await read { db in
            try db.rows(
                cached: """
                    SELECT t.version_id, t.target_key, i.source_key, w.image_id, w.state, w.run_id,
                        w.updated_at
                    FROM \(TransferRows.joined) JOIN lineage AS l ON l.id = t.lineage
                    WHERE l.lineage_id = ? AND w.run_id = t.run_id
                    ORDER BY w.run_id DESC, w.updated_at DESC, t.id DESC
                    """, arguments: [lineageID]
            ).compactMap { row in
                try TransferState(rawValue: row["state"]).map { state in
                    try LineageVersion(
                        versionID: row["version_id"], targetKey: row["target_key"],
                        sourceKey: row["source_key"], imageID: row["image_id"], state: state,
                        runID: row["run_id"], updatedAt: row["updated_at"])
                }
            }
        }
    }
}
