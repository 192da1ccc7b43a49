// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import GRDB
public import MigrationModel

/// An image of a target with the marker of a lineage, and the journal's data about it.
public struct SeriesCopy: Sendable {
    public var image: TargetImage
    /// The transfer of its version to this target; nil if the journal does not have one.
    public var transfer: Transfer?
    /// The time at which it last became the current version, in milliseconds since 1970: its copy
    /// was done, it was shown again, or its source offered it again.
    public var currentSince: Int64?
    /// The run in which it last became the current version. Versions are ordered by run, since the
    /// clock may have been wrong one night.
    public var currentSinceRun: Int64?
    /// The time at which a run first hid, renamed or deactivated it after that, in milliseconds
    /// since 1970.
    public var retiredAt: Int64?
    /// The run that first hid, renamed or deactivated it after that.
    public var retiredRun: Int64?
    /// The changes of earlier runs to it, the newest first.
    public var changes: [Change.Action]
    /// True if a run ever proved and published it, or found it in that state.
    public var wasDone = true
    /// True if a run died before it gave the image the name of the series, and no later run has
    /// decided what to do about this.
    public var isUnnamed = false

    public init(
        _ image: TargetImage, transfer: Transfer? = nil, currentSince: Int64? = nil,
        changes: [Change.Action] = []
    ) {
        self.image = image
        self.transfer = transfer
        self.currentSince = currentSince
        self.changes = changes
    }
}

extension Plan {
    /// Returns the images with the marker of a lineage that a target lists. Leaves out an image
    /// with the marker of a version that the journal has under another id: a snapshot of a server
    /// copies the marker, and often the name.
    public func copies(
        ofLineage lineageID: String, at targetKey: String, in journal: Journal
    ) async throws(TranshipError) -> [SeriesCopy] {
        let images = try await read { db in
            try db.values(
                cached: """
                    SELECT body FROM target_image WHERE target_key = ? AND lineage_id = ?
                    """, arguments: [targetKey, lineageID]
            ).map { (body: Data) in try Body.unpack(TargetImage.self, body) }
        }
        return try await journal.read { db in
            let upstreams = try Journal.upstreams(db, ofLineage: lineageID)
            return try images.compactMap { image in
                let version = image.origin?.versionID ?? ""
                let transfer = try Journal.transfer(db, targetKey, version)
                if let id = transfer?.imageID, id != image.id { return nil }
                let done = try db.row(
                    cached: """
                        SELECT w.updated_at AS at, w.run_id FROM \(TransferRows.joined)
                        WHERE t.id = ? AND w.run_id = t.run_id AND w.image_id = ?
                        """, arguments: [transfer?.id, image.id]
                ).map(Journal.moment)
                let offered = upstreams.first { upstream in
                    guard let source = transfer?.source else { return false }
                    return source.fingerprint == upstream.fingerprint
                        && upstream.place.map { source.isAt($0) } ?? true
                }
                let shown = try Journal.shown(db, image.id, at: targetKey)
                let began = offered.flatMap { upstream in
                    upstream.sinceRunID.map { (at: upstream.since, runID: $0) }
                }
                let last = [done, shown, began].compactMap(\.self).max {
                    ($0.runID, $0.at) < ($1.runID, $1.at)
                }
                var copy = SeriesCopy(
                    image, transfer: transfer, currentSince: last?.at,
                    changes: try Journal.changes(db, of: image.id, at: targetKey))
                copy.currentSinceRun = last?.runID
                copy.wasDone = try Journal.wasDone(db, transfer, image.id)
                copy.isUnnamed = try Journal.isUnnamed(db, transfer, image.id)
                let retired = try Journal.retirements(db, image.id, at: targetKey).last
                (copy.retiredAt, copy.retiredRun) = (retired?.at, retired?.runID)
                return copy
            }
        }
    }

    public func add(_ changes: [Change]) async throws(TranshipError) {
        try await write { db in
            for change in changes {
                try db.execute(
                    cached: "INSERT INTO plan_change (body) VALUES (?)",
                    arguments: [try Body.pack(change)])
            }
        }
    }

