// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import GRDB
public import MigrationModel

extension Plan {
    /// Adds a source's offer for a series to the plan, for the journal.
    public func add(_ upstream: Upstream) async throws(TranshipError) {
        try await write { db in
            try db.execute(
                cached: """
                    INSERT OR REPLACE INTO plan_upstream (lineage_id, place, body) VALUES (?, ?, ?)
                    """,
                arguments: [
                    upstream.lineageID, upstream.place ?? "", try Body.pack(upstream),
                ])
        }
    }
}

extension Journal {
    /// Returns the offer that the last run with this series found at its source; nil if the journal
    /// has none.
    ///
    /// - Parameter place: the place of one of several sources; see ``SourceImage/place``.
    public func upstream(
        ofLineage lineageID: String, at place: String? = nil
    ) async throws(TranshipError) -> Upstream? {
        try await read { db in
            if let found = try Self.upstream(db, Upstream.Key(lineageID, at: place)) {
                return found
            }
            guard let place else { return nil }
            return try Self.upstream(db, Upstream.Key(lineageID, at: nil))?.narrowed(to: place)
        }
    }

    private static func upstream(_ db: Database, _ key: Upstream.Key) throws -> Upstream? {
        try db.value(
            cached: "SELECT body FROM upstream WHERE lineage_id = ? AND place = ?",
            arguments: [key.lineageID, key.place ?? ""]
        ).map { (body: Data) in try Body.unpack(Upstream.self, body) }
    }

    /// Returns the offers that the last runs found at the sources of a series. If the series has
    /// several sources, leaves out the offer from the time when it had one, which is out of date.
    static func upstreams(_ db: Database, ofLineage lineageID: String) throws -> [Upstream] {
        let found: [Data] = try db.values(
            cached: """
                SELECT body FROM upstream
                WHERE lineage_id = ?1 AND (place <> '' OR NOT EXISTS (
                    SELECT 1 FROM upstream WHERE lineage_id = ?1 AND place <> ''))
                ORDER BY place
                """, arguments: [lineageID])
        return try found.map { try Body.unpack(Upstream.self, $0) }
    }

    /// Returns the products that plans ever found in an index; see ``Upstream/selector``.
    public func upstreams(ofSelector selector: String) async throws(TranshipError) -> [Upstream] {
        try await read { db in
            try db.values(
                cached: "SELECT body FROM upstream WHERE selector = ? ORDER BY lineage_id, place",
                arguments: [selector]
            ).map { (body: Data) in try Body.unpack(Upstream.self, body) }
        }
    }

    /// Returns the offers that the plan of a run found at its sources, sorted by series.
    public func upstreams(of run: Run) async throws(TranshipError) -> [Upstream] {
        let found: [Upstream] = try await read { db in
            try db.values(
                cached: "SELECT body FROM upstream WHERE run_id = ?", arguments: [run.id]
            ).map { (body: Data) in try Body.unpack(Upstream.self, body) }
        }
        return found.sorted { ($0.series, $0.place ?? "") < ($1.series, $1.place ?? "") }
    }

    /// Returns the versions of a series that were copied to any target, each once.
    ///
    /// - Parameter place: the place of one of several sources, to return only its versions; see
    ///   ``SourceImage/place``.
    public func copiedVersions(
        ofLineage lineageID: String, at place: String? = nil
    ) async throws(TranshipError) -> Set<String> {
        let found: [SourceImage] = try await read { db in
            try db.values(
                cached: """
                    SELECT DISTINCT i.body FROM \(TransferRows.joined)
                        JOIN lineage AS l ON l.id = t.lineage
                    WHERE l.lineage_id = ? AND w.state IN ('done', 'skipped', 'unpublished')
                    """, arguments: [lineageID]
            ).map { (body: Data) in try Body.unpack(SourceImage.self, body) }
        }
        return Set(
            found.filter { image in place.map { image.isAt($0) } ?? true }.compactMap(\.version))
    }

    /// True if the last copy of a version to one of these targets failed.
    ///
    /// - Parameter fingerprint: the ``SourceImage/fingerprint`` of the version.
    public func hasFailed(
        _ fingerprint: String, ofLineage lineageID: String, at targetKeys: Set<String>
    ) async throws(TranshipError) -> Bool {
        try await read { db in
            try db.rows(
                cached: """
                    SELECT t.target_key, i.body FROM \(TransferRows.joined)
                        JOIN lineage AS l ON l.id = t.lineage
                    WHERE l.lineage_id = ? AND w.run_id = t.run_id AND w.state = 'failed'
                    """, arguments: [lineageID]
            ) { row in
                let targetKey: String = try row["target_key"]
                let image = try Body.unpack(SourceImage.self, row["body"])
                return targetKeys.contains(targetKey) && image.fingerprint == fingerprint
            }.contains(true)
        }
    }

    /// Takes the offers that the plan found at the sources into the journal.
    static func takeUpstreams(_ planned: Database, into db: Database, _ runID: Int64) throws {
        let bodies: [Data] = try planned.values(
            cached: "SELECT body FROM plan_upstream ORDER BY lineage_id, place")
        for body in bodies {
            var upstream = try Body.unpack(Upstream.self, body)
            let before = try Self.upstream(db, upstream.key)
            upstream.sinceRunID =
                before?.isSameVersion(as: upstream) == true ? before?.sinceRunID : runID
            try db.execute(
                cached: """
                    INSERT OR REPLACE INTO upstream (lineage_id, place, selector, run_id, body)
                    VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [
                    upstream.lineageID, upstream.place ?? "", upstream.selector, runID,
                    try Body.pack(upstream),
                ])
        }
    }
}
