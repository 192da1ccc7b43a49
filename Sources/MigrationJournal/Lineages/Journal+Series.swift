// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import GRDB
public import MigrationModel

/// A version that an operator rolled back from at one target. Runs do not go forward to it until
/// the source has a version that was not known at that time.
public struct HeldVersion: Sendable, Hashable {
    public var lineageID: String
    public var targetKey: String
    public var versionID: String
    /// The version that the rollback made current.
    public var currentVersionID: String
    /// The ``SourceImage/place`` of both versions, if the series has several sources: versions of
    /// other places do not end the hold. Nil if any version of the series ends it.
    public var place: String?

    public init(
        lineageID: String, targetKey: String, versionID: String, currentVersionID: String,
        place: String? = nil
    ) {
        self.lineageID = lineageID
        self.targetKey = targetKey
        self.versionID = versionID
        self.currentVersionID = currentVersionID
        self.place = place
    }
}

/// One version of a series at one target, as the journal knows it.
public struct SeriesVersion: Sendable {
    public var lineageID: String
    public var transfer: Transfer
    /// The time at which the journal last changed the transfer, in milliseconds since 1970.
    public var updatedAt: Int64
    /// The last run that worked on the transfer.
    public var runID: Int64
    /// The last change of the copy apart from the transfer, its time and its run; nil if there is
    /// none.
    public var lastChange: (action: Change.Action, at: Int64, runID: Int64)?
    /// The time at which a run first did not find the copy at its target, in milliseconds since
    /// 1970; nil if the copy is there.
    public var goneAt: Int64?
    /// True if runs do not go forward to this version.
    public var isHeld: Bool
    /// True if a rollback made this version current.
    public var isRolledBackTo: Bool
    /// False if no run finished the version, or if it never got the name of the series.
    public var becameCurrent = true
    /// True if its source offers another version now, as far as the journal has seen.
    public var isLeft = false
    /// The place where its source has its versions, if the series has several sources; see
    /// ``SourceImage/place``. Nil if the series has one source.
    public var place: String?
}

extension Journal {
    /// Returns the versions that rollbacks hold now.
    public func heldVersions() async throws(TranshipError) -> [HeldVersion] {
        try await read { db in try Self.heldVersions(db) }
    }

    private static func heldVersions(_ db: Database) throws -> [HeldVersion] {
        try db.rows(
            cached: """
                SELECT l.lineage_id, h.target_key, h.version_id, h.current_version_id, h.place,
                    (SELECT json_group_array(t.version_id) FROM transfer AS t
                        WHERE t.lineage = h.lineage AND t.target_key = h.target_key
                            AND t.id > h.last_transfer) AS newer
                FROM held_version AS h JOIN lineage AS l ON l.id = h.lineage
                ORDER BY h.lineage, h.target_key, h.version_id
                """
        ).compactMap { row in
            let held = try HeldVersion(
                lineageID: row["lineage_id"], targetKey: row["target_key"],
                versionID: row["version_id"], currentVersionID: row["current_version_id"],
                place: row["place"])
            let newer: String = try row["newer"]
            let versions = try JSONDecoder().decode([String].self, from: Data(newer.utf8))
            let hasEnded = try versions.contains { version in
                let newer = try transfer(db, held.targetKey, version)
                // The newer version has the same data as a version that was known at the time of
                // the rollback.
                if newer?.sameData != nil { return false }
                guard let place = held.place else { return true }
                return newer?.source.isAt(place) == true
            }
            return hasEnded ? nil : held
        }
    }

    /// Takes changes into a run, marks the run as planned, and replaces the held versions of these
    /// series at these targets, all in one transaction.
    ///
    /// - Parameters:
    ///   - series: the series and targets that a rollback concerns. Those without an entry in
    ///     `held` go on as before.
    ///   - place: the place that the rollback concerns, if the series has several sources; nil is
    ///     all.
    ///   - runPlaces: the places that the clouds of the pipeline lead to.
    public func takeOver(
        _ changes: [Change], run: Run, holding held: [HeldVersion] = [],
        series: [(lineageID: String, targetKey: String)] = [], place: String? = nil,
        runPlaces: [RunPlace] = []
    ) async throws(TranshipError) {
        try await write { db in
            try Self.write(runPlaces, db, runID: run.id)
            try Self.take(changes, into: db, run.id)
            try Self.release(db, series, place: place)
            for version in held {
                try db.execute(
                    cached: """
                        INSERT INTO held_version (lineage, target_key, version_id,
                            current_version_id, last_transfer, held_at, place)
                        SELECT l.id, ?1, ?2, ?3, coalesce((SELECT max(id) FROM transfer
                            WHERE lineage = l.id AND target_key = ?1), 0), ?4, ?6
                        FROM lineage AS l WHERE l.lineage_id = ?5
                        """,
                    arguments: [
                        version.targetKey, version.versionID, version.currentVersionID,
                        Timestamp.now(), version.lineageID, version.place,
                    ])
            }
            try db.execute(
                cached: "UPDATE run SET planned_at = ? WHERE id = ?",
                arguments: [Timestamp.now(), run.id])
        }
    }