    /// Returns the planned changes of earlier versions, in order.
    public func changes() async throws(TranshipError) -> [Change] {
        try await read { db in try Self.changes(db) }
    }

    static func changes(_ db: Database) throws -> [Change] {
        try db.values(cached: "SELECT body FROM plan_change ORDER BY position")
            .map { (body: Data) in try Body.unpack(Change.self, body) }
    }
}

extension Journal {
    /// True if a run ever proved and published the image of a transfer, or found it in that state.
    /// A later run may have begun to update the image since, and the journal may have forgotten the
    /// first run.
    static func wasDone(_ db: Database, _ transfer: Transfer?, _ imageID: String) throws -> Bool {
        guard let transfer else { return false }
        if transfer.record.updatedFrom?.wasPublished == true { return true }
        return try db.value(
            cached: """
                SELECT EXISTS (SELECT 1 FROM work AS w WHERE w.transfer_id = ? AND w.image_id = ?
                    AND w.state IN ('done', 'skipped'))
                """, arguments: [transfer.id, imageID]) ?? false
    }

    /// True if a run died before it gave an image the name of the series. False if a run left the
    /// image without that name because an operator kept the name elsewhere: the version had its
    /// turn. A change that a plan left has the id that the copy was planned to get, so it is found
    /// by its version.
    static func isUnnamed(
        _ db: Database, _ transfer: Transfer?, _ imageID: String
    ) throws -> Bool {
        // Without a later name, the copy was made under its final name.
        guard let transfer, transfer.record.currentName != nil else { return false }
        let states: [String] = try db.values(
            cached: """
                SELECT state FROM change
                WHERE target_key = ?1 AND action = 'promote'
                    AND (image_id = ?2 OR (version_id = ?3 AND state = 'left'))
                """, arguments: [transfer.targetKey, imageID, transfer.origin.versionID])
        return states.allSatisfy { $0 == Change.State.planned.rawValue }
    }