    /// Ends the holds of rollbacks on these series at these targets.
    ///
    /// - Parameter place: as for ``takeOver(_:run:holding:series:place:runPlaces:)``.
    public func release(
        _ series: [(lineageID: String, targetKey: String)], place: String?
    ) async throws(TranshipError) {
        guard !series.isEmpty else { return }
        try await write { db in try Self.release(db, series, place: place) }
    }

    private static func release(
        _ db: Database, _ series: [(lineageID: String, targetKey: String)], place: String?
    ) throws {
        for (lineageID, targetKey) in series {
            try db.execute(
                cached: """
                    DELETE FROM held_version WHERE target_key = ?1
                        AND lineage = (SELECT id FROM lineage WHERE lineage_id = ?2)
                        AND (?3 IS NULL OR place IS ?3)
                    """, arguments: [targetKey, lineageID, place])
        }
    }

    /// Returns the lineages of all images that do not come from clouds, in the order of their first
    /// transfer.
    public func seriesIDs() async throws(TranshipError) -> [String] {
        try await read { db in
            try db.values(
                cached: """
                    SELECT l.lineage_id FROM lineage AS l
                    WHERE EXISTS (
                        SELECT 1 FROM \(TransferRows.joined)
                        WHERE t.lineage = l.id AND i.is_of_series)
                    ORDER BY l.id
                    """)
        }
    }

    /// Returns the versions of a series at all targets, the newest first, in the order of the runs
    /// that made them, since the clock may have been wrong one night.
    public func seriesVersions(
        ofLineage lineageID: String
    ) async throws(TranshipError) -> [SeriesVersion] {
        try await read { db in
            let held = try Self.heldVersions(db).filter { $0.lineageID == lineageID }
            let upstreams = try Self.upstreams(db, ofLineage: lineageID)
            var versions: [SeriesVersion] = try db.rows(
                cached: """
                    SELECT t.target_key, t.version_id, w.updated_at, w.run_id, w.image_id
                    FROM \(TransferRows.joined) JOIN lineage AS l ON l.id = t.lineage
                    WHERE l.lineage_id = ? AND w.run_id = t.run_id
                    ORDER BY w.run_id DESC, w.updated_at DESC, t.id DESC
                    """, arguments: [lineageID]
            ).compactMap { row in
                let (target, version): (String, String) = try (
                    row["target_key"], row["version_id"]
                )
                guard let transfer = try Self.transfer(db, target, version),
                    transfer.sameData == nil
                else { return nil }
                let imageID: String? = try row["image_id"]
                var found = SeriesVersion(
                    lineageID: lineageID, transfer: transfer, updatedAt: try row["updated_at"],
                    runID: try row["run_id"],
                    lastChange: try Self.lastChange(db, imageID, target),
                    goneAt: try Self.goneAt(db, imageID, target),
                    isHeld: held.contains {
                        $0.targetKey == target && $0.versionID == version
                    },
                    isRolledBackTo: held.contains {
                        $0.targetKey == target && $0.currentVersionID == version
                    })
                found.place = Self.place(of: transfer.source, upstreams)
                found.isLeft = Self.isLeft(transfer.source, upstreams)
                found.becameCurrent = try Self.becameCurrent(db, transfer, imageID)
                return found
            }
            Self.noteLeft(&versions)
            return versions
        }
    }

    /// Returns the place of a version; nil if the series has one source, wherever that source was
    /// before.
    private static func place(of source: SourceImage, _ upstreams: [Upstream]) -> String? {
        let places = upstreams.compactMap(\.place)
        guard !places.isEmpty else { return nil }
        return places.first { source.isAt($0) } ?? source.place
    }

    /// True if the last run that read its source found another version there.
    private static func isLeft(_ source: SourceImage, _ upstreams: [Upstream]) -> Bool {
        upstreams.contains { upstream in
            upstream.place.map { source.isAt($0) } ?? true
                && upstream.fingerprint != source.fingerprint
        }
    }

    /// Marks the versions that the source no longer offers: those before the version of a later
    /// run.
    private static func noteLeft(_ versions: inout [SeriesVersion]) {
        let all = versions
        for index in versions.indices {
            let version = versions[index]
            let hasNewer = all.contains { other in
                other.transfer.targetKey == version.transfer.targetKey
                    && other.place == version.place && other.runID > version.runID
            }
            if hasNewer { versions[index].isLeft = true }
        }
    }

    private static func becameCurrent(
        _ db: Database, _ transfer: Transfer, _ imageID: String?
    ) throws -> Bool {
        guard let imageID else { return false }
        let done = try changes(db, of: imageID, at: transfer.targetKey)
        if done.contains(where: \.shows) { return true }
        let hadName =
            try done.contains(.rename) || !isUnnamed(db, transfer, imageID)
        return try hadName && wasDone(db, transfer, imageID)
    }

    private static func lastChange(
        _ db: Database, _ imageID: String?, _ targetKey: String
    ) throws -> (action: Change.Action, at: Int64, runID: Int64)? {
        let row = try db.row(
            cached: """
                SELECT action, updated_at, run_id FROM change
                WHERE target_key = ? AND image_id = ? AND state = 'done' ORDER BY id DESC LIMIT 1
                """, arguments: [targetKey, imageID])
        guard let row, let action = Change.Action(rawValue: try row["action"]) else { return nil }
        return try (action, row["updated_at"], row["run_id"])
    }
}