    /// Makes changes part of a run, in the transaction that takes the plan over.
    static func take(_ changes: [Change], into db: Database, _ runID: Int64) throws {
        for change in changes {
            try db.execute(
                cached: "INSERT OR IGNORE INTO lineage (lineage_id) VALUES (?)",
                arguments: [change.lineageID])
            try db.execute(
                cached: """
                    INSERT INTO change (run_id, lineage, target_key, version_id, image_id, action,
                        state, updated_at, body)
                    VALUES (?, (SELECT id FROM lineage WHERE lineage_id = ?), ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    runID, change.lineageID, change.targetKey, change.versionID, change.image.id,
                    change.action.rawValue, change.state.rawValue, Timestamp.now(),
                    try Body.pack(change),
                ])
        }
    }

    /// Returns the changes of a run in some states, in the plan's order.
    public func changes(
        of run: Run, in states: [Change.State] = Change.State.allCases
    ) async throws(TranshipError) -> [Change] {
        try await read { db in
            try db.rows(
                cached: """
                    SELECT id, body FROM change WHERE run_id = ? AND state IN (\(Self.list(states)))
                    ORDER BY id
                    """, arguments: [run.id]
            ).map(Self.change)
        }
    }

    /// Returns the changes of a run at a target whose series are ready, in all states and in the
    /// plan's order. A series is ready if it has a planned change at the target, no transfer of the
    /// series to the target is unfinished, and no unfinished transfer of the run reads an image
    /// that is going to change.
    public func readyChanges(
        of run: Run, at targetKey: String
    ) async throws(TranshipError) -> [Change] {
        let finals = Self.list(TransferState.allCases.filter(\.isFinal))
        let key = SourceImage.cloudKey("")
        return try await read { db in
            // CROSS JOIN keeps the order of the tables, as in `due`.
            try db.rows(
                cached: """
                    SELECT id, body FROM change
                    WHERE run_id = ?1 AND target_key = ?2 AND lineage IN (
                        SELECT lineage FROM change AS c
                        WHERE run_id = ?1 AND state = 'planned' AND target_key = ?2
                            AND NOT EXISTS (
                                SELECT 1 FROM transfer AS t
                                CROSS JOIN work AS w ON w.transfer_id = t.id AND w.run_id = ?1
                                WHERE t.lineage = c.lineage AND t.target_key = ?2
                                    AND t.run_id = ?1 AND w.state NOT IN (\(finals))))
                    AND lineage NOT IN (
                        SELECT c.lineage FROM change AS c
                        CROSS JOIN image AS i ON i.source_key = ?3 || c.image_id
                        CROSS JOIN work AS w ON w.image = i.id AND w.run_id = ?1
                        WHERE c.run_id = ?1 AND c.state = 'planned' AND c.target_key = ?2
                            AND w.state NOT IN (\(finals)))
                    ORDER BY id
                    """, arguments: [run.id, targetKey, key]
            ).map(Self.change)
        }
    }

    private static func change(_ row: CheckedRow) throws -> Change {
        var change = try Body.unpack(Change.self, row["body"])
        change.id = try row["id"]
        return change
    }

    /// True if a run ever changed an earlier version at that target.
    public func hasChanges(at targetKey: String) async throws(TranshipError) -> Bool {
        try await read { db in
            try db.value(
                cached: "SELECT EXISTS (SELECT 1 FROM change WHERE target_key = ?)",
                arguments: [targetKey]) ?? false
        }
    }

    /// Records the outcome of a change.
    public func commit(_ change: Change) async throws(TranshipError) {
        try await write { db in
            try db.execute(
                cached: """
                    UPDATE change SET state = ?, image_id = ?, updated_at = ?, body = ?
                    WHERE id = ?
                    """,
                arguments: [
                    change.state.rawValue, change.image.id, Timestamp.now(),
                    try Body.pack(change), change.id,
                ])
        }
    }

    /// Returns the time at which an image was last made the current version again, in milliseconds
    /// since 1970, and the run that did this.
    fileprivate static func shown(
        _ db: Database, _ imageID: String, at targetKey: String
    ) throws -> (at: Int64, runID: Int64)? {
        try db.row(
            cached: """
                SELECT updated_at AS at, run_id FROM change
                WHERE target_key = ? AND image_id = ? AND state = 'done'
                    AND action IN (\(Self.showing))
                ORDER BY id DESC LIMIT 1
                """, arguments: [targetKey, imageID]
        ).map(moment)
    }

    fileprivate static func moment(_ row: CheckedRow) throws -> (at: Int64, runID: Int64) {
        try (row["at"], row["run_id"])
    }

    /// The actions that make a version the current one, for SQL.
    static var showing: String {
        Change.Action.allCases.filter(\.shows).map { "'\($0.rawValue)'" }.joined(separator: ", ")
    }

    /// Returns the changes by runs to an image since it was last shown, the newest first.
    public func retirements(
        ofImage imageID: String, at targetKey: String
    ) async throws(TranshipError) -> [(action: Change.Action, at: Int64, runID: Int64)] {
        try await read { db in try Self.retirements(db, imageID, at: targetKey) }
    }

    fileprivate static func retirements(
        _ db: Database, _ imageID: String, at targetKey: String
    ) throws -> [(action: Change.Action, at: Int64, runID: Int64)] {
        let found = try db.rows(
            cached: """
                SELECT action, updated_at AS at, run_id FROM change
                WHERE target_key = ? AND image_id = ? AND state = 'done' ORDER BY id DESC
                """, arguments: [targetKey, imageID]
        ).map { row in (try Change.Action(rawValue: row["action"]), try moment(row)) }
        return found.prefix { $0.0?.shows == false }.compactMap { action, moment in
            action.map { ($0, moment.at, moment.runID) }
        }
    }

    /// Returns the finished changes, the newest first. Also returns planned changes that show
    /// nothing: a run may have made them and died before it recorded this.
    static func changes(
        _ db: Database, of imageID: String, at targetKey: String
    ) throws -> [Change.Action] {
        try db.values(
            cached: """
                SELECT action FROM change WHERE target_key = ? AND image_id = ?
                    AND (state = 'done' OR (state = 'planned' AND action NOT IN (\(showing))))
                ORDER BY id DESC
                """, arguments: [targetKey, imageID]
        ).compactMap { (word: String) in Change.Action(rawValue: word) }
    }
}
